//! An account is deleted: a notice, nothing to do. To delete the own one:
//! [`super::delete_account`].
//!
//! Wire form: [`mfly_proto::payload::user_deleted`]. Official name: `userDeletedListener`.

use crate::event::Event;
use crate::session::Context;
use mfly_proto::payload::user_deleted::UserDeleted;

pub(crate) fn pushed(notice: &UserDeleted, context: &Context) -> Option<Event> {
    let user = super::block::address(&notice.user, context)?;
    Some(Event::UserDeleted { user })
}
