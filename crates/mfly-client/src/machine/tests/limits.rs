//! Stanzas that exceed a limit: each is skipped, and the session goes on.

use super::*;

/// More nested elements than the default limit allows.
fn deep() -> String {
    "<span>".repeat(40) + &"</span>".repeat(40)
}

fn deep_message() -> String {
    format!("<message from='a@b.test' id='m'>{}</message>", deep())
}

/// An answer that is nested too deeply.
fn deep_answer(kind: &str, id: &str, from: &str) -> String {
    format!("<iq type='{kind}' id='{id}'{from}><q xmlns='u'>{}</q></iq>", deep())
}

#[track_caller]
fn assert_answer_too_large(rig: &Rig) {
    let failure = RequestFailure::AnswerTooLarge(mfly_proto::framing::ExceededLimit::Depth(32));
    assert_eq!(rig.replies, [(0, Err(failure))]);
}

#[test]
fn a_message_that_exceeds_a_limit_is_reported_and_the_next_one_is_read() {
    let attributes: String = (0..65).map(|n| format!(" a{n}='v'")).collect();
    for (content, limit) in [
        (deep(), "more than 32 elements nested"),
        (format!("<span{attributes}/>"), "more than 64 attributes"),
        ("<br/>".repeat(4_097), "more than 4096 children"),
        ("x".repeat(300_000), "more than 262144 bytes"),
    ] {
        let mut rig = Rig::online();
        rig.receive(&format!("<message from='a@b.test/c' id='m1'>{content}</message>"));
        let [notice] = &rig.notices[..] else { panic!("{:?}", rig.notices) };
        let start = "skipped message from Some(\"a@b.test/c\") id Some(\"m1\"): ";
        assert!(notice.starts_with(start) && notice.contains(limit), "{notice}");
        rig.receive("<presence from='a@b.test/c'/>");
        rig.expect_notice("presence Available");
        assert_eq!((rig.disconnects, rig.sent.len()), (0, 0));
    }
}

#[test]
fn a_message_that_exceeds_a_limit_again_and_again_does_not_end_the_connection() {
    let mut rig = Rig::online();
    for _ in 0..10 {
        rig.pass(20 * SECOND);
        rig.receive(&deep_message());
    }
    assert_eq!((rig.disconnects, rig.dials), (0, 0));
    assert_eq!(rig.notices.len(), 10);
    assert!(rig.sent.is_empty(), "a skipped stanza shows that the server is alive: {:?}", rig.sent);
}

#[test]
fn a_request_of_the_server_that_exceeds_a_limit_is_refused_and_reported() {
    let mut rig = Rig::online();
    for kind in ["get", "set", "nonsense"] {
        rig.forget();
        rig.receive(&deep_answer(kind, "ask", " from='a@b.test/c'"));
        for part in ["id=\"ask\"", "to=\"a@b.test/c\"", "type=\"error\"", "<policy-violation"] {
            assert!(rig.last().contains(part), "{}", rig.last());
        }
        rig.expect_notice("skipped iq");
    }
}

#[test]
fn an_answer_that_exceeds_a_limit_fails_its_request_and_no_other() {
    for (kind, to) in [("result", None), ("error", Some("u2@host.test"))] {
        let mut rig = Rig::online();
        let (first, second) = (rig.request(to), rig.request(None));
        rig.forget();
        let from = to.map(|to| format!(" from='{to}'")).unwrap_or_default();
        rig.receive(&deep_answer(kind, &first, &from));
        assert_answer_too_large(&rig);
        rig.answer(&second);
        assert!(rig.replies[1].1.is_ok(), "{:?}", rig.replies);
        assert!(rig.notices.is_empty() && rig.sent.is_empty());
    }
}

#[test]
fn a_skipped_answer_from_another_sender_is_no_answer() {
    let mut rig = Rig::online();
    let id = rig.request(None);
    rig.forget();
    let long = "x".repeat(4_000);
    for from in ["evil@b.test", "no address", long.as_str()] {
        rig.receive(&deep_answer("result", &id, &format!(" from='{from}'")));
    }
    assert!(rig.replies.is_empty(), "{:?}", rig.replies);
    assert_eq!(rig.notices.len(), 3);
    assert!(rig.sent.is_empty(), "an answer was answered: {:?}", rig.sent);
}

#[test]
fn a_skipped_answer_to_a_request_that_timed_out_is_dropped() {
    let mut rig = Rig::online();
    let id = rig.request(None);
    rig.pass(15 * SECOND);
    rig.forget();
    rig.receive(&deep_answer("result", &id, ""));
    assert!(rig.notices.is_empty() && rig.replies.is_empty());
}

#[test]
fn an_answer_that_exceeds_a_limit_fails_its_request_while_the_session_is_closing() {
    let mut rig = Rig::online();
    let id = rig.request(None);
    rig.close();
    rig.forget();
    rig.receive(&deep_answer("get", "ask", ""));
    rig.receive(&deep_answer("result", &id, ""));
    assert!(rig.sent.is_empty(), "nothing may be sent any more: {:?}", rig.sent);
    assert_answer_too_large(&rig);
}

#[test]
fn an_element_of_the_login_that_exceeds_a_limit_ends_the_attempt() {
    let mut rig = Rig::new();
    rig.offer(&PLAIN.replace("</stream:features>", &(deep() + "</stream:features>")));
    rig.expect_notice(
        "the server sent <features/> with more than 32 elements nested in each other; \
         raise ReceiveLimits::stanza.depth",
    );
    rig.expect_notice("ended");

    let mut rig = Rig::new();
    rig.authenticate(PLAIN, "sealed");
    rig.succeed(BIND);
    rig.receive(&deep_message());
    rig.expect_notice("skipped message");
    assert_eq!(rig.disconnects, 0, "the login does not wait for a message");
    rig.receive(&BOUND.replace("</bind>", &(deep() + "</bind>")));
    rig.expect_notice("the server sent <iq/>");
}

#[test]
fn limits_can_be_raised_for_answers_alone() {
    let mut rig = Rig::online_with(|config| config.limits.iq.depth = 64);
    let id = rig.request(None);
    rig.forget();
    rig.receive(&deep_answer("result", &id, ""));
    assert!(matches!(rig.replies[..], [(0, Ok(_))]));
    rig.receive(&deep_message());
    rig.expect_notice("skipped message");
}

#[test]
fn bytes_that_are_not_restricted_xml_end_the_connection_even_in_a_skipped_stanza() {
    let mut rig = Rig::online();
    let text = "x".repeat(300_000);
    rig.receive(&format!("<message from='a@b.test'>{text}<!-- --></message>"));
    rig.expect_notice("malformed XML");
    assert_eq!(rig.disconnects, 1);
}
