//! Saying goodbye.

use super::*;

fn close(rig: &mut Rig) {
    rig.input(Input::Command(Command::Close(EndReason::Closed)));
}

#[test]
fn goodbye_is_said_as_officially_and_the_servers_is_awaited() {
    let mut rig = Rig::online();
    close(&mut rig);
    assert_eq!(rig.sent, [UNAVAILABLE, CLOSE]);
    assert_eq!((rig.disconnects, rig.news.as_slice()), (0, &["state Closing".to_owned()][..]));
    rig.server(r#"<close xmlns="urn:ietf:params:xml:ns:xmpp-framing" />"#);
    assert_eq!(rig.sent.len(), 2, "goodbye is said once");
    assert_eq!(rig.disconnects, 1);
    assert_eq!(rig.news[1..], ["state Ended", "ended: the session was closed"]);
    assert_eq!(rig.machine.poll_timeout(), None);
}

#[test]
fn answers_still_arrive_while_closing_and_the_rest_settles_at_the_end() {
    let mut rig = Rig::online();
    let first = rig.ask(None);
    rig.ask(None);
    close(&mut rig);
    rig.ask(None);
    rig.server(&format!(r#"<iq type="result" id="{first}"/>"#));
    rig.lose();
    let answers: Vec<_> = rig.replies.iter().map(|(id, result)| (*id, result.is_ok())).collect();
    assert_eq!(answers, [(2, false), (0, true), (1, false)]);
    assert_eq!(rig.replies[0].1, Err(RequestFailure::Closed));
    assert_eq!(rig.replies[2].1, Err(RequestFailure::Closed));
}

#[test]
fn nothing_is_sent_after_goodbye() {
    let mut rig = Rig::online();
    close(&mut rig);
    rig.sent.clear();
    rig.server(r#"<iq id="p" type="get"><ping xmlns="urn:xmpp:ping"/></iq>"#);
    rig.server("<malformed");
    assert!(rig.sent.is_empty(), "{:?}", rig.sent);
    assert!(rig.machine.is_ended());
}

#[test]
fn a_server_that_does_not_say_goodbye_is_waited_for_five_seconds() {
    let mut rig = Rig::online();
    close(&mut rig);
    rig.pass(4 * SECOND);
    assert!(!rig.machine.is_ended());
    rig.pass(SECOND);
    assert!(rig.machine.is_ended());
    assert_eq!(rig.disconnects, 1);
    assert!(rig.has_news("ended: the session was closed"));
}

#[test]
fn a_session_that_is_not_online_closes_at_once_and_does_not_come_back() {
    let mut dialling = Rig::new();
    close(&mut dialling);
    assert_eq!((dialling.disconnects, dialling.sent.len()), (1, 0));

    let mut opening = Rig::new();
    opening.dialled();
    close(&mut opening);
    assert_eq!(
        (opening.disconnects, opening.sent.as_slice()),
        (1, &[OPEN.to_owned(), CLOSE.to_owned()][..])
    );

    let mut waiting = Rig::online();
    waiting.lose();
    close(&mut waiting);
    assert_eq!((waiting.disconnects, waiting.sent.len()), (0, 0));

    for mut rig in [dialling, opening, waiting] {
        let dials = rig.dials;
        assert!(rig.has_news("ended: the session was closed"));
        rig.pass(600 * SECOND);
        close(&mut rig);
        assert_eq!(rig.dials, dials);
        assert_eq!(rig.news.iter().filter(|news| news.starts_with("ended")).count(), 1);
    }
}

#[test]
fn the_reason_for_closing_is_the_reason_for_the_end() {
    let mut rig = Rig::online();
    rig.input(Input::Command(Command::Close(EndReason::AccountDeleted)));
    close(&mut rig);
    rig.lose();
    assert!(rig.has_news("ended: the account was deleted"));
    rig.ask(None);
    assert_eq!(rig.replies, [(0, Err(RequestFailure::Closed))]);
}

#[test]
fn what_a_caller_sends_leaves_as_it_is_and_only_while_connected() {
    let mut rig = Rig::online();
    let stanza = || Input::Command(Command::Send(r#"<presence xmlns="jabber:client"/>"#.into()));
    rig.input(stanza());
    assert_eq!(rig.sent.len(), 1);
    close(&mut rig);
    rig.sent.clear();
    rig.input(stanza());
    assert!(rig.sent.is_empty());
}

#[test]
fn debug_output_shows_no_frame_password_or_answer() {
    let ticket = PasswordTicket(1);
    let password = Password::new("hunter2").map_err(cause);
    let shown = format!(
        "{:?} {:?} {:?}",
        Input::Command(Command::Password(ticket, password)),
        Input::Frame("<message>private</message>".into()),
        Command::Send("<message>private</message>".into()),
    );
    assert!(!shown.contains("hunter2") && !shown.contains("private"), "{shown}");
}
