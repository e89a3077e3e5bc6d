//! Messages between users. Their content is opaque to the server.
//!
//! Nothing is stored. A message for a platform account without a session is dropped; one for a
//! standard account is returned with `service-unavailable`.

use super::{carbons, standard};
use crate::core::relay;
use crate::core::world::{StandardAccount, StreamId, World};
use mfly_proto::jid::{FullJid, Jid, UserId};
use mfly_proto::stanza::{ErrorCondition, Message, MessageKind, StanzaError};
use std::collections::BTreeSet;

/// Routes a message from the session of `stream`.
pub(crate) fn receive(world: &mut World, stream: StreamId, message: &Message<'_>) {
    let Some(session) = world.session(stream) else {
        return;
    };
    let (sender, from) = (session.user.clone(), session.jid.clone());
    let to = message.to.clone().unwrap_or_else(|| from.bare().into());
    match route(world, &sender, &from, &to, message) {
        Ok(mut reached) => {
            // A platform account's message to itself is not copied.
            let is_own = world.local_user(&to).as_ref() == Some(&sender);
            let is_platform = world.user(&sender).is_some();
            if carbons::wants_copies(message) && !(is_own && is_platform) {
                reached.insert(stream);
                let addresses = (from.as_str(), to.as_str());
                carbons::copy(world, &sender, &reached, "sent", message, addresses);
            }
        }
        // An error is never answered.
        Err(_) if message.kind == MessageKind::Error => {}
        Err(error) => {
            let stanza = ("message", message.id.as_deref());
            relay::refuse(world, stream, stanza, Some(&to), &error);
        }
    }
}

/// Delivers a message. Returns the sessions that it reached.
fn route(
    world: &mut World,
    sender: &UserId,
    from: &FullJid,
    to: &Jid,
    message: &Message<'_>,
) -> Result<BTreeSet<StreamId>, StanzaError> {
    let recipient =
        world.local_user(to).ok_or_else(|| StanzaError::new(relay::unreachable(world, to)))?;
    // XEP-0191 §3.2: the sender is told of its own block, and not of the recipient's.
    let is_blocked = |own: &StandardAccount| recipient != *sender && own.blocks(to);
    if world.has_blocked(sender, &recipient) || world.standard(sender).is_some_and(is_blocked) {
        return Err(StanzaError::new(ErrorCondition::NotAcceptable));
    }
    if world.standard(&recipient).is_some() {
        return standard::message::arrive(world, &recipient, from, to, message);
    }
    if world.user(&recipient).is_none() || message.kind == MessageKind::Groupchat {
        return Err(StanzaError::new(ErrorCondition::ServiceUnavailable));
    }
    if world.has_blocked(&recipient, sender) {
        return Ok(BTreeSet::new());
    }
    arrive(world, &recipient, from, to, message)
}

/// Delivers a message to a platform account. Returns the sessions that it reached.
fn arrive(
    world: &mut World,
    recipient: &UserId,
    from: &FullJid,
    to: &Jid,
    message: &Message<'_>,
) -> Result<BTreeSet<StreamId>, StanzaError> {
    let stanza = relay::stanza(message.element(), from.as_str(), to.as_str())?;
    let sender = world.stream_at(from);
    // A resource that is gone counts as none (RFC 6121 §8.5.3.2.1).
    let addressed = to.resource().and_then(|_| world.stream_at(to));
    let reached: BTreeSet<_> = match addressed {
        Some(only) => [only].into(),
        None => {
            let all = world.streams_of(recipient).into_iter();
            all.filter(|stream| Some(*stream) != sender).collect()
        }
    };
    for stream in &reached {
        world.send(*stream, stanza.clone());
    }
    let is_own = world.local_user(from).as_ref() == Some(recipient);
    if addressed.is_some() && carbons::wants_copies(message) && !is_own {
        let addresses = (from.as_str(), to.as_str());
        carbons::copy(world, recipient, &reached, "received", message, addresses);
    }
    Ok(reached)
}

#[cfg(test)]
mod tests {
    use crate::core::testing::{HOST, Server, id};
    use mfly_proto::xml::{Limits, Parser};

    fn chat(to: &str) -> String {
        format!(
            r#"<message id="m1" to="{to}" type="chat" xmlns="jabber:client"><body message_type="text">SEALED</body></message>"#
        )
    }

    #[test]
    fn a_message_reaches_every_session_of_the_recipient_with_the_true_sender() {
        let mut server = Server::new();
        let own = server.connect("u1", "a");
        let one = server.connect("u2", "b");
        let two = server.connect("u2", "c");
        server.received(one);
        server.send(own, &chat(&format!("u2@{HOST}")));
        for stream in [one, two] {
            let got = server.received(stream);
            assert_eq!(got.len(), 1, "{got:?}");
            let mut parser = Parser::new(Limits::default());
            let message = parser.parse(got[0].as_bytes()).unwrap();
            assert_eq!(message.attr("from").unwrap(), format!("u1@{HOST}/a"));
            assert_eq!(message.attr("to").unwrap(), format!("u2@{HOST}"));
            assert_eq!(message.attr("id").unwrap(), "m1");
            assert_eq!(message.child_named("body").unwrap().text(), "SEALED");
        }
    }

    #[test]
    fn the_senders_other_sessions_get_a_sent_carbon_if_they_asked_for_copies() {
        let mut server = Server::new();
        server.register("u2");
        let own = server.connect("u1", "a");
        let with = server.connect("u1", "b");
        let without = server.bound("u1", "c");
        server.send(own, &chat(&format!("u2@{HOST}")));
        let copies = server.received(with);
        assert_eq!(copies.len(), 1, "{copies:?}");
        assert!(copies[0].starts_with(&format!(
            r#"<message from="u1@{HOST}" to="u1@{HOST}/b" type="chat" xmlns="jabber:client"><sent xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0"><message from="u1@{HOST}/a" to="u2@{HOST}" "#
        )), "{copies:?}");
        assert_eq!(server.received(without), Vec::<String>::new());
    }

    #[test]
    fn a_message_for_one_session_goes_there_and_the_others_get_a_received_carbon() {
        let mut server = Server::new();
        let own = server.connect("u1", "a");
        let addressed = server.connect("u2", "b");
        let other = server.connect("u2", "c");
        server.received(addressed);
        server.send(own, &chat(&format!("u2@{HOST}/b")));
        assert!(server.received(addressed)[0].starts_with("<message from=\"u1@"));
        assert!(server.received(other)[0].contains("<received xmlns=\"urn:xmpp:carbons:2\">"));
        server.lose(addressed);
        server.received(other);
        server.send(own, &chat(&format!("u2@{HOST}/b")));
        let got = server.received(other);
        assert!(got.len() == 1 && !got[0].contains("carbons"), "{got:?}");
    }

    #[test]
    fn a_private_message_and_a_forged_carbon_are_not_copied() {
        let mut server = Server::new();
        server.register("u2");
        let own = server.connect("u1", "a");
        let other = server.connect("u1", "b");
        server.received(own);
        for content in
            ["<private xmlns='urn:xmpp:carbons:2'/>", "<sent xmlns='urn:xmpp:carbons:2'/>"]
        {
            server.send(
                own,
                &format!("<message to='u2@{HOST}' type='chat'><body>x</body>{content}</message>"),
            );
        }
        assert_eq!(server.received(other), Vec::<String>::new());
    }

    #[test]
    fn a_blocker_is_told_that_a_message_is_not_delivered_and_a_blocked_sender_is_not() {
        let mut server = Server::new();
        let own = server.connect("u1", "a");
        let blocked = server.connect("u2", "b");
        server.core.world_mut().user_mut(&id("u1")).unwrap().blocked.insert(id("u2"));
        server.received(own);
        server.send(blocked, &chat(&format!("u1@{HOST}")));
        assert_eq!(server.received(blocked), Vec::<String>::new());
        assert_eq!(server.received(own), Vec::<String>::new());
        server.send(own, &chat(&format!("u2@{HOST}")));
        assert_eq!(
            server.received(own),
            [format!(
                r#"<message from="u2@{HOST}" id="m1" to="u1@{HOST}/a" type="error" xmlns="jabber:client"><error type="modify"><not-acceptable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></message>"#
            )]
        );
        assert_eq!(server.received(blocked), Vec::<String>::new());
    }

    #[test]
    fn a_message_to_an_unknown_account_is_refused_and_an_error_is_never_answered() {
        let mut server = Server::new();
        let own = server.connect("u1", "a");
        for (to, condition) in [
            (format!("nobody@{HOST}"), "service-unavailable"),
            (format!("g1@mix.{HOST}"), "service-unavailable"),
            (HOST.to_owned(), "service-unavailable"),
            ("u2@elsewhere.test".to_owned(), "remote-server-not-found"),
        ] {
            server.send(own, &chat(&to));
            let said = server.received(own);
            assert!(said[0].contains(&format!("<{condition} ")), "{to}: {said:?}");
            server.send(own, &chat(&to).replace(r#"type="chat""#, r#"type="error""#));
            assert_eq!(server.received(own), Vec::<String>::new());
        }
    }

    #[test]
    fn a_message_to_oneself_reaches_the_other_sessions_once() {
        let mut server = Server::new();
        let own = server.connect("u1", "a");
        let other = server.connect("u1", "b");
        server.received(own);
        server.send(own, &chat(&format!("u1@{HOST}")));
        assert_eq!(server.received(other).len(), 1);
        assert_eq!(server.received(own), Vec::<String>::new());
    }
}
