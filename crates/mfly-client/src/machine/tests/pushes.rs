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
