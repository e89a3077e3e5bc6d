//! What shows over many rounds only: that nothing ends, grows or hastens.

use super::*;

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
fn a_server_that_redirects_right_after_each_login_is_connected_to_with_back_off() {
    let mut rig = Rig::online();
    let start = rig.now;
    for _ in 0..40 {
        rig.receive(&stream_error("see-other-host", "node2.host.test"));
        while !rig.dialling() {
            rig.pass(SECOND / 10);
        }
        rig.connect();
    }
    assert!(rig.now - start > 60 * SECOND, "40 connections in {:?}", rig.now - start);
}

#[test]
fn the_time_without_data_after_which_the_server_is_pinged_has_a_least_value() {
    let mut rig = Rig::online_with(|config| {
        config.keepalive = KeepaliveConfig { idle: Duration::ZERO, answer: 10 * SECOND };
    });
    // Otherwise it would ping as fast as the server answers.
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
fn the_resource_of_a_standard_session_is_kept_over_reconnects() {
    let resource = |rig: &Rig| rig.sent.iter().find(|frame| frame.contains("<resource>")).cloned();
    let mut rig = Rig::standard(|config| config.pipelined = false);
    rig.connect();
    let first = resource(&rig);
    assert!(first.as_ref().is_some_and(|bind| bind.contains("<resource>mfly-")), "{first:?}");
    rig.reconnect();
    rig.connect();
    assert_eq!(resource(&rig), first);
}
