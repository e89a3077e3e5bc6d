//! Logging out.

use mfly_client::{ConnectionState, EndReason, ErrorKind, Event, Token};
use mfly_tests::stub::TOKEN;
use mfly_tests::{DEADLINE, ScriptedServer, TestEnv, expect_event, kind, within};
use serde_json::json;

#[tokio::test]
async fn logging_out_tells_the_server_and_closes_the_session() {
    let env = TestEnv::start().await;
    let (session, mut events) = env.online("alice").await;
    let outcome = within("log-out", session.logout()).await.unwrap();
    assert!(outcome.server_told);
    assert_eq!(session.state(), ConnectionState::Ended);
    assert!(matches!(session.ended().await, EndReason::Closed));
    expect_event(&mut events, "end", |event| {
        matches!(event, Event::Ended(EndReason::Closed)).then_some(())
    })
    .await;
    assert!(events.next().await.is_none());
    assert_eq!(env.server.journal().requests_to("/logout").len(), 1);
    assert!(!env.server.user("alice").is_online());
}

#[tokio::test]
async fn the_password_and_the_token_are_void_afterwards() {
    let env = TestEnv::start().await;
    let credentials = env.register("alice").await;
    let session = env.app.connect(&credentials).await.unwrap();
    let token = session.user_token().await.unwrap();
    session.logout().await.unwrap();
    let error = kind(env.app.connect(&credentials).await);
    assert_eq!(error, ErrorKind::InvalidCredentials { status: 400 });
    // Somebody who kept the token cannot use it in another session.
    let other = env.connect("bob").await;
    other.set_user_token(Token::new(token.expose()).unwrap());
    env.server.journal().clear();
    other.own_profile().await.unwrap();
    let refused = &env.server.journal().requests_to("/contacts/vcard")[0];
    assert_eq!(refused.http_status, 401);
}

#[tokio::test]
async fn goodbye_is_said_as_the_official_sdk_says_it() {
    let server = ScriptedServer::start().await;
    let (session, _events, mut peer) = server.connect().await;
    let script = async {
        let unavailable = peer.receive().await;
        let close = peer.receive().await;
        peer.send(r#"<close xmlns="urn:ietf:params:xml:ns:xmpp-framing" />"#).await;
        (unavailable, close)
    };
    let (outcome, (unavailable, close)) =
        within("log-out", async { tokio::join!(session.logout(), script) }).await;
    assert!(outcome.unwrap().server_told);
    assert_eq!(unavailable, r#"<presence type="unavailable" xmlns="jabber:client"/>"#);
    assert_eq!(close, r#"<close xmlns="urn:ietf:params:xml:ns:xmpp-framing"/>"#);
    let sent = server.backend.sent().pop().unwrap();
    assert_eq!((sent.method.as_str(), sent.path.as_str()), ("GET", "/logout"));
    assert_eq!(sent.token.as_deref(), Some(TOKEN));
}

#[tokio::test]
async fn a_refused_log_out_changes_nothing() {
    let env = TestEnv::start().await;
    let session = env.connect("alice").await;
    env.server.fault().request("/logout").refuse(500, "not now");
    let error = session.logout().await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Refused { status: 500, message: "not now".to_owned() });
    assert_eq!(error.official(), json!({"statusCode": 500, "message": "not now"}));
    assert_eq!(session.state(), ConnectionState::Connected);
    session.settings().await.unwrap();
    assert!(session.logout().await.unwrap().server_told);
}

#[tokio::test]
async fn when_the_server_cannot_be_told_the_session_closes_all_the_same() {
    let env = TestEnv::start().await;
    let session = env.connect("alice").await;
    env.server.fault().request("/logout").times(2).cut();
    assert!(!within("log-out", session.logout()).await.unwrap().server_told);
    assert_eq!(session.state(), ConnectionState::Ended);
}

#[tokio::test]
async fn logging_out_twice_is_no_error() {
    let env = TestEnv::start().await;
    let session = env.connect("alice").await;
    session.logout().await.unwrap();
    let again = within("the second log-out", session.logout()).await.unwrap();
    assert!(!again.server_told);
    assert_eq!(env.server.journal().requests_to("/logout").len(), 1);
}

#[tokio::test]
async fn nothing_works_afterwards_and_the_error_says_so() {
    let env = TestEnv::start().await;
    let session = env.connect("alice").await;
    session.logout().await.unwrap();
    env.server.journal().clear();
    let error = session.settings().await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Ended(EndReason::Closed)), "{error:?}");
    let error = session.own_profile().await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Ended(EndReason::Closed)), "{error:?}");
    assert!(env.server.journal().requests().is_empty());
}

#[tokio::test]
async fn others_see_the_user_leave() {
    let env = TestEnv::start().await;
    let (_bob, mut events) = env.online("bob").await;
    let alice = env.connect("alice").await;
    alice.logout().await.unwrap();
    let user = env.address("alice");
    expect_event(&mut events, "alice's leaving", |event| match event {
        Event::Presence { user: who, kind, .. } if *who == user => {
            (*kind == mfly_client::PresenceKind::Unavailable).then_some(())
        }
        _ => None,
    })
    .await;
}

#[tokio::test]
async fn closing_keeps_the_registration() {
    let env = TestEnv::start().await;
    let credentials = env.register("alice").await;
    let session = env.app.connect(&credentials).await.unwrap();
    within("closing", session.close()).await;
    assert!(env.server.journal().requests_to("/logout").is_empty());
    env.app.connect(&credentials).await.unwrap();
}

#[tokio::test]
async fn dropping_the_last_handle_says_goodbye() {
    let env = TestEnv::start().await;
    let session = env.connect("alice").await;
    let clone = session.clone();
    drop(session);
    clone.settings().await.unwrap();
    drop(clone);
    let is_close = |entry: &mfly_testserver::Entry| {
        entry.frame().is_some_and(|frame| {
            frame.direction == mfly_testserver::Direction::Received
                && frame.text.starts_with("<close")
        })
    };
    env.server.journal().wait_for(DEADLINE, is_close).await.unwrap();
}

#[tokio::test]
async fn a_forced_log_out_is_told_and_leaves_the_decision_to_the_app() {
    let server = ScriptedServer::start().await;
    let (session, mut events, mut peer) = server.connect().await;
    let jid = peer.jid();
    peer.send(format!(
        r#"<message xmlns="jabber:client" from="u1@xmpp.example.test" to="{jid}"><logout xmlns="urn:xmpp:receipts" socket_id="sock-41,sock-42"/></message>"#
    ))
    .await;
    let ids = expect_event(&mut events, "forced log-out", |event| match event {
        Event::ForcedLogout { socket_ids, carbon: false } => Some(socket_ids.clone()),
        _ => None,
    })
    .await;
    assert_eq!(ids, ["sock-41", "sock-42"]);
    assert_eq!(session.state(), ConnectionState::Connected);
}
