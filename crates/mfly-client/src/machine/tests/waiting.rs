//! Requests that are made while there is no connection.

use super::*;

fn sent_requests(rig: &Rig) -> Vec<&String> {
    let is_request = |frame: &&String| frame.contains(r#"id="q"#);
    rig.sent.iter().filter(is_request).collect()
}

/// A session that lost its connection.
fn offline(change: impl FnOnce(&mut Config)) -> Rig {
    let mut rig = Rig::online_with(change);
    rig.lose();
    rig.forget();
    rig
}

/// Connects again after a loss.
fn come_back(rig: &mut Rig) {
    rig.pass(SECOND);
    assert!(rig.dialling());
    rig.connect();
}

#[test]
fn requests_wait_for_the_login_and_are_sent_in_their_order() {
    let mut rig = offline(|_| {});
    let first = rig.request(None);
    rig.pass(SECOND);
    rig.request(Some("u2@host.test"));
    rig.dialled();
    rig.request(None);
    rig.receive_all(&[SERVER_OPEN, PLAIN]);
    rig.password("sealed");
    rig.succeed(BIND);
    assert!(sent_requests(&rig).is_empty(), "sent before the login was over");
    rig.request(None);
    rig.receive(BOUND);
    let ids: Vec<_> =
        sent_requests(&rig).iter().map(|frame| frame.split('"').nth(1).unwrap()).collect();
    assert_eq!(ids, ["q0", "q1", "q2", "q3"]);
    let presence = rig.sent.iter().position(|frame| frame == PRESENCE);
    let request = rig.sent.iter().position(|frame| frame.contains("q0"));
    assert!(presence < request, "{:?}", rig.sent);
    assert!(rig.replies.is_empty());
    rig.answer(&first);
    assert!(matches!(rig.replies[..], [(0, Ok(_))]));
}

#[test]
fn a_request_that_waited_is_sent_once_even_if_the_connection_is_lost_again() {
    let mut rig = offline(|_| {});
    rig.request(None);
    come_back(&mut rig);
    assert_eq!(sent_requests(&rig).len(), 1);
    rig.lose();
    assert_eq!(rig.replies, [(0, Err(lost_because(DisconnectReason::ClosedByServer)))]);
    rig.sent.clear();
    come_back(&mut rig);
    assert!(sent_requests(&rig).is_empty());
}

#[test]
fn a_request_waits_until_its_deadline_and_fails_with_the_reason_of_the_last_loss() {
    let mut rig = offline(|_| {});
    rig.request(None);
    rig.pass(SECOND);
    rig.input(Input::Disconnected(Loss::ConnectFailed(cause(std::io::Error::other("no route")))));
    rig.pass(13 * SECOND);
    assert!(rig.replies.is_empty());
    rig.pass(SECOND);
    let [(0, Err(RequestFailure::NotConnected { last: Some(last) }))] = &rig.replies[..] else {
        panic!("{:?}", rig.replies);
    };
    assert!(last.to_string().contains("no route"), "{last}");
    rig.pass(60 * SECOND);
    rig.connect();
    assert!(sent_requests(&rig).is_empty(), "sent although it has failed");
}

#[test]
fn the_number_of_waiting_requests_is_bounded_and_cancelled_ones_are_not_sent() {
    let mut rig = offline(|config| config.max_waiting = 2);
    for _ in 0..3 {
        rig.request(None);
    }
    assert_eq!(rig.replies, [(2, Err(RequestFailure::TooManyRequests))]);
    rig.cancel(0);
    rig.request(None);
    assert_eq!(rig.replies.len(), 1);
    come_back(&mut rig);
    let ids: Vec<_> = sent_requests(&rig).iter().map(|frame| &frame[8..10]).collect();
    assert_eq!(ids, ["q1", "q3"]);
}

#[test]
fn a_request_that_is_to_fail_fast_does_not_wait() {
    let mut rig = offline(|_| {});
    rig.request_with(None, |request| request.fail_fast = true);
    assert!(matches!(rig.replies[..], [(0, Err(RequestFailure::NotConnected { last: Some(_) }))]));
}

#[test]
fn a_waiting_request_fails_when_the_session_ends() {
    let mut rig = offline(|_| {});
    rig.request(None);
    rig.close();
    assert_eq!(rig.replies, [(0, Err(RequestFailure::Closed))]);
}

#[test]
fn a_waiting_request_that_exceeds_the_limit_of_the_new_server_is_not_sent() {
    let mut rig = offline(|_| {});
    rig.request(Some(&format!("{}@host.test", "u".repeat(200))));
    rig.request(None);
    rig.pass(SECOND);
    rig.authenticate(PLAIN, "sealed");
    rig.succeed(&BIND.replace(
        "<bind",
        r#"<limits xmlns="urn:xmpp:stream-limits:0"><max-bytes>200</max-bytes></limits><bind"#,
    ));
    rig.receive(BOUND);
    assert_eq!(rig.replies, [(0, Err(RequestFailure::TooLarge { limit: 200 }))]);
    assert_eq!(sent_requests(&rig).len(), 1);
}

#[test]
fn the_app_can_ask_for_a_new_connection_at_any_time() {
    let mut online = Rig::online();
    online.request(None);
    let never = Rig::online_with(|config| config.reconnect = ReconnectPolicy::never());
    for (mut rig, disconnects, dials) in
        [(online, 1, 1), (never, 1, 1), (offline(|_| {}), 0, 1), (Rig::new(), 1, 2)]
    {
        rig.command(Command::Reconnect);
        assert_eq!((rig.disconnects, rig.dials), (disconnects, dials));
        if !rig.sent.is_empty() {
            assert_eq!(rig.last(), CLOSE);
            rig.expect_notice("disconnected: a new connection was asked for");
        }
        assert_eq!(rig.replies.len() as u64, rig.next);
        for (_, outcome) in &rig.replies {
            assert_eq!(*outcome, Err(lost_because(DisconnectReason::ReconnectRequested)));
        }
        assert!(rig.dialling());
        rig.connect();
        rig.expect_notice("connected u1@host.test/Web-1");
        rig.close();
        rig.command(Command::Reconnect);
        rig.lose();
        rig.command(Command::Reconnect);
        assert!(rig.machine.is_ended(), "a session that has ended does not connect again");
    }
}
