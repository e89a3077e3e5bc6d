//! Requests that are made while there is no connection.

use super::*;

fn questions(rig: &Rig) -> Vec<&String> {
    let is_question = |frame: &&String| frame.contains(r#"id="q"#);
    rig.sent.iter().filter(is_question).collect()
}

/// Connects again after a loss.
fn come_back(rig: &mut Rig) {
    rig.pass(SECOND);
    assert!(rig.dialling());
    rig.connect();
}

#[test]
fn requests_wait_for_the_connection_and_leave_after_the_login_in_their_order() {
    let mut rig = Rig::online();
    rig.lose();
    rig.forget();
    let first = rig.ask(None);
    rig.pass(SECOND);
    rig.ask(Some("u2@host.test"));
    rig.dialled();
    rig.ask(None);
    rig.server(SERVER_OPEN);
    rig.server(PLAIN);
    rig.password("sealed");
    for frame in [SUCCESS, SERVER_OPEN, BIND] {
        rig.server(frame);
        assert!(questions(&rig).is_empty(), "sent before the login was over");
    }
    rig.ask(None);
    rig.server(BOUND);
    let ids: Vec<_> =
        questions(&rig).iter().map(|frame| frame.split('"').nth(1).unwrap()).collect();
    assert_eq!(ids, ["q0", "q1", "q2", "q3"]);
    let presence = rig.sent.iter().position(|frame| frame == PRESENCE);
    let question = rig.sent.iter().position(|frame| frame.contains("q0"));
    assert!(presence < question, "{:?}", rig.sent);
    assert!(rig.replies.is_empty());
    rig.server(&format!(r#"<iq type="result" id="{first}"/>"#));
    assert!(matches!(rig.replies[..], [(0, Ok(_))]));
}

#[test]
fn what_waited_is_sent_once_even_if_the_connection_is_lost_again() {
    let mut rig = Rig::online();
    rig.lose();
    rig.forget();
    rig.ask(None);
    come_back(&mut rig);
    assert_eq!(questions(&rig).len(), 1);
    rig.lose();
    assert_eq!(rig.replies, [(0, Err(lost_because(DisconnectReason::ClosedByServer)))]);
    rig.sent.clear();
    come_back(&mut rig);
    assert!(questions(&rig).is_empty());
}

#[test]
fn a_request_waits_no_longer_than_until_its_deadline_and_says_why_there_was_no_connection() {
    let mut rig = Rig::online();
    rig.lose();
    rig.forget();
    rig.ask(None);
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
    assert!(questions(&rig).is_empty(), "sent although nobody waits");
}

#[test]
fn the_number_of_waiting_requests_is_bounded() {
    let mut rig = Rig::online_with(|config| config.max_waiting = 2);
    rig.lose();
    for _ in 0..3 {
        rig.ask(None);
    }
    assert_eq!(rig.replies, [(2, Err(RequestFailure::TooManyRequests))]);
    rig.input(Input::Command(Command::Cancel(RequestId(0))));
    rig.ask(None);
    assert_eq!(rig.replies.len(), 1);
    rig.sent.clear();
    come_back(&mut rig);
    assert_eq!(questions(&rig).len(), 2);
}

#[test]
fn a_request_that_is_to_fail_fast_does_not_wait() {
    let mut rig = Rig::online();
    rig.lose();
    rig.ask_as(None, |request| request.fail_fast = true);
    assert!(matches!(rig.replies[..], [(0, Err(RequestFailure::NotConnected { last: Some(_) }))]));
}

#[test]
fn a_request_whose_caller_is_gone_is_not_sent() {
    let mut rig = Rig::online();
    rig.lose();
    rig.ask(None);
    rig.input(Input::Command(Command::Cancel(RequestId(0))));
    rig.sent.clear();
    come_back(&mut rig);
    rig.pass(20 * SECOND);
    assert!(questions(&rig).is_empty() && rig.replies.is_empty());
}

#[test]
fn what_waits_when_the_session_ends_is_settled() {
    let mut rig = Rig::online();
    rig.lose();
    rig.ask(None);
    rig.input(Input::Command(Command::Close(EndReason::Closed)));
    assert_eq!(rig.replies, [(0, Err(RequestFailure::Closed))]);
}

#[test]
fn a_stanza_that_the_new_server_does_not_take_is_not_sent() {
    let mut rig = Rig::online();
    rig.lose();
    rig.forget();
    rig.ask(Some(&format!("{}@host.test", "u".repeat(200))));
    rig.ask(None);
    rig.pass(SECOND);
    rig.dialled();
    rig.server(SERVER_OPEN);
    rig.server(PLAIN);
    rig.password("sealed");
    rig.server(SUCCESS);
    rig.server(SERVER_OPEN);
    rig.server(&BIND.replace(
        "<bind",
        r#"<limits xmlns="urn:xmpp:stream-limits:0"><max-bytes>200</max-bytes></limits><bind"#,
    ));
    rig.server(BOUND);
    assert_eq!(rig.replies, [(0, Err(RequestFailure::TooLarge { limit: 200 }))]);
    assert_eq!(questions(&rig).len(), 1);
}

#[test]
fn a_new_connection_that_is_asked_for_is_made_at_once_whatever_there_is_now() {
    let reconnect = |rig: &mut Rig| rig.input(Input::Command(Command::Reconnect));
    let mut online = Rig::online();
    online.ask(None);
    reconnect(&mut online);
    assert_eq!((online.disconnects, online.dials), (1, 1));
    assert_eq!(online.sent.last().unwrap(), CLOSE);
    assert_eq!(online.replies, [(0, Err(lost_because(DisconnectReason::ReconnectRequested)))]);
    assert!(online.has_news("disconnected: a new connection was asked for"));

    let mut waiting = Rig::online();
    waiting.lose();
    reconnect(&mut waiting);
    assert_eq!((waiting.disconnects, waiting.dials), (0, 1));

    let mut dialling = Rig::new();
    reconnect(&mut dialling);
    assert_eq!((dialling.disconnects, dialling.dials), (1, 2));

    for mut rig in [online, waiting, dialling] {
        assert!(rig.dialling());
        rig.connect();
        assert!(rig.has_news("connected u1@host.test/Web-1"));
        rig.input(Input::Command(Command::Close(EndReason::Closed)));
        reconnect(&mut rig);
        rig.lose();
        reconnect(&mut rig);
        assert!(rig.machine.is_ended(), "an end is an end");
    }
}

#[test]
fn a_session_that_never_comes_back_by_itself_does_when_it_is_asked_to() {
    let mut rig = Rig::online_with(|config| config.reconnect = ReconnectPolicy::never());
    rig.input(Input::Command(Command::Reconnect));
    rig.connect();
    assert!(rig.has_news("connected u1@host.test/Web-1"), "{:?}", rig.news);
}
