//! Detection of dead connections, and of servers that send data but answer nothing.

use super::*;

const PRESENCE_OF_CONTACT: &str = r#"<presence from="u2@host.test"/>"#;

/// Advances the clock while the server sends a presence every five seconds.
fn pass_with_presence(rig: &mut Rig, time: Duration) {
    let until = rig.now + time;
    while rig.now < until {
        rig.pass(5 * SECOND);
        rig.receive(PRESENCE_OF_CONTACT);
    }
}

fn pings(rig: &Rig) -> Vec<&String> {
    let is_ping = |frame: &&String| frame.contains("urn:xmpp:ping");
    rig.sent.iter().filter(is_ping).collect()
}

#[test]
fn a_silent_server_is_pinged_after_thirty_seconds_and_disconnected_ten_later() {
    let mut rig = Rig::online();
    rig.pass(29 * SECOND);
    assert_eq!(rig.sent.len(), 0);
    rig.pass(SECOND);
    let ping = r#" type="get" xmlns="jabber:client"><ping xmlns="urn:xmpp:ping"/></iq>"#;
    assert!(rig.last().ends_with(ping), "{}", rig.last());
    rig.pass(9 * SECOND);
    assert_eq!(rig.disconnects, 0);
    rig.pass(SECOND);
    assert_eq!(rig.disconnects, 1);
    rig.expect_notice("disconnected: the server fell silent");
    rig.expect_notice("reconnecting 1");
    assert!(!rig.sent.contains(&CLOSE.to_owned()), "no frame is sent on a dead connection");
}

#[test]
fn an_answered_or_refused_ping_keeps_the_connection_and_gives_no_notice() {
    let mut rig = Rig::online();
    for round in 1..=100 {
        rig.pass(30 * SECOND);
        assert_eq!(rig.sent.len(), round);
        rig.pass(5 * SECOND);
        let kind = if round % 2 == 0 { "result" } else { "error" };
        let pong = answer_to(rig.last()).replace("result", kind);
        rig.receive(&pong);
    }
    assert_eq!(rig.disconnects, 0);
    assert!(rig.notices.is_empty());
}

#[test]
fn any_data_of_the_server_puts_the_ping_off_even_white_space() {
    let mut rig = Rig::online();
    for _ in 0..10 {
        rig.pass(29 * SECOND);
        rig.receive(" \n");
    }
    assert!(rig.sent.is_empty() && rig.notices.is_empty());
    rig.pass(30 * SECOND);
    assert_eq!(rig.sent.len(), 1);
}

#[test]
fn the_times_can_be_configured_and_may_be_endless() {
    let online = |idle, answer| {
        Rig::online_with(|config| config.keepalive = KeepaliveConfig { idle, answer })
    };
    let mut rig = online(2 * SECOND, SECOND);
    rig.pass(3 * SECOND);
    rig.expect_notice("disconnected: the server fell silent");

    let mut rig = online(Duration::MAX, Duration::MAX);
    rig.pass(3_000_000 * SECOND);
    assert!(rig.sent.is_empty() && rig.notices.is_empty());

    // Without a least silence, it would ping as fast as the server answers.
    let mut rig = online(Duration::ZERO, 10 * SECOND);
    for _ in 0..100 {
        rig.receive("<presence/>");
        rig.pass(Duration::from_micros(10));
    }
    assert_eq!(rig.sent.len(), 0);
    rig.pass(SECOND);
    assert_eq!(rig.sent.len(), 1);
}

#[test]
fn pings_without_answers_cost_no_memory_while_the_server_sends_data() {
    let mut rig = Rig::online_with(|config| {
        config.keepalive = KeepaliveConfig { idle: SECOND, answer: Duration::MAX };
        config.max_requests = 20;
    });
    for _ in 0..100 {
        rig.pass(SECOND);
        rig.receive("<presence/>");
    }
    assert_eq!(rig.sent.len(), 100);
    let request = rig.request(None);
    assert!(rig.replies.is_empty(), "no place left for {request:?}");
}

#[test]
fn after_a_request_timed_out_only_the_answer_to_a_ping_keeps_the_connection() {
    let mut rig = Rig::online();
    rig.request(None);
    pass_with_presence(&mut rig, 15 * SECOND);
    assert_eq!(rig.replies, [(0, Err(RequestFailure::TimedOut))]);
    assert_eq!(pings(&rig).len(), 1, "{:?}", rig.sent);
    pass_with_presence(&mut rig, 5 * SECOND);
    assert_eq!(rig.disconnects, 0);
    rig.request(None);
    pass_with_presence(&mut rig, 5 * SECOND);
    assert_eq!(rig.disconnects, 1);
    rig.expect_notice("disconnected: the server answers no request, not even a ping");
    let lost = lost_because(DisconnectReason::PeerUnresponsive);
    assert_eq!(rig.replies[1..], [(1, Err(lost))]);
    rig.expect_notice("reconnecting 1");
}

#[test]
fn a_server_that_answers_or_refuses_the_ping_is_pinged_again_after_the_next_time_out() {
    let mut rig = Rig::online();
    for (round, kind) in ["result", "error", "result"].into_iter().enumerate() {
        rig.request(None);
        pass_with_presence(&mut rig, 15 * SECOND);
        assert_eq!(pings(&rig).len(), round + 1);
        let pong = answer_to(pings(&rig)[round]).replace("result", kind);
        rig.receive(&pong);
        pass_with_presence(&mut rig, 60 * SECOND);
    }
    assert_eq!(rig.disconnects, 0);
}

#[test]
fn many_requests_that_time_out_cause_one_ping() {
    let mut rig = Rig::online();
    for _ in 0..20 {
        rig.request(None);
        rig.pass(SECOND / 10);
    }
    pass_with_presence(&mut rig, 15 * SECOND);
    rig.pass(3 * SECOND);
    assert_eq!(rig.replies.len(), 20);
    assert_eq!(pings(&rig).len(), 1);
}

#[test]
fn the_ping_may_take_as_long_as_the_keepalive_allows() {
    let keepalive = KeepaliveConfig { answer: 40 * SECOND, ..KeepaliveConfig::default() };
    let mut rig = Rig::online_with(|config| config.keepalive = keepalive);
    rig.request(None);
    pass_with_presence(&mut rig, 50 * SECOND);
    assert_eq!(rig.disconnects, 0);
    pass_with_presence(&mut rig, 5 * SECOND);
    assert_eq!(rig.disconnects, 1);
}

#[test]
fn a_check_of_the_app_closes_the_connection_when_it_is_not_answered() {
    let mut rig = Rig::online();
    rig.request(None);
    rig.request_with(None, |request| {
        request.is_check = true;
        request.deadline -= 10 * SECOND;
    });
    pass_with_presence(&mut rig, 5 * SECOND);
    let lost = || Err(lost_because(DisconnectReason::PeerUnresponsive));
    assert_eq!(rig.replies, [(1, lost()), (0, lost())]);
    assert_eq!(rig.disconnects, 1);
}

#[test]
fn a_cancelled_request_causes_no_ping() {
    let mut rig = Rig::online();
    rig.request(None);
    rig.cancel(0);
    pass_with_presence(&mut rig, 60 * SECOND);
    assert_eq!(pings(&rig).len(), 0);
}

#[test]
fn an_answer_that_is_read_after_the_deadline_but_before_the_time_out_counts() {
    let mut rig = Rig::online();
    let id = rig.request(None);
    rig.pass(29 * SECOND / 2);
    rig.now += 100 * SECOND;
    rig.answer(&id);
    rig.input(Input::Timeout);
    assert!(matches!(rig.replies[..], [(0, Ok(_))]), "{:?}", rig.replies);

    rig.pass(30 * SECOND);
    let pong = answer_to(rig.last());
    rig.now += 100 * SECOND;
    rig.receive(&pong);
    rig.input(Input::Timeout);
    assert_eq!(rig.disconnects, 0);
}
