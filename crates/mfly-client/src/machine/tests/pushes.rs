//! News, true and forged.

use super::*;

const VCARD: &str = r#"<vCard xmlns="vcard-temp"><nickName>x</nickName></vCard>"#;
const ROSTER: &str = r#"<query xmlns="jabber:iq:roster"/>"#;
const BLOCK: &str = r#"<block xmlns="urn:xmpp:blocking"><item jid="u2@host.test"/></block>"#;

const ANYBODY: [&str; 7] = [
    "",
    "u1@host.test",
    "host.test",
    "u1@host.test/other",
    "u2@host.test",
    "u2@host.test/phone",
    "evil.test",
];

/// Which of [`ANYBODY`] is believed when they send this.
fn believed(kind: &str, content: &str) -> Vec<&'static str> {
    let mut list = Vec::new();
    for from in ANYBODY {
        let mut rig = Rig::online();
        let from_attribute =
            if from.is_empty() { String::new() } else { format!(r#" from="{from}""#) };
        let (name, rest) = kind.split_once(' ').unwrap_or((kind, ""));
        rig.server(&format!("<{name} {rest}{from_attribute}>{content}</{name}>"));
        match &rig.news[..] {
            [news] if news.starts_with("push") => list.push(from),
            [news] if news.starts_with("unknown") || news.starts_with("malformed") => {}
            other => panic!("{from}: {other:?}"),
        }
    }
    list
}

#[test]
fn each_push_is_believed_from_those_who_may_tell_it_and_from_nobody_else() {
    let account = ["", "u1@host.test", "host.test"];
    let server = ["", "host.test"];
    assert_eq!(believed(r#"iq type="set" id="1""#, BLOCK), account);
    assert_eq!(believed(r#"iq type="result" id="1""#, ROSTER), account);
    assert_eq!(believed("message", r#"<user_settings archive="1"/>"#), account);
    assert_eq!(believed("message", r#"<logout socket_id="a"/>"#), account);
    assert_eq!(believed("message", r#"<contact_permission permission_status="0"/>"#), account);
    assert_eq!(believed("message", r#"<user_deleted user="u2"/>"#), server);
    assert_eq!(
        believed(
            "message",
            r#"<admin_block block_status="1" jid="u2@host.test" chat_type="chat"/>"#
        ),
        server
    );
    assert_eq!(believed("message", "<register_update/>"), ANYBODY);
}

#[test]
fn who_blocked_me_is_believed_from_that_user_or_the_own_account_only() {
    for user in ["u2", "u2@host.test"] {
        let notice = format!(r#"<userblocked type="block_user" blocked_user="{user}"/>"#);
        assert_eq!(
            believed("message", &notice),
            ["", "u1@host.test", "host.test", "u2@host.test", "u2@host.test/phone"]
        );
    }
}

#[test]
fn a_profile_is_believed_from_its_owner_only() {
    // A profile names nobody but its sender: a stranger can only tell of themselves.
    assert_eq!(
        believed(r#"iq type="result" id="1""#, VCARD),
        ["u1@host.test", "u2@host.test", "u2@host.test/phone"]
    );
    assert_eq!(
        believed("message", r#"<profile_update xmlns="urn:xmpp:receipts"/>"#)
            .iter()
            .filter(|from| from.starts_with("u1@"))
            .copied()
            .collect::<Vec<_>>(),
        ["u1@host.test"]
    );
}

#[test]
fn a_block_push_is_acknowledged_and_a_forged_one_refused() {
    let mut rig = Rig::online();
    rig.server(&format!(r#"<iq type="set" id="b1" from="u1@host.test">{BLOCK}</iq>"#));
    assert_eq!(
        rig.sent,
        [r#"<iq id="b1" to="u1@host.test" type="result" xmlns="jabber:client"/>"#]
    );
    assert!(rig.has_news("push carbon=false Block"));
    rig.forget();
    rig.server(&format!(r#"<iq type="set" id="b2" from="evil@host.test">{BLOCK}</iq>"#));
    assert!(rig.sent[0].contains("service-unavailable"));
    assert!(rig.news[0].starts_with("unknown"));
}

#[test]
fn a_malformed_push_is_reported_as_such_and_the_session_goes_on() {
    let mut rig = Rig::online();
    rig.server(r#"<iq type="set" id="b1"><block xmlns="urn:xmpp:blocking"/></iq>"#);
    assert!(rig.sent[0].contains("bad-request"));
    rig.server(r#"<message from="host.test"><user_deleted/></message>"#);
    assert_eq!(rig.news.len(), 2);
    assert!(rig.news.iter().all(|news| news.starts_with("malformed")));
    rig.server(&format!(r#"<iq type="set" id="b3">{BLOCK}</iq>"#));
    assert!(rig.has_news("push"));
}

fn carbon(outer: &str, direction: &str, inner: &str, content: &str) -> String {
    format!(
        r#"<message from="{outer}"><{direction} xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0"><message xmlns="jabber:client" from="{inner}">{content}</message></forwarded></{direction}></message>"#
    )
}

#[test]
fn a_carbon_is_believed_from_the_own_bare_address_only() {
    let notice = r#"<userblocked type="block_user" blocked_user="u2"/>"#;
    let mut rig = Rig::online();
    for outer in ["u2@host.test", "u1@host.test/other", "host.test", "evil.test"] {
        rig.server(&carbon(outer, "received", "u2@host.test", notice));
        assert!(rig.news.pop().unwrap().starts_with("unknown"), "{outer} forged a carbon");
    }
    rig.server(&carbon("u1@host.test", "received", "u2@host.test", notice));
    assert!(rig.news.pop().unwrap().starts_with("push carbon=true UserBlocked"));
}

#[test]
fn the_sender_inside_a_carbon_is_judged_as_well() {
    let settings = r#"<user_settings archive="1"/>"#;
    let mut rig = Rig::online();
    rig.server(&carbon("u1@host.test", "received", "evil@host.test", settings));
    assert!(rig.news.pop().unwrap().starts_with("unknown"));
    rig.server(&carbon("u1@host.test", "received", "u1@host.test/phone", settings));
    assert!(rig.news.pop().unwrap().starts_with("push carbon=true Settings"));
    rig.server(&carbon("u1@host.test", "sent", "u1@host.test/phone", settings));
    assert!(rig.news.pop().unwrap().starts_with("unknown"));
}

#[test]
fn errors_and_unknown_messages_are_unknown_stanzas() {
    let mut rig = Rig::online();
    rig.server(r#"<message type="error" from="host.test"><user_deleted user="u2"/></message>"#);
    rig.server(r#"<message from="u2@host.test"><body>hello</body></message>"#);
    rig.server(r#"<r xmlns="urn:xmpp:sm:3"/>"#);
    rig.server(r#"<iq type="result" id="nobody-asked"/>"#);
    assert_eq!(rig.news.len(), 4);
    assert!(rig.news.iter().all(|news| news.starts_with("unknown")), "{:?}", rig.news);
}

#[test]
fn presence_is_passed_on() {
    let mut rig = Rig::online();
    rig.server(r#"<presence from="u2@host.test/x"/>"#);
    rig.server(r#"<presence type="unavailable" from="u2@host.test/x"/>"#);
    assert_eq!(rig.news, ["presence Available", "presence Unavailable"]);
}
