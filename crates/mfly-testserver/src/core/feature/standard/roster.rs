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

#[cfg(test)]
mod tests {
    use crate::core::testing::{HOST, Server};
    use crate::core::world::StreamId;

    const GET: &str = "<query xmlns='jabber:iq:roster'/>";

    fn set(server: &mut Server, stream: StreamId, items: &str) -> String {
        server.ask(stream, "set", None, &format!("<query xmlns='jabber:iq:roster'>{items}</query>"))
    }

    fn push(resource: &str, version: u64, item: &str) -> String {
        format!(
            r#"<iq from="u1@{HOST}" id="{{id}}" to="u1@{HOST}/{resource}" type="set" xmlns="jabber:client"><query xmlns="jabber:iq:roster" ver="v{version}">{item}</query></iq>"#
        )
    }

    #[test]
    fn a_contact_is_added_changed_and_removed_and_the_sessions_that_have_the_list_hear_of_it() {
        let mut server = Server::new();
        let own = server.connect_standard("u1", "a");
        let other = server.connect_standard("u1", "b");
        let without = server.connect_standard("u1", "c");
        for stream in [own, other] {
            let list = server.ask(stream, "get", None, GET);
            assert!(list.contains(r#"<query xmlns="jabber:iq:roster" ver="v0"/>"#), "{list}");
        }
        for stream in [own, other, without] {
            server.received(stream);
        }
        for (version, change, item) in [
            (
                1,
                "<item jid='U2@Elsewhere.test' name='Bob'><group>B</group><group>A</group></item>",
                r#"<item jid="u2@elsewhere.test" name="Bob" subscription="none"><group>A</group><group>B</group></item>"#,
            ),
            (
                2,
                "<item jid='u2@elsewhere.test' subscription='both' ask='subscribe'/>",
                r#"<item jid="u2@elsewhere.test" subscription="none"/>"#,
            ),
            (
                3,
                "<item jid='u2@elsewhere.test' subscription='remove'/>",
                r#"<item jid="u2@elsewhere.test" subscription="remove"/>"#,
            ),
        ] {
            let answer = set(&mut server, own, change);
            assert!(answer.contains(r#"type="result""#), "{answer}");
            assert_eq!(server.received(own), [push("a", version, item)]);
            assert_eq!(server.received(other), [push("b", version, item)]);
            assert_eq!(server.received(without), Vec::<String>::new());
        }
    }

    #[test]
    fn a_client_that_has_the_current_version_gets_an_empty_result() {
        let mut server = Server::new();
        let own = server.connect_standard("u1", "a");
        set(&mut server, own, "<item jid='u2@elsewhere.test'/>");
        let ask = |server: &mut Server, version: &str| {
            server.ask(
                own,
                "get",
                None,
                &format!("<query ver='{version}' xmlns='jabber:iq:roster'/>"),
            )
        };
        assert!(!ask(&mut server, "v1").contains("<query"));
        for old in ["v0", "", "odd"] {
            assert!(ask(&mut server, old).contains(r#"<item jid="u2@elsewhere.test""#));
        }
    }

    #[test]
    fn what_cannot_be_a_contact_is_refused() {
        let mut server = Server::new();
        let own = server.connect_standard("u1", "a");
        let long = format!("<item jid='x@y' name='{}'/>", "n".repeat(1024));
        for (items, condition) in [
            ("", "bad-request"),
            ("<item jid='x@y'/><item jid='z@y'/>", "bad-request"),
            ("<item/>", "bad-request"),
            ("<item jid='x@y/z'/>", "bad-request"),
            ("<item jid='x@y'><group>A</group><group>A</group></item>", "bad-request"),
            ("<item jid='x@y'><group/></item>", "not-acceptable"),
            (long.as_str(), "not-acceptable"),
            ("<item jid='x@y' subscription='remove'/>", "item-not-found"),
            ("<item jid='u1@xmpp.example.test'/>", "not-allowed"),
        ] {
            let answer = set(&mut server, own, items);
            assert!(answer.contains(&format!("<{condition} ")), "{items}: {answer}");
        }
        assert!(!server.ask(own, "get", None, GET).contains("<item"));
    }
}
