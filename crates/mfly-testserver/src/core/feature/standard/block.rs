//! Blocking for standard accounts (XEP-0191): any address can be blocked, and only
//! the own sessions that asked for the list are told.

use super::visibility;
use crate::core::call::{Call, Reply, refusal};
use crate::core::world::World;
use mfly_proto::jid::{Jid, UserId};
use mfly_proto::payload::standard::block::{
    BlockAddresses, BlockListPush, GetBlockList, UnblockAddresses,
};
use mfly_proto::stanza::{ErrorCondition, StanzaError};

/// Most bytes of a list as it is written: 10,000 addresses of 90 bytes. It fits into an answer.
const MAX_LIST_BYTES: usize = 1024 * 1024;

/// Bytes of an entry around its address: `<item jid=""/>`.
const ENTRY_BYTES: usize = 14;

/// Returns the block list, and subscribes the session to its changes.
pub(crate) fn list(call: &mut Call<'_>) -> Result<Reply, StanzaError> {
    let session = call.world.session_mut(call.stream);
    if let Some(standard) = session.and_then(|session| session.standard.as_mut()) {
        standard.follows_blocks = true;
    }
    let account = call.world.standard(&call.user);
    let blocked = account.iter().flat_map(|account| &account.blocked);
    Ok(Reply::of::<GetBlockList>(blocked.cloned().collect()))
}

/// Blocks the addresses of the request.
pub(crate) fn block(call: &mut Call<'_>) -> Result<Reply, StanzaError> {
    let BlockAddresses { addresses } = call.read()?;
    let (user, world) = (&call.user, &mut *call.world);
    if addresses.iter().any(|jid| is_own(world, user, jid)) {
        return Err(refusal(ErrorCondition::NotAllowed));
    }
    let seen = visibility::seen(world, user);
    if let Some(account) = world.standard_mut(user) {
        let added = addresses.iter().filter(|jid| !account.blocked.contains(jid));
        if written(account.blocked.iter().chain(added)) > MAX_LIST_BYTES {
            return Err(refusal(ErrorCondition::ResourceConstraint));
        }
        account.blocked.extend(addresses.iter().cloned());
    }
    let still_seen = visibility::seen(world, user);
    push(world, user, &BlockListPush::Blocked(addresses.into()));
    visibility::hide(world, seen.difference(&still_seen).copied());
    Ok(Reply::EMPTY)
}

/// Unblocks addresses, or all of them when it names none.
pub(crate) fn unblock(call: &mut Call<'_>) -> Result<Reply, StanzaError> {
    let UnblockAddresses { addresses } = call.read()?;
    let (user, world) = (&call.user, &mut *call.world);
    let (seen, sees) = (visibility::seen(world, user), visibility::sees(world, user));
    if let Some(account) = world.standard_mut(user) {
        if addresses.is_empty() {
            account.blocked.clear();
        }
        for jid in &addresses {
            account.blocked.remove(jid);
        }
    }
    let (now_seen, now_sees) = (visibility::seen(world, user), visibility::sees(world, user));
    push(world, user, &BlockListPush::Unblocked(addresses.into()));
    visibility::show(world, now_seen.difference(&seen).copied());
    visibility::show(world, now_sees.difference(&sees).copied());
    Ok(Reply::EMPTY)
}

/// Bytes of a list as it is written; a character that is escaped takes up to six.
fn written<'a>(jids: impl Iterator<Item = &'a Jid>) -> usize {
    let byte = |byte: u8| if b"&<>'\"".contains(&byte) { 6 } else { 1 };
    let entry = |jid: &Jid| ENTRY_BYTES + jid.as_str().bytes().map(byte).sum::<usize>();
    jids.map(entry).sum()
}

/// Tells the own sessions that asked for the list (XEP-0191 §3.3).
fn push(world: &mut World, user: &UserId, push: &BlockListPush) {
    world.push(user, |session| session.follows_blocks, |w| push.write(w));
}

/// Whether an address is the own account or the server: a block of these could not be undone.
fn is_own(world: &World, user: &UserId, jid: &Jid) -> bool {
    jid == world.host() || (jid.resource().is_none() && *jid == world.jid_of(user))
}

#[cfg(test)]
mod tests {
    use crate::core::testing::Server;
    use crate::core::world::StreamId;

    fn block(
        server: &mut Server,
        stream: StreamId,
        addresses: impl Iterator<Item = String>,
    ) -> String {
        let items: String = addresses.map(|jid| format!("<item jid='{jid}'/>")).collect();
        let payload = format!("<block xmlns='urn:xmpp:blocking'>{items}</block>");
        server.ask(stream, "set", None, &payload)
    }

    /// How many addresses the list has.
    fn length(server: &mut Server, stream: StreamId) -> usize {
        let list = server.ask(stream, "get", None, "<blocklist xmlns='urn:xmpp:blocking'/>");
        list.matches("<item ").count()
    }

    #[test]
    fn a_list_is_bounded() {
        let mut server = Server::new();
        let own = server.connect_standard("u1", "a");
        // Each fits into a stanza, and all together into no answer.
        for first in (0..1_200).step_by(200) {
            let long = |n| format!("u{n}@x.test/{}", "x".repeat(900));
            let answer = block(&mut server, own, (first..first + 200).map(long));
            let is_too_much = first == 1_000;
            assert_eq!(answer.contains("<resource-constraint "), is_too_much, "{answer}");
        }
        assert_eq!(length(&mut server, own), 1_000);
    }

    #[test]
    fn a_list_may_be_as_long_as_a_stanza_holds() {
        let mut server = Server::new();
        let own = server.connect_standard("u1", "a");
        let answer = block(&mut server, own, (0..4_100).map(|n| format!("u{n}@h.test")));
        assert!(answer.contains(r#"type="result""#), "{answer}");
        assert_eq!(length(&mut server, own), 4_100);
    }
}
