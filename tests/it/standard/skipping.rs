//! What strangers send that exceeds a limit, over every way to a server.

use super::*;
use mfly_client::{ConnectionState, ExceededLimit, ReceiveLimits};
use mfly_tests::wait::expect_event;

/// Sends this to every connection of `alice`.
fn inject(server: &TestServer, stanza: String) {
    assert_eq!(server.fault().connections_of("alice").send(stanza), 1);
}

#[tokio::test]
async fn what_exceeds_a_limit_is_told_and_the_next_message_arrives() {
    let server = start(|builder| builder).await;
    let attributes: String = (0..65).map(|n| format!(" a{n}=''")).collect();
    for way in WAYS {
        let alice = connect(&account(&server, "alice", way)).await;
        let mut events = alice.events();
        for (content, limit) in [
            ("<span>".repeat(40) + &"</span>".repeat(40), ExceededLimit::Depth(32)),
            (format!("<a{attributes}/>"), ExceededLimit::Attributes(64)),
            ("<b/>".repeat(4_097), ExceededLimit::Children(4_096)),
            ("x".repeat(300_000), ExceededLimit::Bytes(262_144)),
        ] {
            let start = "<message xmlns='jabber:client' from='m@evil.example.test/x'";
            inject(&server, format!("{start} id='m1'>{content}</message>"));
            inject(&server, format!("{start}><body>next</body></message>"));
            let skipped = expect_event(&mut events, "what was skipped", |event| match event {
                Event::StanzaSkipped(skipped) => Some(skipped.clone()),
                Event::Disconnected { reason } => panic!("{way:?}: {reason}"),
                _ => None,
            })
            .await;
            assert_eq!(skipped.limit, limit, "{way:?}");
            assert_eq!(skipped.sender().unwrap().as_str(), "m@evil.example.test/x");
            assert_eq!(skipped.id.as_deref(), Some("m1"));
            let next = expect_event(&mut events, "the next message", |event| match event {
                Event::Message(message) => Some(message.body.clone()),
                Event::Disconnected { reason } => panic!("{way:?}: {reason}"),
                _ => None,
            })
            .await;
            assert_eq!(next.as_deref(), Some("next"));
        }
        assert_eq!(alice.state(), ConnectionState::Connected);
        alice.close().await;
    }
}

#[tokio::test]
async fn what_is_below_the_hard_limit_is_read_past_and_what_is_above_ends_the_connection() {
    let server = start(|builder| builder).await;
    for way in [Way::DirectTls, Way::WebSocket] {
        let mut limits = ReceiveLimits::default();
        limits.iq.bytes = 256 * 1024;
        limits.hard_bytes = 6 * 1024 * 1024;
        let alice = connect(&account(&server, "alice", way).limits(limits)).await;
        let mut events = alice.events();
        let of = |mebibytes: usize| {
            let text = "x".repeat(mebibytes * 1024 * 1024);
            format!("<message xmlns='jabber:client' from='m@evil.example.test'>{text}</message>")
        };
        inject(&server, of(5));
        let is_skipped = |event: &Event| matches!(event, Event::StanzaSkipped(_)).then_some(());
        expect_event(&mut events, "what was skipped", is_skipped).await;
        inject(&server, of(7));
        let is_lost = |event: &Event| matches!(event, Event::Disconnected { .. }).then_some(());
        expect_event(&mut events, "the loss", is_lost).await;
        expect_event(&mut events, "the connection", is_connected).await;
        alice.close().await;
    }
}
