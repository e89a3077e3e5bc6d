//! The notice of a deleted account, sent to its contacts and its own sessions.

use crate::core::world::World;
use mfly_proto::jid::{UserId, UserReference};
use mfly_proto::payload::user_deleted::UserDeleted;

/// Tells the contacts, and the sessions of the account itself before they end (the latter is
/// inferred).
pub(crate) fn announce(world: &mut World, user: &UserId) {
    let notice = UserDeleted { user: UserReference::Jid(world.jid_of(user).bare()) };
    let mut concerned = world.contacts_of(user);
    concerned.push(user.clone());
    for other in concerned {
        world.notify_from_host(&other, |w| notice.write(w));
    }
}
