//! Connecting and logging in by PLAIN, up to the bound session.

use super::server::{BIND_FEATURE, SASL, SESSION_FEATURE, features, offer};
use super::*;

/// The step of a script in which the app gives the password.
const GIVE_PASSWORD: &str = "password";

/// Connects and plays a script: frames of the server, and [`GIVE_PASSWORD`].
fn play(rig: &mut Rig, script: &[&str]) {
    rig.dialled();
    for &step in script {
        if step == GIVE_PASSWORD { rig.password("sealed-password") } else { rig.receive(step) }
    }
}

#[test]
fn a_connection_is_made_with_exactly_the_official_frames() {
    let mut rig = Rig::new();
    assert_eq!((rig.dials, rig.notices.clone()), (1, vec!["state Connecting".to_owned()]));
    rig.authenticate(PLAIN, "sealed");
    rig.succeed(&features(&format!("{BIND_FEATURE}{SESSION_FEATURE}")));
    let resource = rig.last().split("<resource>").nth(1).unwrap().split('<').next().unwrap();
    assert!(resource.starts_with("Web-") && resource.len() == 40, "{resource}");
    let bind = format!(
        r#"<iq id="_bind_auth_2" type="set" xmlns="jabber:client"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><resource>{resource}</resource></bind></iq>"#
    );
    rig.receive(BOUND);
    rig.answer("_session_auth_2");
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
    assert_eq!(rig.notices[1..], ["state Connected", "connected u1@host.test/Web-1 resumed=false"]);
}

#[test]
fn the_session_request_is_left_out_when_not_offered_or_optional() {
    let optional = SESSION_FEATURE.replace("/>", "><optional/></session>");
    for session in ["", &optional] {
        let mut rig = Rig::new();
        rig.authenticate(PLAIN, "sealed");
        rig.succeed(&features(&format!("{BIND_FEATURE}{session}")));
        rig.receive(BOUND);
        rig.expect_notice("connected u1@host.test/Web-1");
    }
}

/// The stream header of a server with this sender, or without one.
fn open_from(from: Option<&str>) -> String {
    let from = from.map(|from| format!(r#"from="{from}" "#)).unwrap_or_default();
    format!(r#"<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" {from}version="1.0"/>"#)
}

#[test]
fn the_password_is_made_only_for_a_server_that_answers_for_the_domain_in_any_spelling() {
    let ascii = [None, Some(""), Some("host.test"), Some("HOST.test"), Some(" host.test. ")];
    let idn = [Some("xn--bcher-kva.test"), Some("bücher.test"), Some("BÜCHER.test")];
    for (domain, senders) in [("host.test", &ascii[..]), ("bücher.test", &idn)] {
        for from in senders {
            let account = BareJid::new(&format!("u1@{domain}")).unwrap();
            let mut rig = Rig::with(|config| config.account = account);
            play(&mut rig, &[&open_from(*from), PLAIN]);
            assert_eq!(rig.tickets.len(), 1, "{from:?}: {:?}", rig.notices);
        }
    }
    for other in ["evil.test", "u1@host.test", "host.test/x", "host.test.evil.test", "a b"] {
        for is_checked in [true, false] {
            let mut rig = Rig::with(|config| config.check_stream_from = is_checked);
            play(&mut rig, &[&open_from(Some(other)), PLAIN]);
            assert_eq!(rig.tickets.is_empty(), is_checked, "{other}");
            let end = format!(
                "ended: gave up after 1 attempts: the server answers for {other}, not for host.test"
            );
            assert_eq!(rig.has_notice(&end), is_checked, "{:?}", rig.notices);
        }
    }
}

#[test]
fn no_password_is_asked_for_or_sent_over_an_unencrypted_connection() {
    let mut rig = Rig::new();
    rig.dialled_as(false, ChannelBindings::NONE);
    rig.receive_all(&[SERVER_OPEN, PLAIN]);
    assert!(rig.tickets.is_empty());
    assert_eq!((&rig.sent[..], rig.disconnects), (&[OPEN.to_owned(), CLOSE.to_owned()][..], 1));
    rig.expect_notice("ended: the connection is neither encrypted nor local");
}

#[test]
fn a_login_that_cannot_go_on_ends_the_session() {
    let conflict = bind_refusal("conflict");
    for (script, reason) in [
        (
            &[SERVER_OPEN, &offer(&["EXTERNAL"])][..],
            "no usable authentication mechanism among those offered: EXTERNAL",
        ),
        (
            &[SERVER_OPEN, PLAIN, GIVE_PASSWORD, &failure("<not-authorized/>")],
            "invalid credentials",
        ),
        (
            &[SERVER_OPEN, PLAIN, GIVE_PASSWORD, SUCCESS, SERVER_OPEN, BIND, &conflict],
            "replaced by another session",
        ),
    ] {
        let mut rig = Rig::with(|config| config.first_attempts = 9);
        play(&mut rig, script);
        rig.expect_notice(&format!("ended: {reason}"));
        rig.pass(600 * SECOND);
        assert_eq!(rig.dials, 1, "{reason}");
    }
}

fn bind_refusal(condition: &str) -> String {
    format!(
        r#"<iq type="error" id="_bind_auth_2"><error type="cancel"><{condition} xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>"#
    )
}

#[test]
fn a_login_that_fails_for_another_reason_ends_the_attempt_alone() {
    let stanza =
        r#"<message xmlns="jabber:client" from="host.test"><user_deleted user="u2"/></message>"#;
    let challenge = format!(r#"<challenge xmlns="{SASL}">eA==</challenge>"#);
    let (host_unknown, busy) =
        (stream_error("host-unknown", ""), bind_refusal("resource-constraint"));
    let (no_features, other_open) = (features(""), open_from(Some("default.test")));
    let violation = "the server broke the protocol: ";
    for (script, start, reason) in [
        (&[stanza][..], violation, "it did not open the stream first"),
        (&[SERVER_OPEN, stanza], violation, "it sent something before its features"),
        (&[SERVER_OPEN, SERVER_OPEN], violation, "it opened the stream twice"),
        (&[SERVER_OPEN, PLAIN, stanza], violation, "it did not wait for authentication"),
        (&[SERVER_OPEN, PLAIN, SUCCESS], violation, "it did not wait for authentication"),
        (
            &[SERVER_OPEN, PLAIN, GIVE_PASSWORD, SUCCESS, SERVER_OPEN, &no_features],
            violation,
            "it offers no resource binding",
        ),
        (
            &[SERVER_OPEN, PLAIN, GIVE_PASSWORD, SUCCESS, SERVER_OPEN, BIND, &busy],
            "",
            "resource binding refused: resource-constraint",
        ),
        (&[&other_open, &host_unknown], "", "stream error: host-unknown"),
        (
            &[SERVER_OPEN, PLAIN, GIVE_PASSWORD, &challenge],
            "the authentication was broken off: ",
            "the server sent a challenge that PLAIN does not have",
        ),
    ] {
        let mut rig = Rig::with(|config| config.first_attempts = 2);
        play(&mut rig, script);
        rig.expect_notice(&format!("failed 1: {start}{reason}"));
        rig.expect_notice("reconnecting 2");
        rig.expect_no_notice("push");
        assert_eq!((rig.disconnects, rig.last()), (1, CLOSE), "{reason}");
        let is_aborted = rig.sent.contains(&format!(r#"<abort xmlns="{SASL}"/>"#));
        assert_eq!(is_aborted, script.contains(&challenge.as_str()), "{reason}");
    }
}

#[test]
fn secrets_that_a_server_repeats_are_removed_from_notices() {
    let answers = |text: &str| {
        [
            failure(&format!("<not-authorized/><text>{text}</text>")),
            stream_error("policy-violation", "").replace("</stream:error>", &format!(
                r#"<text xmlns="urn:ietf:params:xml:ns:xmpp-streams">{text}</text></stream:error>"#
            )),
        ]
    };
    let notices = |answer: &str| {
        let mut rig = Rig::new();
        play(&mut rig, &[SERVER_OPEN, PLAIN, GIVE_PASSWORD, answer]);
        // "\0u1\0sealed-password" in base64.
        assert!(rig.sent.iter().any(|sent| sent.contains("AHUxAHNlYWxlZC1wYXNzd29yZA==")));
        rig.notices.join("\n")
    };
    for repetition in [
        "AHUxAHNlYWxlZC1wYXNzd29yZA==",
        "cannot use AHUxAHNlYWxlZC1wYXNz...",
        "sealed-password is wrong",
    ] {
        for answer in answers(repetition) {
            let text = notices(&answer);
            assert!(text.contains("<redacted>"), "{text}");
            assert!(!text.contains("AHUxAH") && !text.contains("sealed-"), "{text}");
        }
    }
    // Other texts are kept, and their line breaks are escaped.
    for answer in answers("locked\n2026 INFO forged") {
        assert!(notices(&answer).contains(r"locked\n2026 INFO forged"));
    }
}

#[test]
fn a_temporary_failure_of_authentication_is_tried_again_with_a_fresh_password() {
    let mut rig = Rig::with(|config| config.first_attempts = 2);
    rig.authenticate(PLAIN, "one");
    rig.receive(&failure("<temporary-auth-failure/>"));
    rig.expect_notice("reconnecting 2");
    rig.pass(SECOND);
    assert_eq!(rig.dials, 2);
    rig.connect();
    assert_eq!(rig.tickets.len(), 2);
    assert_ne!(rig.tickets[0], rig.tickets[1]);
    rig.expect_notice("connected u1@host.test/Web-1");
}

#[test]
fn a_password_for_an_earlier_attempt_is_not_used() {
    let mut rig = Rig::with(|config| config.first_attempts = 2);
    rig.offer(PLAIN);
    rig.lose();
    rig.pass(SECOND);
    rig.offer(PLAIN);
    let late = Password::new("late").map_err(cause);
    rig.sent.clear();
    rig.command(Command::Password(rig.tickets[0], late));
    assert!(rig.sent.is_empty());
    rig.password("current");
    assert_eq!(rig.sent.len(), 1);
}

#[test]
fn a_password_that_cannot_be_made_fails_the_attempt_with_its_cause() {
    let mut rig = Rig::new();
    rig.offer(PLAIN);
    let failure = Err(cause(std::io::Error::other("vault is locked")));
    rig.command(Command::Password(rig.tickets[0], failure));
    rig.expect_notice("failed 1: no password could be had: vault is locked");
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
        rig.receive(opening);
        rig.expect_notice(fault);
        assert_eq!((rig.disconnects, rig.last()), (1, CLOSE));
        let is_reported = rig.sent.iter().any(|frame| frame.contains("unsupported-version"));
        assert_eq!(is_reported, framing == Framing::Tcp);
    }
}

#[test]
fn a_bind_result_from_another_sender_is_not_accepted() {
    let mut rig = Rig::new();
    rig.authenticate(PLAIN, "sealed");
    rig.succeed(BIND);
    rig.receive(&BOUND.replace("<iq ", r#"<iq from="evil@host.test/x" "#));
    rig.expect_notice("unknown");
    rig.expect_no_notice("connected");
    rig.receive(BOUND);
    rig.expect_notice("connected u1@host.test/Web-1");
}

#[test]
fn every_phase_has_a_deadline() {
    let script = [SERVER_OPEN, PLAIN, GIVE_PASSWORD, SUCCESS, SERVER_OPEN, BIND];
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
        play(&mut rig, &script[..length]);
        rig.pass(14 * SECOND);
        assert!(!rig.machine.is_ended(), "{stage} ended early");
        rig.pass(SECOND);
        rig.expect_notice(&format!("failed 1: {stage} took too long"));
        assert_eq!(rig.disconnects, 1);
    }
    let mut rig = Rig::new();
    rig.pass(60 * SECOND);
    rig.expect_notice("failed 1: connecting took too long");
    assert_eq!(rig.disconnects, 1, "the attempt must be cancelled");
}

#[test]
fn a_first_connection_that_cannot_be_made_ends_the_session_after_one_attempt() {
    let mut rig = Rig::new();
    let refused = cause(std::io::Error::other("refused"));
    rig.input(Input::Disconnected(Loss::ConnectFailed(refused)));
    assert_eq!(
        rig.notices[1..],
        [
            "failed 1: could not connect: refused",
            "state Ended",
            "ended: gave up after 1 attempts: could not connect: refused"
        ]
    );
}
