//! Closing a session.

use super::*;

#[test]
fn closing_sends_the_official_frames_and_waits_for_the_servers_close() {
    let mut rig = Rig::online();
    rig.close();
    assert_eq!(rig.sent, [UNAVAILABLE, CLOSE]);
    assert_eq!((rig.disconnects, rig.notices.as_slice()), (0, &["state Closing".to_owned()][..]));
    rig.receive(r#"<close xmlns="urn:ietf:params:xml:ns:xmpp-framing" />"#);
    assert_eq!(rig.sent.len(), 2, "the stream is closed once");
    assert_eq!(rig.disconnects, 1);
    assert_eq!(rig.notices[1..], ["state Ended", "ended: the session was closed"]);
    assert_eq!(rig.machine.poll_timeout(), None);
}

#[test]
fn answers_still_arrive_while_closing_and_other_requests_settle_at_the_end() {
    let mut rig = Rig::online();
    let first = rig.request(None);
    rig.request(None);
    rig.close();
    rig.request(None);
    rig.answer(&first);
    rig.lose();
    let [(2, refused), (0, Ok(_)), (1, unanswered)] = &rig.replies[..] else {
        panic!("{:?}", rig.replies);
    };
    assert_eq!([refused, unanswered], [&Err(RequestFailure::Closed), &Err(RequestFailure::Closed)]);
}

#[test]
fn nothing_is_sent_after_the_closing_frames() {
    let mut rig = Rig::online();
    rig.close();
    rig.sent.clear();
    rig.receive(r#"<iq id="p" type="get"><ping xmlns="urn:xmpp:ping"/></iq>"#);
    rig.command(Command::Send(r#"<presence xmlns="jabber:client"/>"#.into()));
    rig.receive("<malformed");
    assert!(rig.sent.is_empty(), "{:?}", rig.sent);
    assert!(rig.machine.is_ended());
}

#[test]
fn the_servers_close_is_waited_for_five_seconds() {
    let mut rig = Rig::online();
    rig.close();
    rig.pass(4 * SECOND);
    assert!(!rig.machine.is_ended());
    rig.pass(SECOND);
    assert!(rig.machine.is_ended());
    assert_eq!(rig.disconnects, 1);
    rig.expect_notice("ended: the session was closed");
}

#[test]
fn a_session_that_is_not_online_closes_at_once_and_does_not_connect_again() {
    let dialling = Rig::new();
    let mut opening = Rig::new();
    opening.dialled();
    let mut waiting = Rig::online();
    waiting.lose();
    let rows: [(Rig, u32, &[&str]); 3] =
        [(dialling, 1, &[]), (opening, 1, &[OPEN, CLOSE]), (waiting, 0, &[])];
    for (mut rig, disconnects, sent) in rows {
        rig.close();
        assert_eq!((rig.disconnects, &rig.sent[..]), (disconnects, sent_frames(sent).as_slice()));
        let dials = rig.dials;
        rig.expect_notice("ended: the session was closed");
        rig.pass(600 * SECOND);
        rig.close();
        assert_eq!(rig.dials, dials);
        assert_eq!(rig.notices.iter().filter(|notice| notice.starts_with("ended")).count(), 1);
    }
}

fn sent_frames(frames: &[&str]) -> Vec<String> {
    frames.iter().map(|&frame| frame.to_owned()).collect()
}

#[test]
fn the_reason_for_closing_is_the_reason_for_the_end() {
    let mut rig = Rig::online();
    rig.command(Command::Close(EndReason::AccountDeleted));
    rig.close();
    rig.lose();
    rig.expect_notice("ended: the account was deleted");
    rig.request(None);
    assert_eq!(rig.replies, [(0, Err(RequestFailure::Closed))]);
}

#[test]
fn a_stanza_of_the_app_is_sent_as_it_is() {
    let mut rig = Rig::online();
    rig.command(Command::Send(r#"<presence xmlns="jabber:client"/>"#.into()));
    assert_eq!(rig.sent, [r#"<presence xmlns="jabber:client"/>"#]);
}

#[test]
fn debug_output_contains_no_frame_password_or_answer() {
    let ticket = PasswordTicket(1);
    let password = Password::new("hunter2").map_err(cause);
    let text = format!(
        "{:?} {:?} {:?}",
        Input::Command(Command::Password(ticket, password)),
        Input::Frame("<message>private</message>".into()),
        Command::Send("<message>private</message>".into()),
    );
    assert!(!text.contains("hunter2") && !text.contains("private"), "{text}");
}
