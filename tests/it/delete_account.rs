//! Deleting the own account.

use mfly_client::{ConnectionState, EndReason, ErrorKind};
use mfly_tests::env::refused_status;
use mfly_tests::wait::wait_for_end;
use mfly_tests::{TestEnv, argument, kind, within};
use serde_json::json;

#[tokio::test]
async fn the_account_is_deleted_and_all_its_sessions_end_for_good() {
    let (env, credentials, session) = TestEnv::alice_credentials().await;
    let (other, mut others) = env.online("alice").await;
    let mut events = session.events();
    within("deletion", session.delete_account("moving", None)).await.unwrap();
    assert_eq!(session.state(), ConnectionState::Ended);
    for events in [&mut events, &mut others] {
        assert_eq!(wait_for_end(events).await, EndReason::AccountDeleted);
    }
    assert_eq!(other.ended().await, EndReason::AccountDeleted);
    assert!(!env.server.user("alice").exists());
    let body = env.request_body("/users/deleteMyAccount");
    assert_eq!(body, json!({"reason": "moving", "feedback": ""}));
    let error = kind(env.app.connect(&credentials).await);
    assert_eq!(error, ErrorKind::InvalidCredentials { status: 400 });
    let error = kind(session.settings().await);
    assert!(matches!(error, ErrorKind::Ended(EndReason::AccountDeleted)), "{error:?}");
}

#[tokio::test]
async fn an_empty_reason_is_refused_and_nothing_is_sent() {
    let (env, session) = TestEnv::alice_settled().await;
    let refused = argument(session.delete_account("", Some("bye")).await);
    assert_eq!(refused, ("reason", "reason is not valid or required".to_owned()));
    env.assert_nothing_sent(&session).await;
}

#[tokio::test]
async fn a_refused_deletion_changes_neither_account_nor_session() {
    let (env, session) = TestEnv::alice().await;
    env.server.fault().request("/users/deleteMyAccount").refuse(500, "no");
    assert_eq!(refused_status(session.delete_account("moving", None).await), 500);
    assert_eq!(session.state(), ConnectionState::Connected);
    session.settings().await.unwrap();
    assert!(env.server.user("alice").exists());
}
