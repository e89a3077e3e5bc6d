//! Stanzas that exceed a limit: each is skipped for itself, and the session goes on.

use super::*;

/// More nested elements than the defaults allow.
fn deep() -> String {
    "<span>".repeat(40) + &"</span>".repeat(40)
}

/// The contents that exceed one default each.
fn excessive() -> [(String, &'static str); 4] {
    let attributes: String = (0..65).map(|n| format!(" a{n}='v'")).collect();
    [
        (deep(), "more than 32 elements nested"),
        (format!("<span{attributes}/>"), "more than 64 attributes"),
        ("<br/>".repeat(4_097), "more than 4096 children"),
        ("x".repeat(300_000), "more than 262144 bytes"),
    ]
}

#[test]
fn a_message_that_exceeds_a_limit_is_told_and_the_next_one_is_read() {
    for (content, limit) in excessive() {
        let mut rig = Rig::online();
        rig.server(&format!("<message from='a@b.test/c' id='m1'>{content}</message>"));
        assert_eq!(rig.news.len(), 1, "{:?}", rig.news);
        let told = &rig.news[0];
        let start = "skipped message from Some(\"a@b.test/c\") id Some(\"m1\"): ";
        assert!(told.starts_with(start) && told.contains(limit), "{told}");
        rig.server("<presence from='a@b.test/c'/>");
        assert!(rig.has_news("presence Available"));
        assert_eq!((rig.disconnects, rig.sent.len()), (0, 0));
    }
}

#[test]
fn a_redelivered_message_that_exceeds_a_limit_does_not_make_the_session_log_in_again() {
    let mut rig = Rig::online();
    for _ in 0..10 {
        rig.server(&format!("<message from='a@b.test' id='m'>{}</message>", deep()));
        rig.pass(SECOND);
    }
    assert_eq!((rig.disconnects, rig.dials), (0, 0));
    assert_eq!(rig.news.len(), 10);
}

#[test]
fn a_question_that_exceeds_a_limit_is_refused_and_told() {
    let mut rig = Rig::online();
    for kind in ["get", "set", "nonsense"] {
        rig.forget();
        rig.server(&format!(
            "<iq type='{kind}' id='ask' from='a@b.test/c'><q xmlns='u'>{}</q></iq>",
            deep()
        ));
        let refusal = rig.last_frame();
        for part in ["id=\"ask\"", "to=\"a@b.test/c\"", "type=\"error\"", "<policy-violation"] {
            assert!(refusal.contains(part), "{refusal}");
        }
        assert!(rig.has_news("skipped iq"));
    }
}

#[test]
fn an_answer_that_exceeds_a_limit_fails_the_request_that_it_answers_and_no_other() {
    let mut rig = Rig::online();
    let (first, second) = (rig.ask(None), rig.ask(None));
    rig.forget();
    rig.server(&format!("<iq type='result' id='{first}'><q xmlns='u'>{}</q></iq>", deep()));
    let [(0, Err(RequestFailure::AnswerTooLarge(limit)))] = rig.replies[..] else {
        panic!("{:?}", rig.replies);
    };
    assert_eq!(limit, mfly_proto::framing::ExceededLimit::Depth(32));
    rig.server(&format!("<iq type='result' id='{second}'/>"));
    assert!(rig.replies[1].1.is_ok(), "{:?}", rig.replies);
    assert!(rig.news.is_empty() && rig.sent.is_empty());
}

#[test]
fn an_error_that_exceeds_a_limit_fails_its_request_too() {
    let mut rig = Rig::online();
    let id = rig.ask(Some("u2@host.test"));
    rig.forget();
    rig.server(&format!("<iq type='error' id='{id}' from='u2@host.test'>{}</iq>", deep()));
    assert!(matches!(rig.replies[..], [(0, Err(RequestFailure::AnswerTooLarge(_)))]));
}

#[test]
fn a_skipped_answer_from_somebody_else_is_no_answer() {
    let mut rig = Rig::online();
    let id = rig.ask(None);
    rig.forget();
    let long = "x".repeat(4_000);
    for from in ["evil@b.test", "no address", long.as_str()] {
        rig.server(&format!("<iq type='result' id='{id}' from='{from}'>{}</iq>", deep()));
    }
    assert!(rig.replies.is_empty(), "{:?}", rig.replies);
    assert_eq!(rig.news.len(), 3);
    assert!(rig.sent.is_empty(), "an answer was answered: {:?}", rig.sent);
}

#[test]
fn a_skipped_answer_to_a_request_that_timed_out_is_not_told() {
    let mut rig = Rig::online();
    let id = rig.ask(None);
    rig.pass(15 * SECOND);
    rig.forget();
    rig.server(&format!("<iq type='result' id='{id}'>{}</iq>", deep()));
    assert!(rig.news.is_empty() && rig.replies.is_empty());
}

#[test]
fn a_skipped_stanza_is_a_sign_of_life() {
    let mut rig = Rig::online();
    for _ in 0..10 {
        rig.pass(20 * SECOND);
        rig.server(&format!("<message>{}</message>", deep()));
    }
    assert!(rig.sent.is_empty(), "it was asked: {:?}", rig.sent);
}

#[test]
fn an_answer_that_exceeds_a_limit_arrives_as_such_while_the_session_is_closing() {
    let mut rig = Rig::online();
    let id = rig.ask(None);
    rig.input(Input::Command(Command::Close(EndReason::Closed)));
    rig.forget();
    rig.server(&format!("<iq type='get' id='ask'>{}</iq>", deep()));
    rig.server(&format!("<iq type='result' id='{id}'>{}</iq>", deep()));
    assert!(rig.sent.is_empty(), "nothing may be sent any more: {:?}", rig.sent);
    assert!(matches!(rig.replies[..], [(0, Err(RequestFailure::AnswerTooLarge(_)))]));
}

#[test]
fn an_element_that_logging_in_waits_for_and_that_exceeds_a_limit_ends_the_attempt() {
    let mut rig = Rig::new();
    rig.dialled();
    rig.server(SERVER_OPEN);
    let features = PLAIN.replace("</stream:features>", &(deep() + "</stream:features>"));
    rig.server(&features);
    let reason = "the server sent <features/> with more than 32 elements nested in each other; \
                  raise ReceiveLimits::stanza.depth";
    assert!(rig.has_news(reason), "{:?}", rig.news);
    assert!(rig.has_news("ended"), "{:?}", rig.news);
}

#[test]
fn while_a_resource_is_bound_only_the_awaited_answer_matters() {
    let mut rig = Rig::new();
    rig.dialled();
    rig.server(SERVER_OPEN);
    rig.server(PLAIN);
    rig.password("sealed");
    for frame in [SUCCESS, SERVER_OPEN, BIND] {
        rig.server(frame);
    }
    rig.server(&format!("<message from='a@b.test'>{}</message>", deep()));
    assert!(rig.has_news("skipped message"));
    assert_eq!(rig.disconnects, 0);
    rig.server(&BOUND.replace("</bind>", &(deep() + "</bind>")));
    assert!(rig.has_news("the server sent <iq/>"), "{:?}", rig.news);
}

#[test]
fn limits_can_be_raised_for_answers_alone() {
    let mut rig = Rig::online_with(|config| config.limits.iq.depth = 64);
    let id = rig.ask(None);
    rig.forget();
    rig.server(&format!("<iq type='result' id='{id}'>{}</iq>", deep()));
    assert!(matches!(rig.replies[..], [(0, Ok(_))]));
    rig.server(&format!("<message from='a@b.test'>{}</message>", deep()));
    assert!(rig.has_news("skipped message"));
}

#[test]
fn bytes_that_are_not_restricted_xml_end_the_connection_also_where_they_are_skipped() {
    let mut rig = Rig::online();
    let text = "x".repeat(300_000);
    rig.server(&format!("<message from='a@b.test'>{text}<!-- --></message>"));
    assert!(rig.has_news("malformed XML"), "{:?}", rig.news);
    assert_eq!(rig.disconnects, 1);
}
