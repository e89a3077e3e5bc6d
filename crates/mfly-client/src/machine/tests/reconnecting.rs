//! Connecting again after a lost connection.

use super::*;

#[test]
fn a_lost_connection_is_made_again_with_a_fresh_password_presence_and_carbons() {
    let mut rig = Rig::online();
    rig.lose();
    assert_eq!(
        rig.notices,
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
    assert_eq!(rig.notices, ["state Connected", "connected u1@host.test/Web-1 resumed=false"]);
}

#[test]
fn each_connection_asks_for_a_new_resource_and_equal_seeds_give_equal_sessions() {
    let resource = |rig: &Rig| rig.sent.iter().find(|frame| frame.contains("<resource>")).cloned();
    let run = || {
        let mut rig = Rig::new();
        rig.connect();
        let first = resource(&rig);
        rig.lose();
        let wait = rig.machine.poll_timeout().unwrap() - rig.now;
        rig.pass(SECOND);
        rig.forget();
        rig.connect();
        assert!(first.is_some() && first != resource(&rig));
        (rig.sent, wait)
    };
    assert_eq!(run(), run());
}

#[test]
fn the_session_connects_again_without_end_by_default() {
    let mut rig = Rig::online();
    rig.lose();
    let start = rig.now;
    for attempt in 1..=200 {
        rig.expect_notice(&format!("reconnecting {attempt}"));
        rig.notices.clear();
        rig.pass(60 * SECOND);
        assert_eq!(rig.dials, attempt);
        let refused = cause(std::io::Error::other("refused"));
        rig.input(Input::Disconnected(Loss::ConnectFailed(refused)));
        assert_eq!(rig.notices.len(), 2, "one failure, one announcement: {:?}", rig.notices);
    }
    assert!(rig.now - start >= 200 * 60 * SECOND);
}

#[test]
fn the_session_ends_after_the_allowed_attempts() {
    let mut rig = Rig::online_with(|config| config.reconnect.max_attempts = Some(2));
    rig.lose();
    for _ in 0..2 {
        rig.pass(60 * SECOND);
        rig.lose();
    }
    rig.expect_notice("ended: gave up after 2 attempts");
    assert_eq!(rig.dials, 2);
}

#[test]
fn a_server_that_disconnects_right_after_each_login_is_connected_to_with_back_off() {
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
fn a_replaced_session_ends_and_other_ends_of_the_stream_do_not_end_it() {
    let mut rig = Rig::online();
    rig.receive(&stream_error("conflict", ""));
    rig.expect_notice("ended: replaced by another session");
    rig.pass(600 * SECOND);
    assert_eq!(rig.dials, 0);
    for end in [
        &stream_error("system-shutdown", ""),
        &stream_error("policy-violation", ""),
        &stream_error("made-up", ""),
        r#"<close xmlns="urn:ietf:params:xml:ns:xmpp-framing" />"#,
        r#"<close xmlns="urn:ietf:params:xml:ns:xmpp-framing"/>"#,
        r#"<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'></close>"#,
        r#"<f:close xmlns:f="urn:ietf:params:xml:ns:xmpp-framing" version="1.0"/>"#,
    ] {
        let mut rig = Rig::online();
        rig.receive(end);
        rig.expect_notice("reconnecting 1");
        assert_eq!((rig.disconnects, rig.sent.as_slice()), (1, &[CLOSE.to_owned()][..]), "{end}");
    }
}

#[test]
fn malformed_xml_is_answered_with_its_stream_error_and_ends_the_connection() {
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
        rig.receive(frame);
        assert_eq!(rig.sent, [stream_error(condition, ""), CLOSE.to_owned()], "{condition}");
        assert_eq!(rig.disconnects, 1);
        rig.expect_notice("reconnecting 1");
    }
}

#[test]
fn after_a_push_that_the_own_account_was_blocked_or_deleted_the_next_loss_ends_the_session() {
    let block = |status: u8| {
        format!(
            r#"<message from="host.test"><admin_block block_status="{status}" jid="u1@host.test" chat_type="chat"/></message>"#
        )
    };
    let deleted = r#"<message from="host.test"><user_deleted user="u1@host.test"/></message>"#;
    for (pushes, expected) in [
        (vec![block(1)], "ended: the account is blocked by an administrator"),
        (vec![deleted.to_owned()], "ended: the account was deleted"),
        (vec![block(1), block(0)], "reconnecting 1"),
        (vec![block(1).replace("u1@", "u2@")], "reconnecting 1"),
    ] {
        let mut rig = Rig::online();
        for push in &pushes {
            rig.receive(push);
        }
        rig.expect_notice("push");
        rig.expect_no_notice("ended");
        rig.lose();
        rig.expect_notice(expected);
    }
}

#[test]
fn inputs_of_a_connection_that_was_closed_are_ignored() {
    let mut rig = Rig::online();
    rig.lose();
    rig.forget();
    rig.receive(r#"<presence from="u2@host.test"/>"#);
    rig.input(Input::Disconnected(Loss::Closed(None)));
    assert!(rig.notices.is_empty());
    rig.dialled();
    assert_eq!((rig.disconnects, rig.sent.len()), (1, 0), "this connection was not asked for");
}

fn closed(code: u16, reason: &str) -> Loss {
    Loss::Closed(Some(mfly_transport::Close { code: Some(code), reason: reason.to_owned() }))
}

#[test]
fn a_server_that_refuses_with_retry_after_is_not_connected_to_before() {
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
fn pending_requests_fail_with_the_reason_of_the_loss() {
    let system_shutdown = Input::Frame(stream_error("system-shutdown", "").into());
    for (input, reason) in [
        (
            Input::Disconnected(closed(1008, "too fast")),
            r#"the server closed the connection with code 1008: "too fast""#,
        ),
        (
            Input::Disconnected(Loss::TooLarge(4096)),
            "the server sent a frame of more than 4096 bytes",
        ),
        (Input::Disconnected(Loss::Closed(None)), "the server closed the connection"),
        (system_shutdown, "stream error: system-shutdown"),
    ] {
        let mut rig = Rig::online();
        rig.request(None);
        rig.request(Some("u2@host.test"));
        rig.input(input);
        rig.pass(100 * SECOND);
        let failed: Vec<_> = rig.replies.iter().map(|(id, _)| *id).collect();
        assert_eq!(failed, [0, 1]);
        for (_, outcome) in &rig.replies {
            let Err(RequestFailure::ConnectionLost(cause)) = outcome else {
                panic!("{outcome:?}");
            };
            assert_eq!(cause.to_string(), reason);
        }
    }
}
