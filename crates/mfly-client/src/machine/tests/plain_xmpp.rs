//! What is believed, and from whom, on a server without the platform's extensions.

use super::server::{PASSWORD, offer};
use super::*;

fn online() -> Rig {
    online_with(|_| {})
}

fn online_with(change: impl FnOnce(&mut Config)) -> Rig {
    let mut rig = Rig::standard(change);
    rig.dialled();
    rig.server(SERVER_OPEN);
    rig.server(&offer(&["PLAIN"]));
    rig.password(PASSWORD);
    rig.server(SUCCESS);
    rig.bind();
    rig
}

fn from(address: Option<&str>) -> String {
    address.map(|address| format!(r#" from="{address}""#)).unwrap_or_default()
}

#[test]
fn presence_and_carbons_are_announced_after_each_connection_unless_switched_off() {
    let mut rig = online();
    assert!(rig.sent.iter().any(|frame| frame == PRESENCE));
    assert!(rig.last().contains("urn:xmpp:carbons:2"));
    rig.reconnect();
    rig.dialled();
    rig.password(PASSWORD);
    rig.server(SERVER_OPEN);
    rig.server(&offer(&["PLAIN"]));
    rig.server(SUCCESS);
    rig.bind();
    assert!(rig.sent.iter().any(|frame| frame == PRESENCE));
    assert!(rig.last().contains("urn:xmpp:carbons:2"));

    let quiet = online_with(|config| {
        config.presence = false;
        config.carbons = false;
    });
    let announced = |frame: &String| frame.starts_with("<presence") || frame.contains("carbons");
    assert!(!quiet.sent.iter().any(announced), "{:?}", quiet.sent);
}

#[test]
fn a_change_of_a_list_is_believed_from_the_own_account_only() {
    let block = r#"<block xmlns="urn:xmpp:blocking"><item jid="u2@host.test"/></block>"#;
    let roster = r#"<query xmlns="jabber:iq:roster"><item jid="u2@host.test"/></query>"#;
    for (sender, believed) in [
        (None, true),
        (Some("u1@host.test"), true),
        (Some("host.test"), false),
        (Some("u1@host.test/other"), false),
        (Some("evil@host.test"), false),
    ] {
        for push in [block, roster] {
            let mut rig = online();
            rig.forget();
            let from = from(sender);
            rig.server(&format!(r#"<iq type="set" id="b1"{from}>{push}</iq>"#));
            assert_eq!(rig.has_news("push"), believed, "{sender:?}: {:?}", rig.news);
            assert_eq!(rig.has_news("unknown"), !believed);
            let answer = if believed { r#"type="result""# } else { "service-unavailable" };
            assert!(rig.last().contains(answer), "{sender:?}: {}", rig.last());
        }
    }
}

#[test]
fn the_platforms_notices_mean_nothing_elsewhere() {
    let mut rig = online();
    rig.forget();
    rig.server(r#"<message from="host.test"><user_deleted user="u1@host.test"/></message>"#);
    rig.server(r#"<message from="host.test"><admin_block block_status="1" jid="u1@host.test" chat_type="chat"/></message>"#);
    assert!(!rig.has_news("push"), "{:?}", rig.news);
    rig.lose();
    assert!(rig.has_news("reconnecting 1"), "{:?}", rig.news);
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
    for (stanza, expected) in [
        (text.to_owned(), "message None"),
        (copy("u1@host.test", "received"), "message Some(Received)"),
        (copy("u1@host.test", "sent"), "message Some(Sent)"),
        (copy("evil@host.test", "received"), "unknown"),
        (copy("host.test", "sent"), "unknown"),
        (
            r#"<message from="u2@host.test"><composing xmlns="urn:x"/></message>"#.to_owned(),
            "unknown",
        ),
        (
            r#"<message from="u2@host.test" type="error" id="m1"><error type="cancel"/></message>"#
                .to_owned(),
            "message None",
        ),
    ] {
        let mut rig = online();
        rig.forget();
        rig.server(&stanza);
        assert_eq!(rig.news.len(), 1, "{:?}", rig.news);
        assert!(rig.has_news(expected), "{stanza}: {:?}", rig.news);
    }
}

#[test]
fn a_ping_is_answered_without_a_sender_of_ones_own() {
    let mut rig = online();
    rig.server(r#"<iq type="get" id="p1" from="host.test" to="u1@host.test/Web-1"><ping xmlns="urn:xmpp:ping"/></iq>"#);
    assert_eq!(rig.last(), r#"<iq id="p1" to="host.test" type="result" xmlns="jabber:client"/>"#);
}

#[test]
fn what_the_server_takes_at_most_is_told_for_each_connection() {
    let limited = BIND.replace(
        "<bind ",
        r#"<limits xmlns="urn:xmpp:stream-limits:0"><max-bytes>9000</max-bytes></limits><bind "#,
    );
    let mut rig = Rig::standard(|config| config.pipelined = false);
    for (features, limit) in [(limited.as_str(), Some(9000)), (BIND, None)] {
        rig.dialled();
        rig.server(SERVER_OPEN);
        rig.server(&offer(&["PLAIN"]));
        rig.password(PASSWORD);
        for frame in [SUCCESS, SERVER_OPEN, features, BOUND] {
            rig.server(frame);
        }
        assert!(rig.has_news("connected"));
        assert_eq!(rig.stanza_limit, limit);
        rig.reconnect();
    }
}

#[test]
fn what_is_not_known_is_refused() {
    let mut rig = online();
    rig.server(r#"<iq type="set" id="x" from="u1@host.test"><made-up xmlns="urn:x"/></iq>"#);
    assert!(rig.last().contains("service-unavailable"));
}

#[test]
fn white_space_is_a_sign_of_life_and_nothing_else() {
    let mut rig = online();
    rig.forget();
    for _ in 0..10 {
        rig.pass(25 * SECOND);
        rig.server(" ");
    }
    assert!(rig.sent.is_empty() && rig.news.is_empty(), "{:?}", rig.sent);
}

#[test]
fn a_stream_error_says_why_in_the_servers_words() {
    let mut rig = online();
    rig.server(r#"<stream:error xmlns:stream="http://etherx.jabber.org/streams"><system-shutdown xmlns="urn:ietf:params:xml:ns:xmpp-streams"/><text xmlns="urn:ietf:params:xml:ns:xmpp-streams">Back at six.</text></stream:error>"#);
    assert!(
        rig.has_news("disconnected: stream error: system-shutdown: Back at six."),
        "{:?}",
        rig.news
    );
    assert!(rig.has_news("reconnecting 1"));
}
