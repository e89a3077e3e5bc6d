//! A server that can be heard and answers nothing.

use super::*;

const NEWS: &str = r#"<presence from="u2@host.test"/>"#;

/// Lets time pass while the server tells news every five seconds.
fn pass_with_news(rig: &mut Rig, time: Duration) {
    let until = rig.now + time;
    while rig.now < until {
        rig.pass(5 * SECOND);
        rig.server(NEWS);
    }
}

fn pings(rig: &Rig) -> Vec<&String> {
    let is_ping = |frame: &&String| frame.contains("urn:xmpp:ping");
    rig.sent.iter().filter(is_ping).collect()
}

#[test]
fn after_a_request_timed_out_only_the_answer_to_a_ping_keeps_the_connection() {
    let mut rig = Rig::online();
    rig.ask(None);
    pass_with_news(&mut rig, 15 * SECOND);
    assert_eq!(rig.replies, [(0, Err(RequestFailure::TimedOut))]);
    assert_eq!(pings(&rig).len(), 1, "{:?}", rig.sent);
    pass_with_news(&mut rig, 5 * SECOND);
    assert_eq!(rig.disconnects, 0);
    let waiting = rig.ask(None);
    pass_with_news(&mut rig, 5 * SECOND);
    assert_eq!(rig.disconnects, 1);
    assert!(
        rig.has_news("disconnected: the server answers no request, not even a ping"),
        "{:?}",
        rig.news
    );
    assert_eq!(
        rig.replies[1..],
        [(1, Err(lost_because(DisconnectReason::PeerUnresponsive)))],
        "{waiting}"
    );
    assert!(rig.has_news("reconnecting 1"));
}

#[test]
fn a_server_that_answers_the_ping_keeps_its_connection_and_is_asked_again_after_the_next_time_out()
{
    let mut rig = Rig::online();
    for round in 1..=3 {
        rig.ask(None);
        pass_with_news(&mut rig, 15 * SECOND);
        assert_eq!(pings(&rig).len(), round);
        let pong = answer_to(pings(&rig)[round - 1]);
        rig.server(&pong);
        pass_with_news(&mut rig, 30 * SECOND);
    }
    assert_eq!(rig.disconnects, 0);
}

#[test]
fn a_server_that_refuses_the_ping_answers() {
    let mut rig = Rig::online();
    rig.ask(None);
    pass_with_news(&mut rig, 15 * SECOND);
    let refusal = answer_to(pings(&rig)[0]).replace("result", "error");
    rig.server(&refusal);
    pass_with_news(&mut rig, 60 * SECOND);
    assert_eq!(rig.disconnects, 0);
}

#[test]
fn many_requests_that_time_out_raise_one_question() {
    let mut rig = Rig::online();
    for _ in 0..20 {
        rig.ask(None);
        rig.pass(SECOND / 10);
    }
    pass_with_news(&mut rig, 15 * SECOND);
    rig.pass(3 * SECOND);
    assert_eq!(rig.replies.len(), 20);
    assert_eq!(pings(&rig).len(), 1);
}

#[test]
fn the_ping_may_take_as_long_as_the_keepalive_allows() {
    let keepalive = KeepaliveConfig { answer: 40 * SECOND, ..KeepaliveConfig::default() };
    let mut rig = Rig::online_with(|config| config.keepalive = keepalive);
    rig.ask(None);
    pass_with_news(&mut rig, 50 * SECOND);
    assert_eq!(rig.disconnects, 0);
    pass_with_news(&mut rig, 5 * SECOND);
    assert_eq!(rig.disconnects, 1);
}

#[test]
fn a_check_that_is_asked_for_gives_the_connection_up_when_it_is_not_answered() {
    let mut rig = Rig::online();
    let other = rig.ask(None);
    rig.ask_as(None, |request| {
        request.is_check = true;
        request.deadline -= 10 * SECOND;
    });
    pass_with_news(&mut rig, 5 * SECOND);
    let lost = || Err(lost_because(DisconnectReason::PeerUnresponsive));
    assert_eq!(rig.replies, [(1, lost()), (0, lost())], "{other}");
    assert_eq!(rig.disconnects, 1);
}

#[test]
fn a_request_whose_caller_is_gone_raises_no_question() {
    let mut rig = Rig::online();
    rig.ask(None);
    rig.input(Input::Command(Command::Cancel(RequestId(0))));
    pass_with_news(&mut rig, 60 * SECOND);
    assert_eq!(pings(&rig).len(), 0);
}

#[test]
fn an_answer_that_is_heard_after_the_deadline_but_before_the_machine_is_told_of_it_counts() {
    let mut rig = Rig::online();
    let id = rig.ask(None);
    rig.pass(29 * SECOND / 2);
    rig.now += 100 * SECOND;
    rig.server(&format!(r#"<iq type="result" id="{id}"/>"#));
    rig.input(Input::Timeout);
    assert!(matches!(rig.replies[..], [(0, Ok(_))]), "{:?}", rig.replies);
    assert_eq!(rig.disconnects, 0);
}

#[test]
fn a_server_whose_ping_was_answered_while_nobody_looked_is_not_silent() {
    let mut rig = Rig::online();
    rig.pass(30 * SECOND);
    let pong = answer_to(rig.last_frame());
    rig.now += 100 * SECOND;
    rig.server(&pong);
    rig.input(Input::Timeout);
    assert_eq!(rig.disconnects, 0);
}
