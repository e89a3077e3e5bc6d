//! Sessions of standard accounts: which pushes they accept, and from which senders.

use super::server::{PASSWORD, offer};
use super::*;

fn online(change: impl FnOnce(&mut Config)) -> Rig {
    let mut rig = Rig::standard(change);
    rig.authenticate(&offer(&["PLAIN"]), PASSWORD);
    rig.succeed(BIND);
    rig.receive(BOUND);
    rig
}

#[test]
fn presence_and_carbons_are_sent_on_each_connection_unless_switched_off() {
    let is_announced =
        |frame: &&String| frame.starts_with("<presence") || frame.contains("carbons");
    let mut rig = online(|_| {});
    for _ in 0..2 {
        let announced: Vec<_> = rig.sent.iter().filter(is_announced).collect();
        assert_eq!((announced[0].as_str(), announced.len()), (PRESENCE, 2));
        assert!(announced[1].contains("urn:xmpp:carbons:2"));
        rig.reconnect();
        rig.dialled();
        rig.password(PASSWORD);
        rig.receive_all(&[SERVER_OPEN, &offer(&["PLAIN"]), SUCCESS]);
        rig.bind();
    }
    let quiet = online(|config| {
        config.presence = false;
        config.carbons = false;
    });
    assert!(!quiet.sent.iter().any(|frame| is_announced(&frame)), "{:?}", quiet.sent);
}

#[test]
fn a_change_of_a_list_is_accepted_from_the_own_account_only() {
    let block = r#"<block xmlns="urn:xmpp:blocking"><item jid="u2@host.test"/></block>"#;
    let roster = r#"<query xmlns="jabber:iq:roster"><item jid="u2@host.test"/></query>"#;
    let unknown = r#"<made-up xmlns="urn:x"/>"#;
    for (from, is_account) in [
        ("", true),
        (r#" from="u1@host.test""#, true),
        (r#" from="host.test""#, false),
        (r#" from="u1@host.test/other""#, false),
        (r#" from="evil@host.test""#, false),
    ] {
        for push in [block, roster, unknown] {
            let mut rig = online(|_| {});
            rig.forget();
            rig.receive(&format!(r#"<iq type="set" id="b1"{from}>{push}</iq>"#));
            let is_accepted = is_account && push != unknown;
            assert_eq!(rig.has_notice("push"), is_accepted, "{from}: {:?}", rig.notices);
            assert_eq!(rig.has_notice("unknown"), !is_account && push != unknown);
            let answer = if is_accepted { r#"type="result""# } else { "service-unavailable" };
            assert!(rig.last().contains(answer), "{from}: {}", rig.last());
        }
    }
}

#[test]
fn pushes_of_the_platform_have_no_effect() {
    let mut rig = online(|_| {});
    rig.forget();
    rig.receive(r#"<message from="host.test"><user_deleted user="u1@host.test"/></message>"#);
    rig.receive(r#"<message from="host.test"><admin_block block_status="1" jid="u1@host.test" chat_type="chat"/></message>"#);
    rig.expect_no_notice("push");
    rig.lose();
    rig.expect_notice("reconnecting 1");
}

#[test]
fn messages_and_their_copies_arrive_and_a_forged_copy_does_not() {
    let text =
        r#"<message from="u2@host.test/x" to="u1@host.test" type="chat"><body>hi</body></message>"#;
    let copy = |from: &str, kind: &str| {
        format!(
            r#"<message from="{from}" to="u1@host.test/Web-1"><{kind} xmlns="urn:xmpp:carbons:2"><forwarded xmlns="urn:xmpp:forward:0">{}</forwarded></{kind}></message>"#,
            text.replace("<message ", r#"<message xmlns="jabber:client" "#)
        )
    };
    let composing = r#"<message from="u2@host.test"><composing xmlns="urn:x"/></message>"#;
    let error =
        r#"<message from="u2@host.test" type="error" id="m1"><error type="cancel"/></message>"#;
    for (stanza, expected) in [
        (text, "message None"),
        (&copy("u1@host.test", "received"), "message Some(Received)"),
        (&copy("u1@host.test", "sent"), "message Some(Sent)"),
        (&copy("evil@host.test", "received"), "unknown"),
        (&copy("host.test", "sent"), "unknown"),
        (composing, "unknown"),
        (error, "message None"),
    ] {
        let mut rig = online(|_| {});
        rig.forget();
        rig.receive(stanza);
        assert_eq!(rig.notices.len(), 1, "{:?}", rig.notices);
        rig.expect_notice(expected);
    }
}

#[test]
fn a_ping_is_answered_without_an_own_sender() {
    let mut rig = online(|_| {});
    rig.receive(r#"<iq type="get" id="p1" from="host.test" to="u1@host.test/Web-1"><ping xmlns="urn:xmpp:ping"/></iq>"#);
    assert_eq!(rig.last(), r#"<iq id="p1" to="host.test" type="result" xmlns="jabber:client"/>"#);
}

#[test]
fn the_servers_stanza_limit_is_reported_on_each_connection() {
    let limits =
        r#"<limits xmlns="urn:xmpp:stream-limits:0"><max-bytes>9000</max-bytes></limits><bind "#;
    let mut rig = Rig::standard(|config| config.pipelined = false);
    for (features, limit) in [(&BIND.replace("<bind ", limits), Some(9000)), (&BIND.into(), None)] {
        rig.authenticate(&offer(&["PLAIN"]), PASSWORD);
        rig.succeed(features);
        rig.receive(BOUND);
        rig.expect_notice("connected");
        assert_eq!(rig.stanza_limit, limit);
        rig.reconnect();
    }
}

#[test]
fn the_text_of_a_stream_error_is_part_of_the_reason() {
    let mut rig = online(|_| {});
    rig.receive(r#"<stream:error xmlns:stream="http://etherx.jabber.org/streams"><system-shutdown xmlns="urn:ietf:params:xml:ns:xmpp-streams"/><text xmlns="urn:ietf:params:xml:ns:xmpp-streams">Back at six.</text></stream:error>"#);
    rig.expect_notice("disconnected: stream error: system-shutdown: Back at six.");
    rig.expect_notice("reconnecting 1");
}
