//! Is the server still there?

use super::*;

#[test]
fn a_silent_server_is_asked_after_thirty_seconds_and_given_up_ten_later() {
    let mut rig = Rig::online();
    rig.pass(29 * SECOND);
    assert_eq!(rig.sent.len(), 0);
    rig.pass(SECOND);
    let ping = rig.sent.last().unwrap();
    assert!(
        ping.ends_with(r#" type="get" xmlns="jabber:client"><ping xmlns="urn:xmpp:ping"/></iq>"#),
        "{ping}"
    );
    rig.pass(9 * SECOND);
    assert_eq!(rig.disconnects, 0);
    rig.pass(SECOND);
    assert_eq!(rig.disconnects, 1);
    assert!(rig.has_news("disconnected: the server fell silent"));
    assert!(rig.has_news("reconnecting 1"));
    assert!(!rig.sent.contains(&CLOSE.to_owned()), "a dead connection is dropped, not closed");
}

#[test]
fn an_answered_ping_keeps_the_connection_and_is_no_news() {
    let mut rig = Rig::online();
    for round in 1..=100 {
        rig.pass(30 * SECOND);
        assert_eq!(rig.sent.len(), round);
        rig.pass(5 * SECOND);
        let pong = answer_to(rig.sent.last().unwrap());
        rig.server(&pong);
    }
    assert_eq!(rig.disconnects, 0);
    assert!(rig.news.is_empty());
}

#[test]
fn even_a_refused_ping_is_a_sign_of_life() {
    let mut rig = Rig::online();
    rig.pass(30 * SECOND);
    let refusal = answer_to(rig.sent.last().unwrap()).replace("result", "error");
    rig.server(&refusal);
    rig.pass(29 * SECOND);
    assert_eq!((rig.disconnects, rig.sent.len()), (0, 1));
}

#[test]
fn anything_heard_puts_the_question_off_even_white_space() {
    let mut rig = Rig::online();
    for _ in 0..10 {
        rig.pass(29 * SECOND);
        rig.server(" \n");
    }
    assert!(rig.sent.is_empty());
    assert!(rig.news.is_empty());
    rig.pass(30 * SECOND);
    assert_eq!(rig.sent.len(), 1);
}

#[test]
fn other_times_can_be_asked_for() {
    let keepalive = KeepaliveConfig { idle: 2 * SECOND, answer: SECOND };
    let mut rig = Rig::online_with(|config| config.keepalive = keepalive);
    rig.pass(3 * SECOND);
    assert!(rig.has_news("disconnected: the server fell silent"));
}

#[test]
fn a_keepalive_that_is_never_due_is_taken_as_it_is() {
    let keepalive = KeepaliveConfig { idle: Duration::MAX, answer: Duration::MAX };
    let mut rig = Rig::online_with(|config| config.keepalive = keepalive);
    rig.pass(3_000_000 * SECOND);
    assert!(rig.sent.is_empty() && rig.news.is_empty());
}

#[test]
fn a_keepalive_without_any_silence_does_not_ping_as_fast_as_the_server_answers() {
    let keepalive = KeepaliveConfig { idle: Duration::ZERO, ..KeepaliveConfig::default() };
    let mut rig = Rig::online_with(|config| config.keepalive = keepalive);
    for _ in 0..100 {
        rig.server("<presence/>");
        rig.pass(Duration::from_micros(10));
    }
    assert_eq!(rig.sent.len(), 0);
    rig.pass(SECOND);
    assert_eq!(rig.sent.len(), 1);
}

#[test]
fn a_server_that_talks_but_answers_no_ping_costs_no_memory() {
    let keepalive = KeepaliveConfig { idle: SECOND, answer: Duration::MAX };
    let mut rig = Rig::online_with(|config| {
        config.keepalive = keepalive;
        config.max_requests = 20;
    });
    for _ in 0..100 {
        rig.pass(SECOND);
        rig.server("<presence/>");
    }
    assert_eq!(rig.sent.len(), 100);
    let request = rig.ask(None);
    assert!(rig.replies.is_empty(), "no place left for {request:?}");
}
