//! Logging out, end to end.

use mfly_client::{ConnectionState, EndReason, ErrorKind};
use mfly_tests::wait::{wait_for_end, wait_for_forced_logout};
use mfly_tests::{ScriptedServer, TestEnv, within};
use serde_json::json;

#[tokio::test]
async fn logging_out_informs_the_server_and_closes_the_session() {
    let env = TestEnv::start().await;
    let (session, mut events) = env.online("alice").await;
    let outcome = within("log-out", session.logout()).await.unwrap();
    assert!(outcome.server_told);
    assert_eq!(session.state(), ConnectionState::Ended);
    assert_eq!(session.ended().await, EndReason::Closed);
    assert_eq!(wait_for_end(&mut events).await, EndReason::Closed);
    assert!(!env.server.user("alice").is_online());
    let again = within("the second log-out", session.logout()).await.unwrap();
    assert!(!again.server_told);
    let requests = env.server.journal().requests_to("/logout");
    assert_eq!(requests.len(), 1);
    assert_eq!((requests[0].method.as_str(), requests[0].user.as_deref()), ("GET", Some("alice")));
}

#[tokio::test]
async fn a_refused_log_out_changes_nothing() {
    let (env, session) = TestEnv::alice().await;
    env.server.fault().request("/logout").refuse(500, "not now");
    let error = session.logout().await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Refused { status: 500, message: "not now".to_owned() });
    assert_eq!(error.official(), json!({"statusCode": 500, "message": "not now"}));
    assert_eq!(session.state(), ConnectionState::Connected);
    session.settings().await.unwrap();
    assert!(session.logout().await.unwrap().server_told);
}

#[tokio::test]
async fn the_session_closes_even_when_the_server_cannot_be_reached() {
    let (env, session) = TestEnv::alice().await;
    env.server.fault().request("/logout").times(2).cut();
    assert!(!within("log-out", session.logout()).await.unwrap().server_told);
    assert_eq!(session.state(), ConnectionState::Ended);
}

#[tokio::test]
async fn operations_after_a_log_out_fail_with_the_end_and_send_nothing() {
    let (env, session) = TestEnv::alice().await;
    session.logout().await.unwrap();
    env.server.journal().clear();
    for error in
        [session.settings().await.map(drop), session.own_profile().await.map(drop)].map(Result::err)
    {
        let kind = error.as_ref().map(mfly_client::Error::kind);
        assert!(matches!(kind, Some(ErrorKind::Ended(EndReason::Closed))), "{error:?}");
    }
    assert!(env.server.journal().requests().is_empty());
}

#[tokio::test]
async fn closing_keeps_the_registration() {
    let (env, credentials, session) = TestEnv::alice_credentials().await;
    within("closing", session.close()).await;
    assert_eq!(env.request_count("/logout"), 0);
    env.app.connect(&credentials).await.unwrap();
}

#[tokio::test]
async fn a_forced_log_out_of_other_sessions_is_an_event_and_does_not_end_this_one() {
    let (_server, session, mut events, mut peer) = ScriptedServer::connected().await;
    let jid = peer.jid();
    peer.send(format!(
        r#"<message xmlns="jabber:client" from="u1@xmpp.example.test" to="{jid}"><logout xmlns="urn:xmpp:receipts" socket_id="sock-41,sock-42"/></message>"#
    ))
    .await;
    assert_eq!(wait_for_forced_logout(&mut events).await, ["sock-41", "sock-42"]);
    assert_eq!(session.state(), ConnectionState::Connected);
}
