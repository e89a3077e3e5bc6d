//! Requests and their answers.

use super::*;

#[test]
fn an_answer_reaches_the_caller_of_its_request() {
    let mut rig = Rig::online();
    let id = rig.request(None);
    assert_eq!(rig.sent, [r#"<iq id="q0" type="get" xmlns="jabber:client"/>"#]);
    let answer =
        format!(r#"<iq type="result" id="{id}" from="u1@host.test"><x xmlns="urn:x"/></iq>"#);
    rig.receive(&answer);
    assert_eq!(rig.replies, [(0, Ok(answer))]);
    assert!(rig.notices.is_empty());
}

#[test]
fn a_refusal_carries_the_servers_condition() {
    let mut rig = Rig::online();
    let id = rig.request(None);
    rig.receive(&format!(
        r#"<iq type="error" id="{id}"><error type="auth"><forbidden xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>"#
    ));
    let refused = StanzaError::new(mfly_proto::stanza::ErrorCondition::Forbidden);
    assert_eq!(rig.replies, [(0, Err(RequestFailure::Refused(refused)))]);
}

#[test]
fn a_stanza_with_the_right_id_from_another_sender_or_of_another_type_is_no_answer() {
    let mut rig = Rig::online();
    let id = rig.request(Some("u2@host.test"));
    for from in
        [r#"from="evil@host.test""#, r#"from="u2@host.test/phone""#, r#"from="host.test""#, ""]
    {
        rig.receive(&format!(r#"<iq type="result" id="{id}" {from}/>"#));
    }
    assert_eq!(rig.notices.len(), 4);
    assert!(rig.notices.iter().all(|notice| notice.starts_with("unknown")));
    rig.receive(&format!(
        r#"<iq type="get" id="{id}" from="u2@host.test"><x xmlns="urn:x"/></iq>"#
    ));
    assert!(rig.replies.is_empty());
    rig.receive(&format!(r#"<iq type="result" id="{id}" from="u2@host.test"/>"#));
    assert_eq!(rig.replies.len(), 1);
}

#[test]
fn a_request_without_answer_times_out_and_the_late_answer_is_ignored() {
    let mut rig = Rig::online();
    let id = rig.request(None);
    rig.pass(14 * SECOND);
    assert!(rig.replies.is_empty());
    rig.pass(SECOND);
    assert_eq!(rig.replies, [(0, Err(RequestFailure::TimedOut))]);
    let late = format!(r#"<iq type="result" id="{id}"><query xmlns="jabber:iq:roster"/></iq>"#);
    rig.receive(&late);
    assert!(rig.notices.is_empty(), "{:?}", rig.notices);
    rig.receive(&late);
    rig.expect_notice("push");
}

#[test]
fn a_cancelled_request_is_forgotten_and_its_answer_ignored() {
    let mut rig = Rig::online();
    let id = rig.request(None);
    rig.cancel(0);
    rig.answer(&id);
    rig.pass(20 * SECOND);
    assert!(rig.replies.is_empty() && rig.notices.is_empty());
}

#[test]
fn a_request_whose_deadline_has_passed_is_not_sent() {
    let mut rig = Rig::online();
    let now = rig.now;
    rig.request_with(None, |request| request.deadline = now);
    assert_eq!(rig.replies, [(0, Err(RequestFailure::TimedOut))]);
    assert!(rig.sent.is_empty());
}

#[test]
fn more_requests_than_allowed_are_refused_until_one_is_answered() {
    let mut rig = Rig::online_with(|config| config.max_requests = 3);
    // The session's own request, for carbons, counts until it is answered.
    let first = rig.request(None);
    rig.request(None);
    rig.request(None);
    assert_eq!(rig.replies, [(2, Err(RequestFailure::TooManyRequests))]);
    assert_eq!(rig.sent.len(), 2);
    rig.answer(&first);
    rig.request(None);
    assert_eq!(rig.sent.len(), 3);
}

#[test]
fn every_request_of_the_server_is_answered() {
    let ping = r#"<ping xmlns="urn:xmpp:ping"/>"#;
    let error = |attributes: &str, kind: &str, condition: &str| {
        format!(
            r#"<iq {attributes} type="error" xmlns="jabber:client"><error type="{kind}"><{condition} xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>"#
        )
    };
    for (request, answer) in [
        (
            format!(r#"<iq from="host.test" to="u1@host.test/Web-1" id="p1" type="get">{ping}</iq>"#),
            r#"<iq from="u1@host.test/Web-1" id="p1" to="host.test" type="result" xmlns="jabber:client"/>"#.to_owned(),
        ),
        (
            format!(r#"<iq id="p2" type="get">{ping}</iq>"#),
            r#"<iq id="p2" type="result" xmlns="jabber:client"/>"#.to_owned(),
        ),
        (
            r#"<iq from="u2@host.test/x" id="v1" type="get"><query xmlns="jabber:iq:version"/></iq>"#.to_owned(),
            error(r#"id="v1" to="u2@host.test/x""#, "cancel", "service-unavailable"),
        ),
        (
            r#"<iq id="b1" type="bogus"><x xmlns="urn:x"/></iq>"#.to_owned(),
            error(r#"id="b1""#, "modify", "bad-request"),
        ),
        (
            r#"<iq id="b2" from="a b@host.test" type="set"/>"#.to_owned(),
            error(r#"id="b2""#, "modify", "bad-request"),
        ),
    ] {
        let mut rig = Rig::online();
        rig.receive(&request);
        assert_eq!(rig.sent, [answer], "{request}");
        assert!(rig.notices.is_empty());
    }
}

#[test]
fn a_request_without_id_and_a_malformed_answer_are_reported_and_not_answered() {
    let mut rig = Rig::online();
    rig.receive(r#"<iq type="get"/>"#);
    rig.receive(r#"<iq id="b3" from="a b@host.test" type="error"/>"#);
    assert!(rig.sent.is_empty());
    assert_eq!(rig.notices.len(), 2);
    rig.expect_notice("unknown");
    assert_eq!(rig.disconnects, 0);
}
