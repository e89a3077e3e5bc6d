//! What the official SDK's listeners were seen to be told, for the stanzas that were pushed to it.

use mfly_client::{Event, Events};
use mfly_tests::stub::HOST;
use mfly_tests::{Peer, ScriptedServer, TestEnv, expect_events_until};
use serde_json::{Value, json};

/// Everything told until now, in the official shape.
async fn told(events: &mut Events, peer: &mut Peer) -> Vec<(&'static str, Value)> {
    peer.send(format!(r#"<presence xmlns="jabber:client" from="mark@{HOST}"/>"#)).await;
    let is_mark = |event: &Event| event.user().is_some_and(|user| user.local() == Some("mark"));
    expect_events_until(events, "mark", is_mark)
        .await
        .iter()
        .flat_map(Event::official)
        .map(|call| (call.listener, call.payload))
        .collect()
}

/// Stanza, then listener and payload of each call. Observed: Web SDK 4.25.10.
fn observed() -> Vec<(&'static str, Vec<(&'static str, Value)>)> {
    let presence = |status: &str| {
        vec![("presenceListener", json!({"fromUserJid": "u2@xmpp.example.test", "status": status}))]
    };
    let block = |kind: &str| {
        vec![(
            "blockUserListener",
            json!({"blockedUserId": "u2", "msgType": "userBlockStatus", "type": kind}),
        )]
    };
    vec![
        (r#"<presence from="u1@xmpp.example.test/Web-9070dd1b"/>"#, vec![]),
        (r#"<presence from="u2@xmpp.example.test/Web-9"/>"#, presence("online")),
        (r#"<presence from="u2@xmpp.example.test" type="subscribe"/>"#, presence("subscribe")),
        (r#"<presence from="u2@xmpp.example.test" type="error"/>"#, presence("error")),
        (
            r#"<presence from="u2@xmpp.example.test/a"><show>away</show></presence>"#,
            presence("online"),
        ),
        (
            r#"<iq type="result" from="u2@xmpp.example.test" id="q1"><vCard xmlns="vcard-temp"><nickName>zpsIMqr9CDMq3GgVFtn8TQ==</nickName><image>i</image><thumbImage>t</thumbImage><email>5sCjC/iR0ITJYUkrfiiKxA==</email><mobileNumber>UKxQuQfPJFgOTzZciechJw==</mobileNumber><status>S</status></vCard></iq>"#,
            vec![(
                "userProfileListener",
                json!({"email": "b@e.co", "image": "i", "thumbImage": "t", "fromUser": "u2", "nickName": "Bob", "mobileNumber": "1555", "status": "S", "userId": "u2"}),
            )],
        ),
        (
            r#"<iq type="result" from="u2@xmpp.example.test" id="q5"><vCard xmlns="vcard-temp"><nickName>Plain</nickName></vCard></iq>"#,
            vec![(
                "userProfileListener",
                json!({"email": "", "image": "", "thumbImage": "", "fromUser": "u2", "nickName": "Plain", "mobileNumber": "", "status": "", "userId": "u2"}),
            )],
        ),
        (
            r#"<iq type="result" from="u1@xmpp.example.test" id="q6"><query xmlns="jabber:iq:roster" contact_permission="0"><item jid="u2@xmpp.example.test" name="B"/></query></iq>"#,
            vec![(
                "friendsListListener",
                json!({"users": [{"name": "", "image": "", "thumbImage": "", "email": "", "isFriend": true, "status": "", "userJid": "u2@xmpp.example.test", "mobileNumber": "", "userId": "u2", "nickName": "B", "isAdminBlocked": false}], "permission": 0}),
            )],
        ),
        (
            r#"<iq type="set" from="u1@xmpp.example.test" id="q8"><block xmlns="urn:xmpp:blocking"><item jid="u2@xmpp.example.test"/></block></iq>"#,
            block("block_user"),
        ),
        (
            r#"<iq type="set" from="u1@xmpp.example.test" id="q9"><unblock xmlns="urn:xmpp:blocking"><item jid="u2@xmpp.example.test"/></unblock></iq>"#,
            block("unblock_user"),
        ),
        (
            r#"<message from="xmpp.example.test" to="u1@xmpp.example.test"><contact_permission permission_status="0"/></message>"#,
            vec![("friendsListListener", json!({"users": [], "permission": 0}))],
        ),
        (
            r#"<message from="xmpp.example.test" to="u1@xmpp.example.test"><user_deleted user="u2@xmpp.example.test"/></message>"#,
            vec![("userDeletedListener", json!("u2@xmpp.example.test"))],
        ),
        (
            r#"<message from="u2@xmpp.example.test" to="u1@xmpp.example.test"><userblocked type="block_user" blocked_user="u2"/></message>"#,
            vec![
                presence("unavailable").remove(0),
                (
                    "messageListener",
                    json!({"type": "block_user", "blockedUserId": "u2", "msgType": "userBlockStatus"}),
                ),
            ],
        ),
        (
            r#"<message from="u2@xmpp.example.test" to="u1@xmpp.example.test"><userblocked type="unblock_user" blocked_user="u2"/></message>"#,
            vec![(
                "messageListener",
                json!({"type": "unblock_user", "blockedUserId": "u2", "msgType": "userBlockStatus"}),
            )],
        ),
    ]
}

#[tokio::test]
async fn each_pushed_stanza_gives_the_calls_that_were_seen() {
    let server = ScriptedServer::start().await;
    let (_session, mut events, mut peer) = server.connect().await;
    told(&mut events, &mut peer).await;
    for (stanza, expected) in observed() {
        peer.send(stanza).await;
        assert_eq!(told(&mut events, &mut peer).await, expected, "{stanza}");
    }
}

#[tokio::test]
async fn the_connections_ups_and_downs_have_the_official_names() {
    let server = ScriptedServer::start().await;
    let (session, mut events, peer) =
        server.connect_with(|request| request.reconnect(crate::reconnect::quick())).await;
    peer.vanish();
    let _peer = server.accept_online().await;
    let mut statuses = Vec::new();
    while statuses.len() < 4 {
        let event = mfly_tests::within("an event", events.next()).await.unwrap();
        for call in event.official() {
            assert_eq!(call.listener, "connectionListener");
            statuses.push(call.payload);
        }
    }
    assert_eq!(
        statuses,
        ["CONNECTED", "DISCONNECTED", "RECONNECTING", "CONNECTED"]
            .map(|status| json!({"status": status}))
    );
    drop(session);
}

#[tokio::test]
async fn nothing_official_is_told_of_what_the_official_sdk_does_not_know() {
    let env = TestEnv::start().await;
    let (session, mut events) = env.online("alice").await;
    env.server.fault().connections_of("alice").send(r#"<unheard xmlns="urn:example"/>"#);
    let told = env.told("alice", &mut events).await;
    assert!(!told.is_empty());
    assert!(told.iter().all(|event| event.official().is_empty()), "{told:?}");
    drop(session);
}
