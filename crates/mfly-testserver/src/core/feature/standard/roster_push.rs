//! Roster pushes (RFC 6121 §2.1.6).

use crate::core::world::World;
use crate::core::world::roster::Contact;
use mfly_proto::jid::{BareJid, UserId};
use mfly_proto::payload::standard::roster::{RosterItem, RosterPush};

/// Sends a contact's present state to the sessions that asked for the list (RFC 6121 §2.1.6).
/// A contact who only waits for an answer is not on the list.
pub(super) fn push(world: &mut World, user: &UserId, jid: &BareJid) {
    let account = world.standard(user);
    let contact = account.and_then(|account| account.roster.contact(jid));
    if let Some(contact) = contact.filter(|contact| contact.is_listed) {
        let item = item((jid, contact));
        push_item(world, user, item);
    }
}

/// Sends a contact to the account's sessions that asked for the list.
pub(super) fn push_item(world: &mut World, user: &UserId, item: RosterItem) {
    let account = world.standard(user);
    let push =
        RosterPush { version: account.map(|account| version(account.roster.version())), item };
    world.push(user, |session| session.follows_roster, |w| push.write(w));
}

/// The version of a list, as clients see it (RFC 6121 §2.6).
pub(super) fn version(count: u64) -> String {
    format!("v{count}")
}

/// A contact as lists have it.
pub(super) fn item((jid, contact): (&BareJid, &Contact)) -> RosterItem {
    RosterItem {
        name: contact.name.clone(),
        subscription: contact.subscription(),
        is_asking: contact.asks,
        groups: contact.groups.iter().cloned().collect(),
        ..RosterItem::new(jid.clone())
    }
}
