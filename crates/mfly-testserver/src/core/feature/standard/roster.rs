//! The contact lists of standard accounts (RFC 6121 §2).

use super::roster_push::{item, push, push_item, version};
use super::subscription;
use crate::core::call::{Call, Reply, refusal};
use crate::core::world::roster::RosterError;
use mfly_proto::jid::BareJid;
use mfly_proto::payload::standard::roster::{GetRoster, Roster, SetRosterItem, Subscription};
use mfly_proto::stanza::{ErrorCondition, StanzaError};
use std::collections::BTreeSet;

/// Answers with the list, or with nothing when the client has this version (RFC 6121 §2.6).
pub(crate) fn get(call: &mut Call<'_>) -> Result<Reply, StanzaError> {
    let asked: GetRoster = call.read()?;
    let session = call.world.session_mut(call.stream);
    if let Some(standard) = session.and_then(|session| session.standard.as_mut()) {
        standard.follows_roster = true;
    }
    let account =
        call.world.standard(&call.user).ok_or_else(|| refusal(ErrorCondition::ItemNotFound))?;
    let version = version(account.roster.version());
    let list = (asked.version.as_ref() != Some(&version)).then(|| Roster {
        version: Some(version),
        items: account.roster.listed().map(item).collect(),
    });
    Ok(Reply::of::<GetRoster>(list))
}

/// Adds, changes or removes one contact.
pub(crate) fn set(call: &mut Call<'_>) -> Result<Reply, StanzaError> {
    let SetRosterItem { item } = call.read()?;
    // A contact is listed by its bare address (RFC 6121 §2.1.2.3).
    let Some(jid) = Some(&item.jid).filter(|jid| jid.resource().is_none()) else {
        return Err(refusal(ErrorCondition::BadRequest));
    };
    let jid = jid.bare();
    if *jid == call.world.jid_of(&call.user) {
        return Err(refusal(ErrorCondition::NotAllowed));
    }
    if item.subscription == Subscription::Remove {
        return remove(call, &jid);
    }
    let count = item.groups.len();
    let groups: BTreeSet<_> = item.groups.into_iter().collect();
    if groups.len() < count {
        return Err(refusal(ErrorCondition::BadRequest));
    }
    if let Some(account) = call.world.standard_mut(&call.user) {
        let stored = account.roster.store(&jid, item.name, groups);
        stored.map_err(|error| {
            refusal(match error {
                RosterError::NotAcceptable => ErrorCondition::NotAcceptable,
                RosterError::Full => ErrorCondition::ResourceConstraint,
            })
        })?;
    }
    push(call.world, &call.user, &jid);
    Ok(Reply::EMPTY)
}

fn remove(call: &mut Call<'_>, jid: &BareJid) -> Result<Reply, StanzaError> {
    let account = call.world.standard_mut(&call.user);
    let removed = account.and_then(|account| account.roster.remove(jid));
    let removed = removed.ok_or_else(|| refusal(ErrorCondition::ItemNotFound))?;
    push_item(call.world, &call.user, SetRosterItem::remove(jid.clone()).item);
    subscription::end(call.world, &call.user, jid, &removed);
    Ok(Reply::EMPTY)
}
