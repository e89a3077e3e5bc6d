//! Messages to standard accounts (RFC 6121 §5, §8.5).
//!
//! Nothing is stored: a message for an account without a session is returned with
//! `service-unavailable`.

use crate::core::feature::carbons;
use crate::core::relay;
use crate::core::world::{StreamId, World};
use mfly_proto::jid::{FullJid, Jid, UserId};
use mfly_proto::stanza::{ErrorCondition, Message, MessageKind, StanzaError};
use std::collections::BTreeSet;

/// Delivers a message to a standard account. Returns the sessions that it reached.
///
/// # Errors
/// The error that the sender gets back, if any.
pub(crate) fn arrive(
    world: &mut World,
    recipient: &UserId,
    from: &FullJid,
    to: &Jid,
    message: &Message<'_>,
) -> Result<BTreeSet<StreamId>, StanzaError> {
    let unavailable = || StanzaError::new(ErrorCondition::ServiceUnavailable);
    let account = world.standard(recipient).ok_or_else(unavailable)?;
    if account.blocks(from) || message.kind == MessageKind::Groupchat {
        return Err(unavailable());
    }
    let addressed = to.resource().and_then(|_| world.stream_at(to));
    let is_for_all = to.resource().is_none() || message.kind == MessageKind::Chat;
    let reached: BTreeSet<_> = match addressed {
        Some(only) => [only].into(),
        None if is_for_all && message.kind != MessageKind::Error => {
            accepting_sessions(world, recipient)
        }
        None => BTreeSet::new(),
    };
    if reached.is_empty() {
        return match message.kind {
            MessageKind::Headline | MessageKind::Error => Ok(reached),
            _ => Err(unavailable()),
        };
    }
    let is_private = |child: &mfly_proto::xml::Element<'_>| carbons::is_private(*child);
    let element = message.element();
    let stanza = relay::stanza_where(element, from.as_str(), to.as_str(), |c| !is_private(c))?;
    for stream in &reached {
        world.send(*stream, stanza.clone());
    }
    if carbons::wants_copies(message) {
        // The sending session needs no copy.
        let mut except = reached.clone();
        except.extend(world.stream_at(from));
        let addresses = (from.as_str(), to.as_str());
        carbons::copy(world, recipient, &except, "received", message, addresses);
    }
    Ok(reached)
}

/// The available sessions whose priority is not negative (RFC 6121 §8.5.2.1.1).
fn accepting_sessions(world: &World, user: &UserId) -> BTreeSet<StreamId> {
    let sessions = world.streams_of_where(user, |session| {
        session.presence.as_ref().is_some_and(|presence| presence.priority >= 0)
    });
    sessions.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use crate::core::testing::{HOST, Server};
    use crate::core::world::StreamId;

    fn chat(to: &str) -> String {
        format!(
            r#"<message id="m1" to="{to}" type="chat" xmlns="jabber:client"><body>Hi</body></message>"#
        )
    }

    fn bodies(server: &mut Server, stream: StreamId) -> usize {
        let got = server.received(stream);
        got.iter().filter(|frame| frame.contains(">Hi</body>")).count()
    }

    #[test]
    fn a_message_to_an_account_reaches_all_sessions_without_a_negative_priority() {
        let mut server = Server::new();
        let own = server.connect_standard("u1", "a");
        let one = server.connect_standard("u2", "b");
        let two = server.connect_standard("u2", "c");
        let unwilling = server.connect_standard("u2", "d");
        server
            .send(unwilling, "<presence xmlns='jabber:client'><priority>-1</priority></presence>");
        let absent = server.bound_standard("u2", "e");
        for stream in [one, two, unwilling] {
            server.received(stream);
        }
        server.send(own, &chat(&format!("u2@{HOST}")));
        let expected = format!(
            r#"<message from="u1@{HOST}/a" to="u2@{HOST}" id="m1" type="chat" xmlns="jabber:client"><body xmlns="jabber:client">Hi</body></message>"#
        );
        for stream in [one, two] {
            let got = server.received(stream);
            assert!(got.len() == 1 && got[0] == expected, "{got:?}");
        }
        assert_eq!(bodies(&mut server, unwilling), 0);
        assert_eq!(bodies(&mut server, absent), 0);
        assert_eq!(server.received(own), Vec::<String>::new());
    }

    #[test]
    fn a_message_for_one_session_goes_there_alone_and_a_chat_for_one_that_is_gone_to_the_others() {
        let mut server = Server::new();
        let own = server.connect_standard("u1", "a");
        let addressed = server.connect_standard("u2", "b");
        let other = server.connect_standard("u2", "c");
        server.received(addressed);
        server.send(own, &chat(&format!("u2@{HOST}/b")));
        assert_eq!(bodies(&mut server, addressed), 1);
        assert_eq!(bodies(&mut server, other), 0);
        server.send(own, &chat(&format!("u2@{HOST}/gone")));
        assert_eq!(bodies(&mut server, addressed) + bodies(&mut server, other), 2);
        let normal = chat(&format!("u2@{HOST}/gone")).replace(r#" type="chat""#, "");
        server.send(own, &normal);
        assert!(server.received(own)[0].contains("<service-unavailable "));
        assert_eq!(bodies(&mut server, other), 0);
    }

    #[test]
    fn an_undeliverable_message_comes_back_unless_it_is_a_headline_or_an_error() {
        let mut server = Server::new();
        let own = server.connect_standard("u1", "a");
        server.standard("u2");
        for to in ["u2", "nobody"] {
            server.send(own, &chat(&format!("{to}@{HOST}")));
            assert_eq!(
                server.received(own),
                [format!(
                    r#"<message from="{to}@{HOST}" id="m1" to="u1@{HOST}/a" type="error" xmlns="jabber:client"><error type="cancel"><service-unavailable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></message>"#
                )]
            );
        }
        for kind in ["headline", "error"] {
            let quiet = chat(&format!("u2@{HOST}")).replace("chat", kind);
            server.send(own, &quiet);
            assert_eq!(server.received(own), Vec::<String>::new());
        }
        let group = chat(&format!("u2@{HOST}")).replace("chat", "groupchat");
        server.send(own, &group);
        assert!(server.received(own)[0].contains("<service-unavailable "));
    }

    #[test]
    fn copies_go_to_the_sessions_that_asked_for_them_on_either_side() {
        let mut server = Server::new();
        let own = server.connect_standard("u1", "a");
        let sent = server.connect_standard("u1", "b");
        let addressed = server.connect_standard("u2", "c");
        let received = server.connect_standard("u2", "d");
        let without = server.connect_standard("u2", "e");
        let enable = "<enable xmlns='urn:xmpp:carbons:2'/>";
        for stream in [sent, received, without] {
            server.ask(stream, "set", None, enable);
        }
        let disable = "<disable xmlns='urn:xmpp:carbons:2'/>";
        assert!(server.ask(without, "set", None, disable).contains(r#"type="result""#));
        for stream in [own, sent, addressed, received, without] {
            server.received(stream);
        }
        server.send(own, &chat(&format!("u2@{HOST}/c")));
        assert_eq!(bodies(&mut server, addressed), 1);
        let copy = server.received(sent);
        assert!(copy.len() == 1 && copy[0].starts_with(&format!(
            r#"<message from="u1@{HOST}" to="u1@{HOST}/b" type="chat" xmlns="jabber:client"><sent xmlns="urn:xmpp:carbons:2">"#
        )), "{copy:?}");
        let copy = server.received(received);
        assert!(copy.len() == 1 && copy[0].starts_with(&format!(
            r#"<message from="u2@{HOST}" to="u2@{HOST}/d" type="chat" xmlns="jabber:client"><received xmlns="urn:xmpp:carbons:2">"#
        )), "{copy:?}");
        assert_eq!(bodies(&mut server, without), 0);
        assert_eq!(server.received(own), Vec::<String>::new());
    }

    #[test]
    fn a_session_that_got_the_message_gets_no_copy_and_a_message_to_the_own_account_comes_once() {
        let mut server = Server::new();
        let own = server.connect_standard("u1", "a");
        let other = server.connect_standard("u1", "b");
        for stream in [own, other] {
            server.ask(stream, "set", None, "<enable xmlns='urn:xmpp:carbons:2'/>");
        }
        server.received(own);
        server.received(other);
        server.send(own, &chat(&format!("u1@{HOST}")));
        assert_eq!(bodies(&mut server, other), 1);
        assert_eq!(bodies(&mut server, own), 1);
    }

    #[test]
    fn a_private_message_is_not_copied_and_arrives_without_the_wish() {
        let mut server = Server::new();
        let own = server.connect_standard("u1", "a");
        let addressed = server.connect_standard("u2", "b");
        let other = server.connect_standard("u2", "c");
        server.ask(other, "set", None, "<enable xmlns='urn:xmpp:carbons:2'/>");
        server.received(other);
        server.received(addressed);
        for wish in ["<private xmlns='urn:xmpp:carbons:2'/>", "<no-copy xmlns='urn:xmpp:hints'/>"] {
            let message =
                chat(&format!("u2@{HOST}/b")).replace("</body>", &format!("</body>{wish}"));
            server.send(own, &message);
            let got = server.received(addressed);
            assert!(got.len() == 1 && !got[0].contains("<private"), "{got:?}");
            assert_eq!(server.received(other), Vec::<String>::new());
        }
    }

    #[test]
    fn messages_pass_between_the_two_kinds_of_account() {
        let mut server = Server::new();
        let standard = server.connect_standard("u1", "a");
        let platform = server.connect("u2", "b");
        server.send(standard, &chat(&format!("u2@{HOST}")));
        assert_eq!(bodies(&mut server, platform), 1);
        server.send(platform, &chat(&format!("u1@{HOST}")));
        assert_eq!(bodies(&mut server, standard), 1);
        server.lose(standard);
        server.send(platform, &chat(&format!("u1@{HOST}")));
        assert!(server.received(platform)[0].contains("<service-unavailable "));
    }

    #[test]
    fn a_message_that_would_arrive_too_large_is_refused_to_its_sender() {
        let mut server = Server::new();
        let own = server.connect_standard("u1", "a");
        let other = server.connect_standard("u2", "b");
        // Nothing but the sender's address is added, and that is too much.
        let head = format!(r#"<message to="u2@{HOST}" xmlns="jabber:client"><body>"#);
        let room = 256 * 1024 - head.len() - "</body></message>".len();
        let message = |length: usize| format!("{head}{}</body></message>", "x".repeat(length));
        server.send(own, &message(room));
        let said = server.received(own);
        assert!(said.len() == 1 && said[0].contains("<policy-violation "), "{said:?}");
        assert_eq!(server.received(other), Vec::<String>::new());
        assert!(!server.is_closed(own));
        server.send(own, &message(room - 100));
        assert_eq!(server.received(other).len(), 1);
    }
}
