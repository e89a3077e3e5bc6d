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
    use crate::core::testing::{HOST, Server};
    use crate::core::world::StreamId;

    const LIST: &str = "<blocklist xmlns='urn:xmpp:blocking'/>";

    fn command(server: &mut Server, stream: StreamId, verb: &str, whom: &[&str]) -> String {
        let items: String =
            whom.iter().map(|jid| format!("<item jid='{}'/>", jid.replace('~', HOST))).collect();
        let payload = format!("<{verb} xmlns='urn:xmpp:blocking'>{items}</{verb}>");
        server.ask(stream, "set", None, &payload)
    }

    fn push(verb: &str, resource: &str, jid: &str) -> String {
        format!(
            r#"<iq from="u1@~" id="{{id}}" to="u1@~/{resource}" type="set" xmlns="jabber:client"><{verb} xmlns="urn:xmpp:blocking"><item jid="{jid}"/></{verb}></iq>"#
        )
        .replace('~', HOST)
    }

    #[test]
    fn sessions_that_asked_for_the_list_hear_of_changes_and_the_others_do_not() {
        let mut server = Server::new();
        let asking = server.connect_standard("u1", "a");
        let follower = server.connect_standard("u1", "b");
        let other = server.connect_standard("u1", "c");
        server.ask(follower, "get", None, LIST);
        for stream in [asking, follower, other] {
            server.received(stream);
        }
        let answer = command(&mut server, asking, "block", &["x@elsewhere.test"]);
        assert!(answer.contains(r#"type="result""#), "{answer}");
        assert_eq!(server.received(follower), [push("block", "b", "x@elsewhere.test")]);
        assert_eq!(server.received(asking), Vec::<String>::new());
        assert_eq!(server.received(other), Vec::<String>::new());
        command(&mut server, asking, "unblock", &["x@elsewhere.test"]);
        assert_eq!(server.received(follower), [push("unblock", "b", "x@elsewhere.test")]);
    }

    #[test]
    fn several_are_blocked_at_once_and_all_unblocked_by_naming_none() {
        let mut server = Server::new();
        let own = server.connect_standard("u1", "a");
        command(&mut server, own, "block", &["u2@~", "spam.test", "u3@~/phone"]);
        let list = server.ask(own, "get", None, LIST);
        assert_eq!(list.matches("<item ").count(), 3);
        assert!(list.contains(r#"<item jid="spam.test"/>"#), "{list}");
        command(&mut server, own, "unblock", &[]);
        assert_eq!(
            server.received(own),
            [r#"<iq from="u1@~" id="{id}" to="u1@~/a" type="set" xmlns="jabber:client"><unblock xmlns="urn:xmpp:blocking"/></iq>"#.replace('~', HOST)]
        );
        assert!(!server.ask(own, "get", None, LIST).contains("<item "));
    }

    #[test]
    fn no_address_invalid_addresses_and_the_own_account_cannot_be_blocked_and_a_list_is_bounded() {
        let mut server = Server::new();
        let own = server.connect_standard("u1", "a");
        for (whom, condition) in [
            (&[][..], "bad-request"),
            (&["u1@~"], "not-allowed"),
            (&["~"], "not-allowed"),
            (&["@@"], "bad-request"),
        ] {
            let answer = command(&mut server, own, "block", whom);
            assert!(answer.contains(&format!("<{condition} ")), "{whom:?}: {answer}");
        }
        // Each fits into a stanza, and all together into no answer.
        for first in (0..1_200).step_by(200) {
            let long = |n| format!("u{n}@x.test/{}", "x".repeat(900));
            let many: Vec<String> = (first..first + 200).map(long).collect();
            let many: Vec<&str> = many.iter().map(String::as_str).collect();
            let answer = command(&mut server, own, "block", &many);
            let is_too_much = first == 1_000;
            assert_eq!(answer.contains("<resource-constraint "), is_too_much, "{answer}");
        }
        let list = server.ask(own, "get", None, LIST);
        assert_eq!(list.matches("<item ").count(), 1_000);
    }

    #[test]
    fn a_block_hides_the_blocker_at_once_and_an_unblock_shows_both_to_each_other() {
        let mut server = Server::new();
        let own = server.connect_standard("u1", "a");
        let other = server.connect_standard("u2", "b");
        server.befriend(own, other);
        command(&mut server, own, "block", &["u2@~"]);
        let gone =
            r#"<presence from="u1@~/a" to="u2@~" type="unavailable" xmlns="jabber:client"/>"#;
        assert_eq!(server.received(other), [gone.replace('~', HOST)]);
        server.send(other, "<presence xmlns='jabber:client'><show>away</show></presence>");
        server.send(own, "<presence xmlns='jabber:client'><show>dnd</show></presence>");
        server.received(own);
        assert_eq!(server.received(other).len(), 1, "only its own");
        command(&mut server, own, "unblock", &["u2@~"]);
        let to_other = server.received(other);
        assert!(to_other.len() == 1 && to_other[0].contains(">dnd</show>"), "{to_other:?}");
        let to_own = server.received(own);
        assert!(to_own.len() == 1 && to_own[0].contains(">away</show>"), "{to_own:?}");
    }

    #[test]
    fn what_a_blocked_user_sends_comes_back_and_so_does_what_the_blocker_sends() {
        let mut server = Server::new();
        let own = server.connect_standard("u1", "a");
        let other = server.connect_standard("u2", "b");
        server.befriend(own, other);
        command(&mut server, own, "block", &["u2@~"]);
        server.received(other);
        let message = |to: &str| {
            format!(
                "<message to='{to}@{HOST}' type='chat' xmlns='jabber:client'><body>x</body></message>"
            )
        };
        server.send(other, &message("u1"));
        let back = server.received(other);
        assert!(back[0].contains("<service-unavailable "), "{back:?}");
        server.send(own, &message("u2"));
        let back = server.received(own);
        assert!(back[0].contains("<not-acceptable "), "{back:?}");
        let odd = "<x xmlns='urn:x:odd'/>";
        for to in [format!("u1@{HOST}"), format!("u1@{HOST}/a")] {
            let back = server.ask(other, "get", Some(&to), odd);
            assert!(back.contains("<service-unavailable "), "{back}");
        }
        for to in [format!("u2@{HOST}"), format!("u2@{HOST}/b")] {
            let back = server.ask(own, "get", Some(&to), odd);
            assert!(back.contains("<not-acceptable "), "{back}");
        }
        for kind in ["subscribe", "unavailable"] {
            server.send(
                other,
                &format!("<presence to='u1@{HOST}' type='{kind}' xmlns='jabber:client'/>"),
            );
        }
        assert_eq!(server.received(own), Vec::<String>::new());
    }

    #[test]
    fn a_list_may_be_as_long_as_a_stanza_holds() {
        let mut server = Server::new();
        let own = server.connect_standard("u1", "a");
        let whom: Vec<String> = (0..4_100).map(|n| format!("u{n}@h.test")).collect();
        let whom: Vec<&str> = whom.iter().map(String::as_str).collect();
        let answer = command(&mut server, own, "block", &whom);
        assert!(answer.contains(r#"type="result""#), "{answer}");
        let list = server.ask(own, "get", None, LIST);
        assert_eq!(list.matches("<item ").count(), whom.len());
    }
}
