//! After a lost connection.

use super::*;

#[test]
fn a_lost_connection_is_made_again_with_a_fresh_password_presence_and_carbons() {
    let mut rig = Rig::online();
    rig.lose();
    assert_eq!(
        rig.news,
        ["disconnected: the server closed the connection", "state Reconnecting", "reconnecting 1"]
    );
    assert_eq!(rig.dials, 0, "the first attempt waits as well");
    rig.pass(SECOND / 2);
    assert_eq!(rig.dials, 1);
    rig.forget();
    rig.connect();
    assert_eq!(rig.tickets.len(), 2);
    assert_eq!(rig.sent[4], PRESENCE);
    assert!(rig.sent[5].contains("urn:xmpp:carbons:2"));
    assert_eq!(rig.news, ["state Connected", "connected u1@host.test/Web-1 resumed=false"]);
}

#[test]
fn each_connection_asks_for_a_new_resource() {
    let resource = |rig: &Rig| rig.sent.iter().find(|frame| frame.contains("<resource>")).cloned();
    let mut rig = Rig::new();
    rig.connect();
    let first = resource(&rig);
    rig.lose();
    rig.pass(SECOND);
    rig.forget();
    rig.connect();
    assert!(first.is_some());
    assert_ne!(first, resource(&rig));
}

#[test]
fn attempts_come_later_and_later_and_never_stop_by_default() {
    let mut rig = Rig::online();
    rig.lose();
    let start = rig.now;
    for attempt in 1..=200 {
        assert!(rig.has_news(&format!("reconnecting {attempt}")));
        rig.news.clear();
        rig.pass(60 * SECOND);
        assert_eq!(rig.dials, attempt);
        let refused = cause(std::io::Error::other("refused"));
        rig.input(Input::Disconnected(Loss::ConnectFailed(refused)));
        assert_eq!(rig.news.len(), 2, "one failure, one announcement: {:?}", rig.news);
    }
    assert!(rig.now - start >= 200 * 60 * SECOND);
}

#[test]
fn a_bounded_policy_ends_the_session_when_used_up() {
    let mut rig = Rig::online_with(|config| config.reconnect.max_attempts = Some(2));
    rig.lose();
    for _ in 0..2 {
        rig.pass(60 * SECOND);
        rig.lose();
    }
    assert!(rig.has_news("ended: gave up after 2 attempts"), "{:?}", rig.news);
    assert_eq!(rig.dials, 2);
}

#[test]
fn a_server_that_throws_everybody_out_at_once_is_not_hammered() {
    let mut rig = Rig::online();
    let start = rig.now;
    for _ in 0..30 {
        rig.lose();
        while rig.dials == 0 {
            rig.pass(SECOND / 10);
        }
        rig.connect();
        rig.forget();
    }
    assert!(rig.now - start > 300 * SECOND, "30 connections within {:?}", rig.now - start);
}

#[test]
fn the_same_seed_gives_the_same_session() {
    let run = || {
        let mut rig = Rig::new();
        rig.connect();
        rig.lose();
        (rig.sent.clone(), rig.machine.poll_timeout().unwrap() - rig.now)
    };
    assert_eq!(run(), run());
}

fn stream_error(condition: &str) -> String {
    format!(
        r#"<stream:error xmlns:stream="http://etherx.jabber.org/streams"><{condition} xmlns="urn:ietf:params:xml:ns:xmpp-streams"/></stream:error>"#
    )
}

#[test]
fn a_replaced_session_ends_and_another_stream_error_does_not_end_it() {
    let mut rig = Rig::online();
    rig.server(&stream_error("conflict"));
    assert!(rig.has_news("ended: replaced by another session"));
    rig.pass(600 * SECOND);
    assert_eq!(rig.dials, 0);
    for condition in ["system-shutdown", "policy-violation", "made-up"] {
        let mut rig = Rig::online();
        rig.server(&stream_error(condition));
        assert!(rig.has_news("reconnecting 1"), "{condition}: {:?}", rig.news);
        assert_eq!((rig.disconnects, rig.sent.as_slice()), (1, &[CLOSE.to_owned()][..]));
    }
}

#[test]
fn the_servers_close_in_any_spelling_is_answered_and_connected_again_after() {
    for close in [
        r#"<close xmlns="urn:ietf:params:xml:ns:xmpp-framing" />"#,
        r#"<close xmlns="urn:ietf:params:xml:ns:xmpp-framing"/>"#,
        r#"<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'></close>"#,
        r#"<f:close xmlns:f="urn:ietf:params:xml:ns:xmpp-framing" version="1.0"/>"#,
    ] {
        let mut rig = Rig::online();
        rig.server(close);
        assert_eq!((rig.disconnects, rig.sent.as_slice()), (1, &[CLOSE.to_owned()][..]), "{close}");
        assert!(rig.has_news("reconnecting 1"));
    }
}

#[test]
fn a_pointer_to_another_server_is_reported_and_not_followed() {
    let mut rig = Rig::only(Framing::WebSocket, |_| {});
    rig.connect();
    rig.forget();
    rig.server(
        r#"<close xmlns="urn:ietf:params:xml:ns:xmpp-framing" see-other-uri="wss://evil.test/"/>"#,
    );
    assert!(rig.has_news("ended: the server moved to wss://evil.test/"));
    rig.pass(600 * SECOND);
    assert_eq!(rig.dials, 0);
}

#[test]
fn malformed_xml_is_complained_about_by_its_class_and_ends_the_connection() {
    for (frame, condition) in [
        ("<message><unclosed></message>", "not-well-formed"),
        ("not xml", "not-well-formed"),
        ("<!DOCTYPE x><message/>", "restricted-xml"),
        ("<message><!-- c --></message>", "restricted-xml"),
        ("<message>&evil;</message>", "restricted-xml"),
        (&"<a>".repeat(40), "not-well-formed"),
        (&format!("<message>{}</message>", "x".repeat(300_000)), "policy-violation"),
    ] {
        let mut rig = Rig::online_with(|config| config.limits.hard_bytes = 300_000);
        rig.server(frame);
        assert_eq!(rig.sent, [stream_error(condition), CLOSE.to_owned()], "{condition}");
        assert_eq!(rig.disconnects, 1);
        assert!(rig.has_news("reconnecting 1"));
    }
}

#[test]
fn an_own_account_that_was_blocked_or_deleted_is_not_connected_again() {
    let block = |status: u8| {
        format!(
            r#"<message from="host.test"><admin_block block_status="{status}" jid="u1@host.test" chat_type="chat"/></message>"#
        )
    };
    let deleted = r#"<message from="host.test"><user_deleted user="u1@host.test"/></message>"#;
    for (notice, end) in [
        (block(1), "ended: the account is blocked by an administrator"),
        (deleted.to_owned(), "ended: the account was deleted"),
    ] {
        let mut rig = Rig::online();
        rig.server(&notice);
        assert!(rig.has_news("push") && !rig.has_news("ended"), "the news alone ends nothing");
        rig.lose();
        assert!(rig.has_news(end), "{:?}", rig.news);
    }
    for notices in [vec![block(1), block(0)], vec![block(1).replace("u1@", "u2@")]] {
        let mut rig = Rig::online();
        for notice in notices {
            rig.server(&notice);
        }
        rig.lose();
        assert!(rig.has_news("reconnecting 1"), "{:?}", rig.news);
    }
}

#[test]
fn what_comes_from_a_connection_that_was_let_go_is_ignored() {
    let mut rig = Rig::online();
    rig.lose();
    rig.forget();
    rig.server(r#"<presence from="u2@host.test"/>"#);
    rig.input(Input::Disconnected(Loss::Closed(None)));
    assert!(rig.news.is_empty());
    rig.dialled();
    assert_eq!((rig.disconnects, rig.sent.len()), (1, 0), "an unasked-for connection is let go");
}

/// How long after a loss for this reason the next attempt begins.
fn wait_after(loss: Loss) -> Duration {
    let mut rig = Rig::online();
    rig.input(Input::Disconnected(loss));
    let lost_at = rig.now;
    while !rig.dialling() {
        rig.pass(SECOND / 10);
    }
    rig.now - lost_at
}

#[test]
fn what_the_server_says_when_it_closes_decides_how_soon_the_session_comes_back() {
    let closed = |code| {
        Loss::Closed(Some(mfly_transport::Close {
            code: Some(code),
            reason: "maintenance".to_owned(),
        }))
    };
    assert!(wait_after(closed(1001)) <= SECOND);
    let restart = wait_after(closed(1012));
    assert!(restart >= 5 * SECOND && restart <= 31 * SECOND, "{restart:?}");
    let later = wait_after(closed(1013));
    assert!(later >= 30 * SECOND && later <= 61 * SECOND, "{later:?}");
}

#[test]
fn a_server_that_refuses_and_says_when_to_come_back_is_not_dialled_before() {
    let mut rig = Rig::online();
    rig.lose();
    rig.pass(SECOND);
    assert!(rig.dialling());
    let refused = mfly_transport::TransportError::Handshake {
        status: Some(503),
        reason: "busy".into(),
        retry_after: Some(120 * SECOND),
    };
    rig.input(Input::Disconnected(Loss::ConnectFailed(cause(refused))));
    rig.pass(119 * SECOND);
    assert!(!rig.dialling());
    rig.pass(13 * SECOND);
    assert!(rig.dialling());
}

#[test]
fn requests_that_are_out_are_told_what_the_server_said() {
    let mut rig = Rig::online();
    rig.ask(None);
    rig.input(Input::Disconnected(Loss::Closed(Some(mfly_transport::Close {
        code: Some(1008),
        reason: "too fast".to_owned(),
    }))));
    let told = DisconnectReason::WebSocketClosed { code: 1008, reason: "too fast".to_owned() };
    assert_eq!(rig.replies, [(0, Err(lost_because(told)))]);

    let mut rig = Rig::online();
    rig.ask(None);
    rig.input(Input::Disconnected(Loss::TooLarge(4096)));
    let told = DisconnectReason::FrameTooLarge { limit: 4096 };
    assert_eq!(rig.replies, [(0, Err(lost_because(told)))]);

    let mut rig = Rig::online();
    rig.ask(None);
    rig.server(&stream_error("system-shutdown"));
    let [(0, Err(RequestFailure::ConnectionLost(told)))] = &rig.replies[..] else {
        panic!("{:?}", rig.replies);
    };
    assert!(matches!(**told, DisconnectReason::StreamError(_)), "{told}");
}
