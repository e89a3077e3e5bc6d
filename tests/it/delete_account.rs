//! Deleting the own account.

use mfly_client::{ConnectionState, EndReason, ErrorKind, Event, UserIdentifier};
use mfly_tests::env::user;
use mfly_tests::{TestEnv, argument, expect_event, kind, within};
use serde_json::{Value, json};

#[tokio::test]
async fn the_account_is_gone_and_the_session_ends_for_good() {
    let env = TestEnv::start().await;
    let credentials = env.register("alice").await;
    let session = env.app.connect(&credentials).await.unwrap();
    let mut events = session.events();
    within("deletion", session.delete_account("moving", Some("bye"))).await.unwrap();
    assert_eq!(session.state(), ConnectionState::Ended);
    let reason = expect_event(&mut events, "end", |event| match event {
        Event::Ended(reason) => Some(reason.clone()),
        _ => None,
    })
    .await;
    assert!(matches!(reason, EndReason::AccountDeleted), "{reason:?}");
    assert!(events.next().await.is_none(), "it connects again");
    assert!(!env.server.user("alice").exists());
    let error = kind(env.app.connect(&credentials).await);
    assert_eq!(error, ErrorKind::InvalidCredentials { status: 400 });
    let error = kind(session.settings().await);
    assert!(matches!(error, ErrorKind::Ended(EndReason::AccountDeleted)), "{error:?}");
}

#[tokio::test]
async fn reason_and_feedback_arrive() {
    let env = TestEnv::start().await;
    let session = env.connect("alice").await;
    session.delete_account("moving", None).await.unwrap();
    let request = &env.server.journal().requests_to("/users/deleteMyAccount")[0];
    let body: Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!(body, json!({"reason": "moving", "feedback": ""}));
}

#[tokio::test]
async fn an_empty_reason_is_refused_and_nothing_is_sent() {
    let env = TestEnv::start().await;
    let session = env.connect("alice").await;
    env.settle(&session).await;
    let refused = argument(session.delete_account("", Some("bye")).await);
    assert_eq!(refused, ("reason", "reason is not valid or required".to_owned()));
    env.assert_nothing_sent(&session).await;
    assert!(env.server.user("alice").exists());
}

#[tokio::test]
async fn a_refused_deletion_leaves_account_and_session_alone() {
    let env = TestEnv::start().await;
    let session = env.connect("alice").await;
    env.server.fault().request("/users/deleteMyAccount").refuse(500, "no");
    let error = kind(session.delete_account("moving", None).await);
    assert!(matches!(error, ErrorKind::Refused { status: 500, .. }), "{error:?}");
    assert_eq!(session.state(), ConnectionState::Connected);
    session.settings().await.unwrap();
    assert!(env.server.user("alice").exists());
}

#[tokio::test]
async fn the_users_other_sessions_end_without_connecting_again() {
    let env = TestEnv::start().await;
    let (other, mut events) = env.online("alice").await;
    let session = env.connect("alice").await;
    session.delete_account("moving", None).await.unwrap();
    let reason = expect_event(&mut events, "end", |event| match event {
        Event::Ended(reason) => Some(reason.clone()),
        _ => None,
    })
    .await;
    assert!(matches!(reason, EndReason::AccountDeleted), "{reason:?}");
    assert!(matches!(other.ended().await, EndReason::AccountDeleted));
}

#[tokio::test]
async fn registering_the_same_identifier_again_makes_a_fresh_account() {
    let env = TestEnv::start().await;
    let session = env.connect("alice").await;
    env.register("bob").await;
    session.block(&user("bob")).await.unwrap();
    session.delete_account("moving", None).await.unwrap();
    let account = env.app.register(&UserIdentifier::new("alice").unwrap()).await.unwrap();
    assert!(!account.is_profile_updated);
    let session = env.app.connect(&account.credentials).await.unwrap();
    assert!(session.blocked().await.unwrap().is_empty());
}
