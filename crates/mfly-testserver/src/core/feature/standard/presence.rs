//! Presence of standard accounts (RFC 6121 §4): sent to subscribed contacts, to the account's own
//! sessions, and to the addresses that a session names.

use super::subscription;
use super::visibility::{
    address, available, may_see, own_account, sees, show, unavailable, viewers,
};
use crate::core::relay::{self, MAX_ENVELOPE_BYTES, MAX_STANZA_BYTES};
use crate::core::world::{StreamId, Timestamp, World};
use mfly_proto::jid::{FullJid, Jid};
use mfly_proto::stanza::{ErrorCondition, Presence, PresenceKind};
use mfly_proto::xml::Element;
use std::collections::BTreeSet;

/// Most addresses that a session may send directed presence to; further ones are not told of its
/// end.
const MAX_DIRECTED: usize = 256;

/// Handles a presence from a standard account's session.
pub(crate) fn receive(
    world: &mut World,
    now: Timestamp,
    stream: StreamId,
    presence: Presence,
    element: Element<'_>,
) {
    if element.source().len() + MAX_ENVELOPE_BYTES > MAX_STANZA_BYTES {
        return relay::refuse_presence(world, stream, &presence, ErrorCondition::PolicyViolation);
    }
    match (presence.kind, presence.to.clone()) {
        (PresenceKind::Available, None) => come(world, stream, presence, element),
        (PresenceKind::Unavailable, None) => {
            go(world, now, stream, presence.status, Some(element));
        }
        (PresenceKind::Available | PresenceKind::Unavailable, Some(to)) => {
            direct(world, stream, &presence, &to, element);
        }
        (
            PresenceKind::Subscribe
            | PresenceKind::Subscribed
            | PresenceKind::Unsubscribe
            | PresenceKind::Unsubscribed,
            Some(to),
        ) => subscription::receive(world, stream, &presence, &to, element),
        // Probes are the server's business, and an error is never answered.
        _ => {}
    }
}

/// A session ended: the sessions that saw it are sent `unavailable`.
pub(crate) fn leave(world: &mut World, now: Timestamp, stream: StreamId) {
    go(world, now, stream, None, None);
}

fn come(world: &mut World, stream: StreamId, presence: Presence, element: Element<'_>) {
    let Some(session) = world.session_mut(stream) else {
        return;
    };
    let is_first = session.presence.replace(presence).is_none();
    let user = session.user.clone();
    if let Some(standard) = &mut session.standard {
        standard.presence = Some(element.to_document());
    }
    // The own sessions see it, that one included (RFC 6121 §4.2.2).
    let own = available(world, &user);
    let viewers = viewers(world, stream);
    show(world, own.iter().chain(&viewers).map(|viewer| (stream, *viewer)));
    if !is_first {
        return;
    }
    let others = own.into_iter().filter(|other| *other != stream);
    show(world, others.map(|other| (other, stream)));
    let visible = sees(world, &user);
    show(world, visible.into_iter().filter(|(_, viewer)| *viewer == stream));
    subscription::remind(world, stream);
}

fn go(
    world: &mut World,
    now: Timestamp,
    stream: StreamId,
    status: Option<String>,
    element: Option<Element<'_>>,
) {
    let mut told: BTreeSet<_> = viewers(world, stream).into_iter().collect();
    let Some(session) = world.session_mut(stream) else {
        return;
    };
    let (user, own) = (session.user.clone(), session.jid.clone());
    let was_available = session.presence.take().is_some();
    let directed = match &mut session.standard {
        Some(standard) => {
            standard.presence = None;
            std::mem::take(&mut standard.directed)
        }
        None => return,
    };
    if was_available {
        told.extend(available(world, &user));
    } else {
        told.clear();
    }
    for target in directed {
        told.extend(recipients(world, stream, &target));
    }
    for viewer in told {
        let Some(to) = address(world, viewer) else {
            continue;
        };
        let stanza = element.and_then(|e| relay::stanza(e, own.as_str(), to.bare_str()).ok());
        let stanza = stanza.unwrap_or_else(|| unavailable(&own, to.bare_str()));
        world.send(viewer, stanza);
    }
    if was_available
        && !world.is_online(&user)
        && let Some(account) = world.standard_mut(&user)
    {
        account.left = Some((now, status));
    }
}

/// Presence for one address only (RFC 6121 §4.6).
fn direct(
    world: &mut World,
    stream: StreamId,
    presence: &Presence,
    to: &Jid,
    element: Element<'_>,
) {
    let Some(own) = address(world, stream) else {
        return;
    };
    let is_blocked = own_account(world, stream).is_some_and(|account| account.blocks(to));
    if is_blocked {
        return relay::refuse_presence(world, stream, presence, ErrorCondition::NotAcceptable);
    }
    let Ok(stanza) = relay::stanza(element, own.as_str(), to.as_str()) else {
        return relay::refuse_presence(world, stream, presence, ErrorCondition::PolicyViolation);
    };
    for recipient in recipients(world, stream, to) {
        world.send(recipient, stanza.clone());
    }
    let session = world.session_mut(stream);
    if let Some(standard) = session.and_then(|session| session.standard.as_mut()) {
        if presence.kind == PresenceKind::Unavailable {
            standard.directed.remove(to);
        } else if standard.directed.len() < MAX_DIRECTED {
            standard.directed.insert(to.clone());
        }
    }
}

/// The sessions that presence for `to` reaches.
fn recipients(world: &World, stream: StreamId, to: &Jid) -> Vec<StreamId> {
    let Some(user) = world.local_user(to) else {
        return Vec::new();
    };
    let mut found = available(world, &user);
    found.retain(|recipient| {
        let is_meant =
            |jid: FullJid| to.resource().is_none_or(|wanted| jid.resource() == Some(wanted));
        *recipient != stream
            && address(world, *recipient).is_some_and(is_meant)
            && may_see(world, *recipient, stream)
    });
    found
}

#[cfg(test)]
mod tests {
    use crate::core::testing::{HOST, Server, id};

    fn available(from: &str, to: &str) -> String {
        format!(r#"<presence from="{from}" to="{to}" xmlns="jabber:client"/>"#).replace('~', HOST)
    }

    fn unavailable(from: &str, to: &str) -> String {
        format!(r#"<presence from="{from}" to="{to}" type="unavailable" xmlns="jabber:client"/>"#)
            .replace('~', HOST)
    }

    const PRESENCE: &str = "<presence xmlns='jabber:client'/>";

    #[test]
    fn a_newcomer_is_seen_by_subscribers_and_own_sessions_and_sees_them() {
        let mut server = Server::new();
        let contact = server.connect_standard("u2", "c");
        let other = server.connect_standard("u1", "b");
        server.befriend(contact, other);
        let stranger = server.connect_standard("u3", "d");
        let new = server.bound_standard("u1", "a");
        server.send(new, PRESENCE);
        assert_eq!(server.received(contact), [available("u1@~/a", "u2@~")]);
        assert_eq!(server.received(other), [available("u1@~/a", "u1@~")]);
        assert_eq!(server.received(stranger), Vec::<String>::new());
        assert_eq!(
            server.received(new),
            [available("u1@~/a", "u1@~"), available("u1@~/b", "u1@~"), available("u2@~/c", "u1@~")]
        );
        server.send(new, PRESENCE);
        assert_eq!(server.received(new).len(), 1, "no session is shown a second time");
    }

    #[test]
    fn presence_is_passed_on_with_all_that_is_in_it() {
        let mut server = Server::new();
        let contact = server.connect_standard("u2", "c");
        let own = server.connect_standard("u1", "a");
        server.befriend(contact, own);
        let caps = "<c hash='sha-1' node='x' ver='y' xmlns='http://jabber.org/protocol/caps'/>";
        server.send(
            own,
            &format!("<presence id='p1' xml:lang='de' xmlns='jabber:client'>{caps}</presence>"),
        );
        let seen = server.received(contact);
        assert!(seen[0].contains(caps), "{seen:?}");
        assert!(
            seen[0].contains(r#" id="p1""#) && seen[0].contains(r#" xml:lang="de""#),
            "{seen:?}"
        );
    }

    #[test]
    fn leaving_and_breaking_off_are_seen_once_and_the_last_words_are_kept() {
        let mut server = Server::new();
        let contact = server.connect_standard("u2", "c");
        let leaving = server.connect_standard("u1", "a");
        server.befriend(contact, leaving);
        let breaking = server.connect_standard("u1", "b");
        server.received(contact);
        server.send(
            leaving,
            "<presence type='unavailable' xmlns='jabber:client'><status>Bye</status></presence>",
        );
        let seen = server.received(contact);
        assert!(seen.len() == 1 && seen[0].contains(">Bye</status>"), "{seen:?}");
        server.lose(leaving);
        assert_eq!(server.received(contact), Vec::<String>::new());
        server.received(breaking);
        server.lose(breaking);
        assert_eq!(server.received(contact), [unavailable("u1@~/b", "u2@~")]);
        let account = server.core.world().standard(&id("u1")).unwrap();
        assert_eq!(account.left, Some((server.now, None)));
    }

    #[test]
    fn presence_for_one_reaches_that_one_and_so_does_the_end_of_it() {
        let mut server = Server::new();
        let stranger = server.connect_standard("u2", "c");
        let other = server.connect_standard("u2", "d");
        let own = server.connect_standard("u1", "a");
        server.received(stranger);
        server.send(own, &format!("<presence to='u2@{HOST}/c' xmlns='jabber:client'/>"));
        assert_eq!(server.received(stranger), [available("u1@~/a", "u2@~/c")]);
        assert_eq!(server.received(other), Vec::<String>::new());
        server.lose(own);
        assert_eq!(server.received(stranger), [unavailable("u1@~/a", "u2@~")]);
        assert_eq!(server.received(other), Vec::<String>::new());
    }

    #[test]
    fn an_address_that_got_directed_unavailable_is_not_told_again() {
        let mut server = Server::new();
        let stranger = server.connect_standard("u2", "c");
        let own = server.connect_standard("u1", "a");
        for kind in ["", "type='unavailable'"] {
            server.send(own, &format!("<presence to='u2@{HOST}' {kind} xmlns='jabber:client'/>"));
        }
        assert_eq!(server.received(stranger).len(), 2);
        server.lose(own);
        assert_eq!(server.received(stranger), Vec::<String>::new());
    }

    #[test]
    fn the_two_kinds_of_account_do_not_see_each_other() {
        let mut server = Server::new();
        let platform = server.connect("u2", "c");
        let own = server.connect_standard("u1", "a");
        server.send(own, PRESENCE);
        server.send(own, &format!("<presence to='u2@{HOST}' xmlns='jabber:client'/>"));
        server.send(platform, PRESENCE);
        server.send(platform, &format!("<presence to='u1@{HOST}' xmlns='jabber:client'/>"));
        server.lose(platform);
        assert_eq!(server.received(own).len(), 1, "its own only");
        assert_eq!(server.received(platform), Vec::<String>::new());
    }

    #[test]
    fn presence_that_would_arrive_too_large_is_refused() {
        let mut server = Server::new();
        let own = server.connect_standard("u1", "a");
        let status = "x".repeat(250 * 1024);
        server.send(
            own,
            &format!("<presence xmlns='jabber:client'><status>{status}</status></presence>"),
        );
        let said = server.received(own);
        assert!(
            said[0].contains(r#"type="error""#) && said[0].contains("<policy-violation "),
            "{said:?}"
        );
    }

    #[test]
    fn the_sessions_of_an_account_are_limited() {
        let mut server = Server::with(crate::core::world::Settings {
            max_resources: 2,
            ..crate::core::testing::settings()
        });
        let one = server.connect_standard("u1", "a");
        server.connect_standard("u1", "b");
        let surplus = server.bound_standard("u1", "c");
        assert!(server.core.world().session(surplus).is_none());
        // A session that replaces another one does not count.
        let again = server.bound_standard("u1", "a");
        assert!(server.core.world().session(again).is_some());
        assert!(server.is_closed(one));
    }
}
