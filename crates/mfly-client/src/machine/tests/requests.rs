//! Questions and their answers.

use super::*;

#[test]
fn an_answer_reaches_the_one_who_asked() {
    let mut rig = Rig::online();
    let id = rig.ask(None);
    assert_eq!(rig.sent, [r#"<iq id="q0" type="get" xmlns="jabber:client"/>"#]);
    let answer =
        format!(r#"<iq type="result" id="{id}" from="u1@host.test"><x xmlns="urn:x"/></iq>"#);
    rig.server(&answer);
    assert_eq!(rig.replies, [(0, Ok(answer))]);
    assert!(rig.news.is_empty());
}

#[test]
fn a_refusal_carries_the_servers_condition() {
    let mut rig = Rig::online();
    let id = rig.ask(None);
    rig.server(&format!(
        r#"<iq type="error" id="{id}"><error type="auth"><forbidden xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>"#
    ));
    let refused = StanzaError::new(mfly_proto::stanza::ErrorCondition::Forbidden);
    assert_eq!(rig.replies, [(0, Err(RequestFailure::Refused(refused)))]);
}

#[test]
fn an_answer_with_the_right_id_from_the_wrong_sender_is_no_answer() {
    let mut rig = Rig::online();
    let id = rig.ask(Some("u2@host.test"));
    for from in
        [r#"from="evil@host.test""#, r#"from="u2@host.test/phone""#, r#"from="host.test""#, ""]
    {
        rig.server(&format!(r#"<iq type="result" id="{id}" {from}/>"#));
    }
    assert!(rig.replies.is_empty());
    assert_eq!(rig.news.len(), 4);
    assert!(rig.news.iter().all(|news| news.starts_with("unknown")));
    rig.server(&format!(r#"<iq type="result" id="{id}" from="u2@host.test"/>"#));
    assert_eq!(rig.replies.len(), 1);
}

#[test]
fn a_question_with_the_id_of_a_request_is_not_its_answer() {
    let mut rig = Rig::online();
    let id = rig.ask(None);
    rig.server(&format!(r#"<iq type="get" id="{id}"><x xmlns="urn:x"/></iq>"#));
    assert!(rig.replies.is_empty());
}

#[test]
fn a_request_without_answer_times_out_and_the_late_answer_is_ignored() {
    let mut rig = Rig::online();
    let id = rig.ask(None);
    rig.pass(14 * SECOND);
    assert!(rig.replies.is_empty());
    rig.pass(SECOND);
    assert_eq!(rig.replies, [(0, Err(RequestFailure::TimedOut))]);
    let late = format!(r#"<iq type="result" id="{id}"><query xmlns="jabber:iq:roster"/></iq>"#);
    rig.server(&late);
    assert!(rig.news.is_empty(), "a late answer became news: {:?}", rig.news);
    rig.server(&late);
    assert!(rig.has_news("push"), "the second of its kind is unasked for: {:?}", rig.news);
}

#[test]
fn a_cancelled_request_is_forgotten_and_its_answer_ignored() {
    let mut rig = Rig::online();
    let id = rig.ask(None);
    rig.input(Input::Command(Command::Cancel(RequestId(0))));
    rig.server(&format!(r#"<iq type="result" id="{id}"/>"#));
    rig.pass(20 * SECOND);
    assert!(rig.replies.is_empty());
    assert!(rig.news.is_empty());
}

#[test]
fn a_request_whose_time_is_up_already_is_not_sent() {
    let mut rig = Rig::online();
    let past = Request {
        request: RequestId(5),
        id: StanzaId::new("past").unwrap(),
        stanza: "<iq/>".into(),
        to: None,
        deadline: rig.now,
        fail_fast: false,
        is_check: false,
    };
    rig.input(Input::Command(Command::Request(past)));
    assert_eq!(rig.replies, [(5, Err(RequestFailure::TimedOut))]);
    assert!(rig.sent.is_empty());
}

#[test]
fn all_pending_requests_settle_when_the_connection_is_lost() {
    let mut rig = Rig::online();
    rig.ask(None);
    rig.ask(Some("u2@host.test"));
    rig.lose();
    assert_eq!(
        rig.replies,
        [
            (0, Err(lost_because(DisconnectReason::ClosedByServer))),
            (1, Err(lost_because(DisconnectReason::ClosedByServer)))
        ]
    );
    rig.pass(100 * SECOND);
    assert_eq!(rig.replies.len(), 2);
}

#[test]
fn more_requests_than_allowed_are_refused_until_one_is_answered() {
    let mut rig = Rig::online_with(|config| config.max_requests = 3);
    // The session's own request, for carbons, counts until it is answered.
    let first = rig.ask(None);
    rig.ask(None);
    rig.ask(None);
    assert_eq!(rig.replies, [(2, Err(RequestFailure::TooManyRequests))]);
    assert_eq!(rig.sent.len(), 2);
    rig.server(&format!(r#"<iq type="result" id="{first}"/>"#));
    rig.ask(None);
    assert_eq!(rig.sent.len(), 3);
}

#[test]
fn a_server_ping_is_answered_with_the_addresses_swapped() {
    let mut rig = Rig::online();
    rig.server(r#"<iq from="host.test" to="u1@host.test/Web-1" id="p1" type="get"><ping xmlns="urn:xmpp:ping"/></iq>"#);
    rig.server(r#"<iq id="p2" type="get"><ping xmlns="urn:xmpp:ping"/></iq>"#);
    assert_eq!(
        rig.sent,
        [
            r#"<iq from="u1@host.test/Web-1" id="p1" to="host.test" type="result" xmlns="jabber:client"/>"#,
            r#"<iq id="p2" type="result" xmlns="jabber:client"/>"#,
        ]
    );
    assert!(rig.news.is_empty());
}

#[test]
fn an_unknown_question_is_answered_with_service_unavailable() {
    let mut rig = Rig::online();
    rig.server(
        r#"<iq from="u2@host.test/x" id="v1" type="get"><query xmlns="jabber:iq:version"/></iq>"#,
    );
    assert_eq!(
        rig.sent,
        [
            r#"<iq id="v1" to="u2@host.test/x" type="error" xmlns="jabber:client"><error type="cancel"><service-unavailable xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>"#
        ]
    );
}

#[test]
fn a_malformed_question_is_answered_with_bad_request_and_a_malformed_answer_with_nothing() {
    let mut rig = Rig::online();
    rig.server(r#"<iq id="b1" type="bogus"><x xmlns="urn:x"/></iq>"#);
    rig.server(r#"<iq id="b2" from="a b@host.test" type="set"/>"#);
    let bad = |id: &str| {
        format!(
            r#"<iq id="{id}" type="error" xmlns="jabber:client"><error type="modify"><bad-request xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>"#
        )
    };
    assert_eq!(rig.sent, [bad("b1"), bad("b2")]);
    rig.server(r#"<iq type="get"/>"#);
    rig.server(r#"<iq id="b3" from="a b@host.test" type="error"/>"#);
    assert_eq!(rig.sent.len(), 2);
    assert_eq!(rig.news.len(), 2);
    assert!(rig.has_news("unknown"));
    assert_eq!(rig.disconnects, 0);
}
