//! Pushes of the platform: from which senders they are accepted.

use super::*;

const VCARD: &str = r#"<vCard xmlns="vcard-temp"><nickName>x</nickName></vCard>"#;
const ROSTER: &str = r#"<query xmlns="jabber:iq:roster"/>"#;
const BLOCK: &str = r#"<block xmlns="urn:xmpp:blocking"><item jid="u2@host.test"/></block>"#;

const SENDERS: [&str; 7] = [
    "",
    "u1@host.test",
    "host.test",
    "u1@host.test/other",
    "u2@host.test",
    "u2@host.test/phone",
    "evil.test",
];

/// The [`SENDERS`] from which a stanza with this content is accepted.
fn accepted(kind: &str, content: &str) -> Vec<&'static str> {
    let is_accepted = |from: &&str| {
        let mut rig = Rig::online();
        let from = if from.is_empty() { String::new() } else { format!(r#" from="{from}""#) };
        let (name, rest) = kind.split_once(' ').unwrap_or((kind, ""));
        rig.receive(&format!("<{name} {rest}{from}>{content}</{name}>"));
        let [notice] = &rig.notices[..] else { panic!("{from}: {:?}", rig.notices) };
        let is_push = notice.starts_with("push");
        assert!(is_push || notice.starts_with("unknown") || notice.starts_with("malformed"));
        is_push
    };
    SENDERS.into_iter().filter(is_accepted).collect()
}

#[test]
fn each_push_is_accepted_from_the_senders_that_may_send_it_only() {
    let account = &["", "u1@host.test", "host.test"][..];
    let server = &["", "host.test"][..];
    let blocker = &["", "u1@host.test", "host.test", "u2@host.test", "u2@host.test/phone"][..];
    for (kind, content, senders) in [
        (r#"iq type="set" id="1""#, BLOCK, account),
        (r#"iq type="result" id="1""#, ROSTER, account),
        ("message", r#"<user_settings archive="1"/>"#, account),
        ("message", r#"<logout socket_id="a"/>"#, account),
        ("message", r#"<contact_permission permission_status="0"/>"#, account),
        ("message", r#"<user_deleted user="u2"/>"#, server),
        (
            "message",
            r#"<admin_block block_status="1" jid="u2@host.test" chat_type="chat"/>"#,
            server,
        ),
        ("message", "<register_update/>", &SENDERS),
        ("message", r#"<userblocked type="block_user" blocked_user="u2"/>"#, blocker),
        ("message", r#"<userblocked type="block_user" blocked_user="u2@host.test"/>"#, blocker),
        // A profile names no user but its sender, so other senders send their own profile.
        (
            r#"iq type="result" id="1""#,
            VCARD,
            &["u1@host.test", "u2@host.test", "u2@host.test/phone"],
        ),
    ] {
        assert_eq!(accepted(kind, content), senders, "{content}");
    }
    let mut changed = accepted("message", r#"<profile_update xmlns="urn:xmpp:receipts"/>"#);
    changed.retain(|from| from.starts_with("u1@"));
    assert_eq!(changed, ["u1@host.test"]);
}

#[test]
fn a_block_push_is_acknowledged_and_a_forged_one_refused() {
    let mut rig = Rig::online();
    rig.receive(&format!(r#"<iq type="set" id="b1" from="u1@host.test">{BLOCK}</iq>"#));
    assert_eq!(
        rig.sent,
        [r#"<iq id="b1" to="u1@host.test" type="result" xmlns="jabber:client"/>"#]
    );
    rig.expect_notice("push carbon=false Block");
    rig.forget();
    rig.receive(&format!(r#"<iq type="set" id="b2" from="evil@host.test">{BLOCK}</iq>"#));
    assert!(rig.sent[0].contains("service-unavailable"));
    assert!(rig.notices[0].starts_with("unknown"));
}

#[test]
fn a_malformed_push_is_reported_as_such_and_the_session_goes_on() {
    let mut rig = Rig::online();
    rig.receive(r#"<iq type="set" id="b1"><block xmlns="urn:xmpp:blocking"/></iq>"#);
    assert!(rig.sent[0].contains("bad-request"));
    rig.receive(r#"<message from="host.test"><user_deleted/></message>"#);
    assert_eq!(rig.notices.len(), 2);
    assert!(rig.notices.iter().all(|notice| notice.starts_with("malformed")));
    rig.receive(&format!(r#"<iq type="set" id="b3">{BLOCK}</iq>"#));
    rig.expect_notice("push");
}

#[test]
fn both_senders_of_a_carbon_copy_are_checked() {
    let blocked = r#"<userblocked type="block_user" blocked_user="u2"/>"#;
    let settings = r#"<user_settings archive="1"/>"#;
    for (outer, direction, inner, content, expected) in [
        ("u2@host.test", "received", "u2@host.test", blocked, "unknown"),
        ("u1@host.test/other", "received", "u2@host.test", blocked, "unknown"),
        ("host.test", "received", "u2@host.test", blocked, "unknown"),
        ("evil.test", "received", "u2@host.test", blocked, "unknown"),
        ("u1@host.test", "received", "u2@host.test", blocked, "push carbon=true UserBlocked"),
        ("u1@host.test", "received", "evil@host.test", settings, "unknown"),
        ("u1@host.test", "received", "u1@host.test/phone", settings, "push carbon=true Settings"),
        ("u1@host.test", "sent", "u1@host.test/phone", settings, "unknown"),
    ] {
        let mut rig = Rig::online();
        rig.receive(&format!(
            r#"<message from="{outer}"><{direction} xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0"><message xmlns="jabber:client" from="{inner}">{content}</message></forwarded></{direction}></message>"#
        ));
        let [notice] = &rig.notices[..] else { panic!("{:?}", rig.notices) };
        assert!(notice.starts_with(expected), "{outer} {direction} {inner}: {notice}");
    }
}

#[test]
fn errors_and_unknown_messages_are_unknown_stanzas_and_presence_is_passed_on() {
    let mut rig = Rig::online();
    rig.receive(r#"<message type="error" from="host.test"><user_deleted user="u2"/></message>"#);
    rig.receive(r#"<message from="u2@host.test"><body>hello</body></message>"#);
    rig.receive(r#"<r xmlns="urn:xmpp:sm:3"/>"#);
    rig.receive(r#"<iq type="result" id="not-a-request"/>"#);
    assert_eq!(rig.notices.len(), 4);
    assert!(rig.notices.iter().all(|notice| notice.starts_with("unknown")), "{:?}", rig.notices);
    rig.notices.clear();
    rig.receive(r#"<presence from="u2@host.test/x"/>"#);
    rig.receive(r#"<presence type="unavailable" from="u2@host.test/x"/>"#);
    assert_eq!(rig.notices, ["presence Available", "presence Unavailable"]);
}
