//! The notice of an administrator's block, sent to the account and its contacts.

use crate::core::world::World;
use mfly_proto::jid::{UserId, UserReference};
use mfly_proto::payload::admin_block::AdminBlock;

/// Tells the account itself and its contacts.
pub(crate) fn announce(world: &mut World, user: &UserId, blocked: bool) {
    let notice = AdminBlock {
        target: UserReference::Jid(world.jid_of(user).bare()),
        blocked,
        chat_type: "chat".to_owned(),
    };
    let mut concerned = world.contacts_of(user);
    concerned.push(user.clone());
    for other in concerned {
        world.notify_from_host(&other, |w| notice.write(w));
    }
}
