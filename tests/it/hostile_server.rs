//! Servers and users that send stanzas that a client must not accept.
//!
//! Which sender may push what, which answer counts and what exceeds a limit is decided by the
//! session machine, and proven by its own tests.

use mfly_client::{
    ConnectionState, DisconnectReason, ErrorKind, Event, Events, ExceededLimit, ReceiveLimits,
    Session,
};
use mfly_tests::env::{quick_reconnect, user};
use mfly_tests::stub::HOST;
use mfly_tests::wait::wait_for_disconnection;
use mfly_tests::{Peer, ScriptedServer, both, within};
use std::path::Path;

async fn online() -> (ScriptedServer, Session, Events, Peer) {
    let server = ScriptedServer::start().await;
    let (session, mut events, mut peer) =
        server.connect_with(|r| r.reconnect(quick_reconnect())).await;
    peer.drain(&mut events).await;
    (server, session, events, peer)
}

/// Sends these frames, and checks that each becomes an event of an unknown stanza and nothing else.
async fn assert_unknown(events: &mut Events, peer: &mut Peer, frames: &[String]) {
    for frame in frames {
        peer.send(frame.clone()).await;
        let drained = peer.drain(events).await;
        let [Event::UnknownStanza(stanza)] = &drained[..] else {
            panic!("{drained:?} for {frame}");
        };
        assert_eq!(stanza.as_str(), frame);
        let shown = format!("{:?}", drained[0]);
        assert!(!shown.contains("Sealed"), "{shown}");
        assert!(drained[0].official().is_empty());
    }
}

/// Texts that restricted XML refuses, without those that are not UTF-8.
fn refused_texts() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/mfly-proto/fixtures/reject");
    let mut texts = Vec::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if let Ok(text) = std::fs::read_to_string(&path) {
            texts.push((name, text));
        }
    }
    texts.sort();
    assert!(texts.len() > 80, "{}", texts.len());
    texts
}

#[tokio::test]
async fn malformed_xml_of_every_kind_ends_the_connection_and_the_session_reconnects() {
    let (server, session, mut events, mut peer) = online().await;
    for (name, text) in refused_texts() {
        // White space alone only keeps a connection alive.
        if text.trim_ascii().is_empty() {
            peer.send(text).await;
            assert_eq!(peer.drain(&mut events).await, [], "{name}");
            continue;
        }
        peer.send(text).await;
        let rest = peer.receive_rest().await;
        let [error, close] = &rest[..] else { panic!("{name}: {rest:?}") };
        assert!(error.starts_with("<stream:error "), "{name}: {error}");
        assert!(close.starts_with("<close "), "{name}: {close}");
        let reason = wait_for_disconnection(&mut events).await;
        assert!(matches!(reason, DisconnectReason::MalformedXml(_)), "{name}: {reason:?}");
        peer = server.accept_online().await;
        peer.drain(&mut events).await;
    }
    assert_eq!(session.state(), ConnectionState::Connected);
}

#[tokio::test]
async fn a_stanza_that_exceeds_a_limit_is_skipped_and_one_beyond_the_hard_limit_is_not_received() {
    let server = ScriptedServer::start().await;
    let mut limits = ReceiveLimits::default();
    limits.iq.bytes = 100_000;
    limits.stanza.bytes = 100_000;
    limits.hard_bytes = 200_000;
    let (session, mut events, mut peer) =
        server.connect_with(|request| request.reconnect(quick_reconnect()).limits(limits)).await;
    peer.drain(&mut events).await;
    let (from, content) = (format!("mallory@{HOST}/x"), "x".repeat(100_000));
    peer.send(format!(
        r#"<message xmlns="jabber:client" from="{from}" id="m1" type="chat">{content}</message>"#
    ))
    .await;
    let drained = peer.drain(&mut events).await;
    let [Event::StanzaSkipped(skipped)] = &drained[..] else { panic!("{drained:?}") };
    assert_eq!((skipped.limit, skipped.name.as_str()), (ExceededLimit::Bytes(100_000), "message"));
    assert_eq!(skipped.sender().unwrap().as_str(), from);
    assert_eq!((skipped.id.as_deref(), skipped.kind.as_deref()), (Some("m1"), Some("chat")));

    let script = async {
        let answer = format!(r#"<query xmlns="jabber:iq:roster">{content}</query>"#);
        peer.answer_next("jabber:iq:roster", &answer).await;
    };
    let (list, ()) = both(session.friends(), script).await;
    let too_large = ErrorKind::AnswerTooLarge {
        limit: ExceededLimit::Bytes(100_000),
        setting: Some("ReceiveLimits::iq.bytes"),
    };
    assert_eq!(*list.unwrap_err().kind(), too_large);

    peer.try_send(format!("<message>{}</message>", "x".repeat(1 << 20))).await;
    let reason = wait_for_disconnection(&mut events).await;
    assert!(matches!(reason, DisconnectReason::FrameTooLarge { .. }), "{reason:?}");
    server.accept_online().await.drain(&mut events).await;
}

#[tokio::test]
async fn an_answer_counts_only_from_the_entity_that_was_asked() {
    let (_server, session, mut events, mut peer) = online().await;
    let target = user("u2");
    let script = async {
        let id = peer.receive_request("jabber:iq:last").await;
        let answer = |from: &str, seconds: u32| {
            format!(
                r#"<iq xmlns="jabber:client" from="{from}" id="{id}" type="result"><query xmlns="jabber:iq:last" seconds="{seconds}"/></iq>"#
            )
        };
        let forged = [format!("u3@{HOST}"), HOST.to_owned(), format!("u1@{HOST}")];
        let forged = forged.map(|from| answer(&from, 1));
        assert_unknown(&mut events, &mut peer, &forged).await;
        peer.send(answer(&format!("u2@{HOST}"), 903)).await;
    };
    let (seen, ()) = both(session.last_seen(&target), script).await;
    assert_eq!(seen.unwrap().seconds, 903);
}

#[tokio::test]
async fn a_push_that_its_sender_may_not_send_is_an_unknown_stanza() {
    let (_server, session, mut events, mut peer) = online().await;
    let text = include_str!("../fixtures/forged_pushes.xml").replace("{host}", HOST);
    let forged: Vec<_> = text.lines().map(str::to_owned).collect();
    assert_eq!(forged.len(), 12);
    assert_unknown(&mut events, &mut peer, &forged).await;
    assert_eq!(session.state(), ConnectionState::Connected);
}

#[tokio::test]
async fn an_unknown_stanza_is_an_event_and_changes_nothing() {
    let (_server, session, mut events, mut peer) = online().await;
    let frames = [
        r#"<message xmlns="jabber:client" from="u2@xmpp.example.test/W" id="m1" type="chat"><body>Sealed</body></message>"#,
        r#"<message xmlns="jabber:client" type="error" from="u2@xmpp.example.test"><user_deleted user="u2@xmpp.example.test"/></message>"#,
        r#"<unknown xmlns="urn:example:of"/>"#,
        r#"<success xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>"#,
        r#"<presence xmlns="jabber:client" type="bogus" from="u2@xmpp.example.test"/>"#,
    ];
    assert_unknown(&mut events, &mut peer, &frames.map(str::to_owned)).await;
    assert_eq!(session.state(), ConnectionState::Connected);
}

#[tokio::test]
async fn white_space_in_a_push_does_not_change_its_meaning() {
    // White space before the item makes it an unblock to the official SDK.
    let (_server, _session, mut events, mut peer) = online().await;
    peer.send(format!(
        "<iq xmlns=\"jabber:client\" from=\"u1@{HOST}\" id=\"p\" type=\"set\">\n<block xmlns=\"urn:xmpp:blocking\">\n<item jid=\"u2@{HOST}\"/>\n</block></iq>"
    ))
    .await;
    let drained = peer.drain(&mut events).await;
    assert!(matches!(&drained[..], [Event::Blocked { .. }]), "{drained:?}");
}

#[tokio::test]
async fn a_stream_that_is_opened_twice_is_closed() {
    let (server, _session, mut events, mut peer) = online().await;
    peer.send(r#"<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" version="1.0"/>"#).await;
    let reason = wait_for_disconnection(&mut events).await;
    assert!(matches!(reason, DisconnectReason::ProtocolViolation(_)), "{reason:?}");
    server.accept_online().await;
}

#[tokio::test]
async fn a_flood_of_unread_events_neither_grows_nor_blocks() {
    let (_server, session, mut events, mut peer) = online().await;
    for number in 0..20_000 {
        peer.send(format!(
            r#"<message xmlns="jabber:client" from="u2@{HOST}" id="{number}"><body>spam</body></message>"#
        ))
        .await;
    }
    let answer = peer.answer_next("user_settings", r#"<query xmlns="jabber:iq:user_activities"/>"#);
    both(session.settings(), answer).await.0.unwrap();
    let first = within("an event", events.next()).await.unwrap();
    assert_eq!(first, Event::Lagged(20_000 - 256));
}
