//! The contact lists of standard accounts (RFC 6121 §2).

use super::subscription;
use crate::dispatch::refusal;
use crate::dispatch::standard::{Query, Reply};
use crate::world::World;
use crate::world::roster::{Contact, RosterError};
use crate::world::session::frame;
use mfly_proto::id::StanzaId;
use mfly_proto::jid::{BareJid, UserId};
use mfly_proto::ns;
use mfly_proto::stanza::{ErrorCondition, IqKind, StanzaError, iq};
use mfly_proto::xml::Writer;
use std::collections::BTreeSet;

/// The list; nothing when the client has this version already (RFC 6121 §2.6).
pub(crate) fn get(query: &mut Query<'_>) -> Result<Reply, StanzaError> {
    let session = query.world.session_mut(query.stream);
    if let Some(standard) = session.and_then(|session| session.standard.as_mut()) {
        standard.follows_roster = true;
    }
    let account = query
        .world
        .standard(&query.user)
        .ok_or_else(|| refusal(ErrorCondition::ItemNotFound))?;
    let roster = account.roster.clone();
    let known = query.payload.attr("ver");
    if known.is_some_and(|known| *known == version(roster.version())) {
        return Ok(Reply::EMPTY);
    }
    Ok(Reply::with(move |w| {
        w.element("query", |w| {
            w.attr("ver", &version(roster.version()));
            w.attr("xmlns", ns::ROSTER);
            for (jid, contact) in roster.listed() {
                write(w, jid, contact);
            }
        });
    }))
}

/// Adds, changes or removes one contact.
pub(crate) fn set(query: &mut Query<'_>) -> Result<Reply, StanzaError> {
    let mut items = query.payload.children();
    let item = items.next().filter(|item| item.is(ns::ROSTER, "item"));
    let item = item
        .filter(|_| items.next().is_none())
        .ok_or_else(bad_request)?;
    let jid = item.attr("jid").ok_or_else(bad_request)?;
    let jid = BareJid::new(&jid).map_err(|_| bad_request())?;
    if *jid == query.world.jid_of(&query.user) {
        return Err(refusal(ErrorCondition::NotAllowed));
    }
    if item.attr("subscription").as_deref() == Some("remove") {
        return remove(query, &jid);
    }
    let mut groups = BTreeSet::new();
    for group in item
        .children()
        .filter(|child| child.is(ns::ROSTER, "group"))
    {
        if !groups.insert(group.text().into_owned()) {
            return Err(bad_request());
        }
    }
    let name = item.attr("name").map(std::borrow::Cow::into_owned);
    if let Some(account) = query.world.standard_mut(&query.user) {
        let stored = account.roster.store(&jid, name, groups);
        stored.map_err(|error| {
            refusal(match error {
                RosterError::NotAcceptable => ErrorCondition::NotAcceptable,
                RosterError::Full => ErrorCondition::ResourceConstraint,
            })
        })?;
    }
    push(query.world, &query.user, &jid);
    Ok(Reply::EMPTY)
}

fn remove(query: &mut Query<'_>, jid: &BareJid) -> Result<Reply, StanzaError> {
    let account = query.world.standard_mut(&query.user);
    let removed = account.and_then(|account| account.roster.remove(jid));
    let removed = removed.ok_or_else(|| refusal(ErrorCondition::ItemNotFound))?;
    push_item(query.world, &query.user, jid, None);
    subscription::end(query.world, &query.user, jid, &removed);
    Ok(Reply::EMPTY)
}

/// Tells the account's sessions that asked for the list what a contact is now (RFC 6121 §2.1.6). Whoever only waits for an
/// answer is not on it.
pub(super) fn push(world: &mut World, user: &UserId, jid: &BareJid) {
    let account = world.standard(user);
    let contact = account.and_then(|account| account.roster.contact(jid));
    if let Some(contact) = contact.filter(|contact| contact.is_listed).cloned() {
        push_item(world, user, jid, Some(contact));
    }
}

/// The same for a contact that is, or no longer is, on the list.
fn push_item(world: &mut World, user: &UserId, jid: &BareJid, contact: Option<Contact>) {
    let Some(account) = world.standard(user) else {
        return;
    };
    let version = version(account.roster.version());
    let own = world.jid_of(user);
    let follows = world.streams_of_where(user, |session| {
        let standard = session.standard.as_ref();
        standard.is_some_and(|standard| standard.follows_roster)
    });
    for stream in follows {
        let Some(to) = world.session(stream).map(|session| session.jid.clone()) else {
            continue;
        };
        let Ok(id) = StanzaId::new(world.fresh_id()) else {
            continue;
        };
        let (from, to) = (Some(own.as_str()), Some(to.as_str()));
        let push = frame(|buffer| {
            iq::write(buffer, IqKind::Set, &id, from, to, |w| {
                w.element("query", |w| {
                    w.attr("ver", &version);
                    w.attr("xmlns", ns::ROSTER);
                    match &contact {
                        Some(contact) => write(w, jid, contact),
                        None => w.element("item", |w| {
                            w.attr("jid", jid.as_str());
                            w.attr("subscription", "remove");
                        }),
                    }
                });
            });
        });
        world.send(stream, push);
    }
}

fn version(count: u64) -> String {
    format!("v{count}")
}

fn write(writer: &mut Writer<'_>, jid: &BareJid, contact: &Contact) {
    writer.element("item", |w| {
        w.attr_opt("ask", contact.asks.then_some("subscribe"));
        w.attr("jid", jid.as_str());
        w.attr_opt("name", contact.name.as_deref());
        w.attr("subscription", contact.subscription());
        for group in &contact.groups {
            w.text_element("group", group);
        }
    });
}

fn bad_request() -> StanzaError {
    refusal(ErrorCondition::BadRequest)
}

#[cfg(test)]
mod tests {
    use crate::core::testing::{HOST, Server};
    use crate::world::StreamId;

    const GET: &str = "<query xmlns='jabber:iq:roster'/>";

    fn set(server: &mut Server, stream: StreamId, items: &str) -> String {
        server.ask(
            stream,
            "set",
            None,
            &format!("<query xmlns='jabber:iq:roster'>{items}</query>"),
        )
    }

    fn push(resource: &str, version: u64, item: &str) -> String {
        format!(
            r#"<iq from="u1@{HOST}" id="{{id}}" to="u1@{HOST}/{resource}" type="set" xmlns="jabber:client"><query ver="v{version}" xmlns="jabber:iq:roster">{item}</query></iq>"#
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
            assert!(
                list.contains(r#"<query ver="v0" xmlns="jabber:iq:roster"/>"#),
                "{list}"
            );
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
            (
                "<item jid='x@y'><group>A</group><group>A</group></item>",
                "bad-request",
            ),
            ("<item jid='x@y'><group/></item>", "not-acceptable"),
            (long.as_str(), "not-acceptable"),
            ("<item jid='x@y' subscription='remove'/>", "item-not-found"),
            ("<item jid='u1@xmpp.example.test'/>", "not-allowed"),
        ] {
            let answer = set(&mut server, own, items);
            assert!(
                answer.contains(&format!("<{condition} ")),
                "{items}: {answer}"
            );
        }
        assert!(!server.ask(own, "get", None, GET).contains("<item"));
    }
}
