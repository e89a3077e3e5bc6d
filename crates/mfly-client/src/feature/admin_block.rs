//! An administrator blocks or unblocks a user or a group: a notice, nothing to do.
//!
//! Wire form: [`mfly_proto::payload::admin_block`]. Official name: `adminBlockListener`.

use crate::event::Event;
use crate::session::Context;
use mfly_proto::payload::admin_block::AdminBlock;

pub(crate) fn pushed(notice: AdminBlock, context: &Context) -> Option<Event> {
    let target = super::block::address(&notice.target, context)?;
    Some(Event::AdminBlock {
        own: target == context.account,
        target,
        blocked: notice.blocked,
        chat_type: notice.chat_type,
    })
}
