//! From the first dial to the bound session.

use super::*;

const OFFERS: &str = "http://etherx.jabber.org/streams";

fn features(content: &str) -> String {
    format!(r#"<features xmlns="{OFFERS}">{content}</features>"#)
}

#[test]
fn a_connection_is_made_with_exactly_the_official_frames() {
    let mut rig = Rig::new();
    assert_eq!((rig.dials, rig.news.clone()), (1, vec!["state Connecting".to_owned()]));
    rig.dialled();
    rig.server(SERVER_OPEN);
    rig.server(PLAIN);
    rig.password("sealed");
    rig.server(SUCCESS);
    rig.server(SERVER_OPEN);
    rig.server(&features(r#"<bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/><session xmlns="urn:ietf:params:xml:ns:xmpp-session"/>"#));
    let resource = rig.sent.last().unwrap();
    let resource = resource.split("<resource>").nth(1).unwrap().split('<').next().unwrap();
    assert!(resource.starts_with("Web-") && resource.len() == 40, "{resource}");
    let bind = format!(
        r#"<iq id="_bind_auth_2" type="set" xmlns="jabber:client"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><resource>{resource}</resource></bind></iq>"#
    );
    rig.server(BOUND);
    rig.server(r#"<iq type="result" id="_session_auth_2"/>"#);
    let carbons = rig.sent.pop().unwrap();
    assert!(carbons.ends_with(
        r#" type="set" xmlns="jabber:client"><enable xmlns="urn:xmpp:carbons:2"/></iq>"#
    ));
    assert_eq!(
        rig.sent,
        [
            OPEN,
            r#"<auth mechanism="PLAIN" xmlns="urn:ietf:params:xml:ns:xmpp-sasl">AHUxAHNlYWxlZA==</auth>"#,
            OPEN,
            &bind,
            r#"<iq id="_session_auth_2" type="set" xmlns="jabber:client"><session xmlns="urn:ietf:params:xml:ns:xmpp-session"/></iq>"#,
            PRESENCE,
        ]
    );
    assert_eq!(rig.news[1..], ["state Connected", "connected u1@host.test/Web-1 resumed=false"]);
}

#[test]
fn the_session_request_is_left_out_when_not_offered_or_optional() {
    for offer in
        ["", r#"<session xmlns="urn:ietf:params:xml:ns:xmpp-session"><optional/></session>"#]
    {
        let mut rig = Rig::new();
        rig.dialled();
        rig.server(SERVER_OPEN);
        rig.server(PLAIN);
        rig.password("sealed");
        rig.server(SUCCESS);
        rig.server(SERVER_OPEN);
        rig.server(&features(&format!(
            r#"<bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/>{offer}"#
        )));
        rig.server(BOUND);
        assert!(rig.has_news("connected u1@host.test/Web-1"), "{offer}: {:?}", rig.news);
    }
}

/// The opening of a server that says it is this one, or says nothing.
fn open_from(from: Option<&str>) -> String {
    let from = from.map(|from| format!(r#"from="{from}" "#));
    let from = from.unwrap_or_default();
    format!(r#"<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" {from}version="1.0"/>"#)
}

#[test]
fn a_server_that_answers_for_another_domain_is_left_before_a_password_is_made() {
    for other in ["evil.test", "u1@host.test", "host.test/x", "host.test.evil.test", "a b"] {
        let mut rig = Rig::new();
        rig.dialled();
        rig.server(&open_from(Some(other)));
        rig.server(PLAIN);
        assert!(rig.tickets.is_empty(), "{other}");
        let told = format!("the server answers for {other}, not for host.test");
        assert!(
            rig.has_news(&format!("ended: gave up after 1 attempts: {told}")),
            "{:?}",
            rig.news
        );
    }
}

#[test]
fn a_server_that_answers_for_the_domain_in_any_spelling_or_does_not_say_is_talked_to() {
    for from in [None, Some(""), Some("host.test"), Some("HOST.test"), Some(" host.test. ")] {
        let mut rig = Rig::new();
        rig.dialled();
        rig.server(&open_from(from));
        rig.server(PLAIN);
        assert_eq!(rig.tickets.len(), 1, "{from:?}: {:?}", rig.news);
    }
    for from in ["xn--bcher-kva.test", "bücher.test", "BÜCHER.test"] {
        let mut rig = Rig::with(|config| config.account = BareJid::new("u1@bücher.test").unwrap());
        rig.dialled();
        rig.server(&open_from(Some(from)));
        rig.server(PLAIN);
        assert_eq!(rig.tickets.len(), 1, "{from:?}: {:?}", rig.news);
    }
}

#[test]
fn a_stream_error_in_another_name_is_told_as_it_is() {
    let mut rig = Rig::new();
    rig.dialled();
    rig.server(&open_from(Some("default.test")));
    rig.server(r#"<error xmlns="http://etherx.jabber.org/streams"><host-unknown xmlns="urn:ietf:params:xml:ns:xmpp-streams"/></error>"#);
    assert!(
        rig.has_news("ended: gave up after 1 attempts: stream error: host-unknown"),
        "{:?}",
        rig.news
    );
}

#[test]
fn the_name_in_which_a_server_answers_need_not_matter() {
    let mut rig = Rig::with(|config| config.check_stream_from = false);
    rig.dialled();
    rig.server(&open_from(Some("other.test")));
    rig.server(PLAIN);
    assert_eq!(rig.tickets.len(), 1);
}

#[test]
fn no_password_is_asked_for_or_sent_over_an_open_channel() {
    let mut rig = Rig::new();
    rig.dialled_in_the_clear();
    rig.server(SERVER_OPEN);
    rig.server(PLAIN);
    assert!(rig.tickets.is_empty());
    assert_eq!(rig.sent, [OPEN, CLOSE]);
    assert_eq!(rig.disconnects, 1);
    assert!(rig.has_news("ended: the connection is neither encrypted nor local"));
}

#[test]
fn a_server_without_plain_ends_the_session_and_says_what_it_offers() {
    let mut rig = Rig::new();
    rig.dialled();
    rig.server(SERVER_OPEN);
    rig.server(&features(r#"<mechanisms xmlns="urn:ietf:params:xml:ns:xmpp-sasl"><mechanism>EXTERNAL</mechanism></mechanisms>"#));
    assert!(
        rig.has_news("ended: no usable authentication mechanism among those offered: EXTERNAL")
    );
    assert!(rig.machine.is_ended());
}

#[test]
fn refused_credentials_end_the_session_and_nothing_is_tried_again() {
    let mut rig = Rig::with(|config| config.first_attempts = 9);
    rig.dialled();
    rig.server(SERVER_OPEN);
    rig.server(PLAIN);
    rig.password("wrong");
    rig.server(r#"<failure xmlns="urn:ietf:params:xml:ns:xmpp-sasl"><not-authorized/></failure>"#);
    assert!(rig.has_news("ended: invalid credentials"), "{:?}", rig.news);
    rig.pass(600 * SECOND);
    assert_eq!(rig.dials, 1);
}

#[test]
fn what_a_server_repeats_of_the_authentication_is_told_to_nobody() {
    const SASL: &str = "urn:ietf:params:xml:ns:xmpp-sasl";
    const STREAMS: &str = "urn:ietf:params:xml:ns:xmpp-streams";
    let failure = |text: &str| {
        format!(r#"<failure xmlns="{SASL}"><not-authorized/><text>{text}</text></failure>"#)
    };
    let stream_error = |text: &str| {
        format!(
            r#"<error xmlns="{OFFERS}"><policy-violation xmlns="{STREAMS}"/><text xmlns="{STREAMS}">{text}</text></error>"#
        )
    };
    // "\0u1\0sealed-password" in base64.
    let payload = "AHUxAHNlYWxlZC1wYXNzd29yZA==";
    for repetition in [payload, "cannot use AHUxAHNlYWxlZC1wYXNz...", "sealed-password is wrong"] {
        for answer in [failure(repetition), stream_error(repetition)] {
            let mut rig = Rig::new();
            rig.dialled();
            rig.server(SERVER_OPEN);
            rig.server(PLAIN);
            rig.password("sealed-password");
            assert!(rig.sent.iter().any(|sent| sent.contains(payload)));
            rig.server(&answer);
            let told = rig.news.join("\n");
            assert!(told.contains("<redacted>"), "{told}");
            assert!(!told.contains("AHUxAH") && !told.contains("sealed-"), "{told}");
        }
    }
    // What is no repetition stays, and makes no line of its own.
    for answer in [failure("locked\n2026 INFO forged"), stream_error("locked\n2026 INFO forged")] {
        let mut rig = Rig::new();
        rig.dialled();
        rig.server(SERVER_OPEN);
        rig.server(PLAIN);
        rig.password("sealed-password");
        rig.server(&answer);
        assert!(rig.news.iter().any(|news| news.contains(r"locked\n2026 INFO forged")));
        assert!(!rig.news.iter().any(|news| news.contains('\n')), "{:?}", rig.news);
    }
}

#[test]
fn a_temporary_failure_of_authentication_is_tried_again_with_a_fresh_password() {
    let mut rig = Rig::with(|config| config.first_attempts = 2);
    rig.dialled();
    rig.server(SERVER_OPEN);
    rig.server(PLAIN);
    rig.password("one");
    rig.server(
        r#"<failure xmlns="urn:ietf:params:xml:ns:xmpp-sasl"><temporary-auth-failure/></failure>"#,
    );
    assert!(rig.has_news("reconnecting 2"), "{:?}", rig.news);
    rig.pass(SECOND);
    assert_eq!(rig.dials, 2);
    rig.connect();
    assert_eq!(rig.tickets.len(), 2);
    assert_ne!(rig.tickets[0], rig.tickets[1]);
    assert!(rig.has_news("connected u1@host.test/Web-1"));
}

#[test]
fn a_password_for_an_earlier_attempt_is_not_used() {
    let mut rig = Rig::with(|config| config.first_attempts = 2);
    rig.dialled();
    rig.server(SERVER_OPEN);
    rig.server(PLAIN);
    rig.lose();
    rig.pass(SECOND);
    rig.dialled();
    rig.server(SERVER_OPEN);
    rig.server(PLAIN);
    let late = Password::new("late").map_err(cause);
    rig.sent.clear();
    rig.input(Input::Command(Command::Password(rig.tickets[0], late)));
    assert!(rig.sent.is_empty());
    rig.password("current");
    assert_eq!(rig.sent.len(), 1);
}

#[test]
fn a_password_that_cannot_be_had_fails_the_attempt_with_its_cause() {
    let mut rig = Rig::new();
    rig.dialled();
    rig.server(SERVER_OPEN);
    rig.server(PLAIN);
    let failure = Err(cause(std::io::Error::other("vault is locked")));
    rig.input(Input::Command(Command::Password(rig.tickets[0], failure)));
    assert!(rig.has_news("failed 1: no password could be had: vault is locked"), "{:?}", rig.news);
}

#[test]
fn stanzas_before_authentication_and_other_disorder_end_the_connection() {
    let stanza =
        r#"<message xmlns="jabber:client" from="host.test"><user_deleted user="u2"/></message>"#;
    let scripts: [(&[&str], &str); 5] = [
        (&[stanza], "it did not open the stream first"),
        (&[SERVER_OPEN, stanza], "it sent something before its features"),
        (&[SERVER_OPEN, SERVER_OPEN], "it opened the stream twice"),
        (&[SERVER_OPEN, PLAIN, stanza], "it did not wait for authentication"),
        (&[SERVER_OPEN, PLAIN, SUCCESS], "it did not wait for authentication"),
    ];
    for (frames, fault) in scripts {
        let mut rig = Rig::new();
        rig.dialled();
        for frame in frames {
            rig.server(frame);
        }
        assert!(
            rig.has_news(&format!("failed 1: the server broke the protocol: {fault}")),
            "{:?}",
            rig.news
        );
        assert_eq!((rig.disconnects, rig.sent.last().unwrap().as_str()), (1, CLOSE));
        assert!(!rig.has_news("push"));
    }
}

#[test]
fn a_stream_of_another_version_is_refused() {
    let opening = r#"<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" version="2.0"/>"#;
    for (framing, fault) in [
        (Framing::WebSocket, "its stream is not of version 1.0"),
        (Framing::Tcp, "stream header without version 1.0"),
    ] {
        let mut rig = Rig::only(framing, |_| {});
        rig.dialled();
        rig.server(opening);
        assert!(rig.has_news(fault), "{:?}", rig.news);
        assert_eq!((rig.disconnects, rig.sent.last().unwrap().as_str()), (1, CLOSE));
        let complained = rig.sent.iter().any(|frame| frame.contains("unsupported-version"));
        assert_eq!(complained, framing == Framing::Tcp);
    }
}

#[test]
fn a_challenge_that_plain_does_not_have_is_aborted() {
    let mut rig = Rig::new();
    rig.dialled();
    rig.server(SERVER_OPEN);
    rig.server(PLAIN);
    rig.password("sealed");
    rig.server(r#"<challenge xmlns="urn:ietf:params:xml:ns:xmpp-sasl">eA==</challenge>"#);
    assert_eq!(rig.sent[2..], [r#"<abort xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>"#, CLOSE]);
    assert!(rig.has_news(
        "the authentication was broken off: the server sent a challenge that PLAIN does not have"
    ));
}

#[test]
fn features_without_binding_end_the_connection() {
    let mut rig = Rig::new();
    rig.dialled();
    rig.server(SERVER_OPEN);
    rig.server(PLAIN);
    rig.password("sealed");
    rig.server(SUCCESS);
    rig.server(SERVER_OPEN);
    rig.server(&features(""));
    assert!(rig.has_news("it offers no resource binding"));
}

#[test]
fn a_conflict_at_binding_ends_the_session_and_another_refusal_does_not() {
    for (condition, expected) in [
        ("conflict", "ended: replaced by another session"),
        ("resource-constraint", "reconnecting 2"),
    ] {
        let mut rig = Rig::with(|config| config.first_attempts = 2);
        rig.dialled();
        rig.server(SERVER_OPEN);
        rig.server(PLAIN);
        rig.password("sealed");
        for frame in [SUCCESS, SERVER_OPEN, BIND] {
            rig.server(frame);
        }
        rig.server(&format!(
            r#"<iq type="error" id="_bind_auth_2"><error type="cancel"><{condition} xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>"#
        ));
        assert!(rig.has_news(expected), "{condition}: {:?}", rig.news);
    }
}

#[test]
fn a_bind_result_from_a_stranger_is_not_believed() {
    let mut rig = Rig::new();
    rig.dialled();
    rig.server(SERVER_OPEN);
    rig.server(PLAIN);
    rig.password("sealed");
    for frame in [SUCCESS, SERVER_OPEN, BIND] {
        rig.server(frame);
    }
    rig.server(&BOUND.replace("<iq ", r#"<iq from="evil@host.test/x" "#));
    assert!(rig.has_news("unknown"));
    assert!(!rig.has_news("connected"));
    rig.server(BOUND);
    assert!(rig.has_news("connected u1@host.test/Web-1"));
}

#[test]
fn every_phase_has_a_deadline() {
    let script = [SERVER_OPEN, PLAIN, "password", SUCCESS, SERVER_OPEN, BIND];
    let stages = [
        "opening the stream",
        "opening the stream",
        "authentication",
        "authentication",
        "opening the stream",
        "opening the stream",
        "resource binding",
    ];
    for (length, stage) in stages.iter().enumerate() {
        let mut rig = Rig::new();
        rig.dialled();
        for frame in &script[..length] {
            if *frame == "password" { rig.password("sealed") } else { rig.server(frame) }
        }
        rig.pass(14 * SECOND);
        assert!(!rig.machine.is_ended(), "{stage} gave up early");
        rig.pass(SECOND);
        assert!(rig.has_news(&format!("failed 1: {stage} took too long")), "{:?}", rig.news);
        assert_eq!(rig.disconnects, 1);
    }
    let mut rig = Rig::new();
    rig.pass(60 * SECOND);
    assert!(rig.has_news("failed 1: connecting took too long"));
    assert_eq!(rig.disconnects, 1, "the dial must be broken off");
}

#[test]
fn a_first_connection_that_cannot_be_made_is_given_up_after_one_attempt() {
    let mut rig = Rig::new();
    let refused = cause(std::io::Error::other("refused"));
    rig.input(Input::Disconnected(Loss::ConnectFailed(refused)));
    assert_eq!(
        rig.news[1..],
        [
            "failed 1: could not connect: refused",
            "state Ended",
            "ended: gave up after 1 attempts: could not connect: refused"
        ]
    );
}
