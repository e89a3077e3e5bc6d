//! Deleting the own account.

use mfly_client::{ConnectionState, EndReason, ErrorKind, Event, UserIdentifier};
use mfly_tests::place::user;
use mfly_tests::{Place, argument, expect_event, kind, within};
use serde_json::{Value, json};

#[tokio::test]
async fn the_account_is_gone_and_the_session_ends_for_good() {
    let place = Place::start().await;
    let credentials = place.register("alice").await;
    let session = place.app.connect(&credentials).await.unwrap();
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
    assert!(!place.server.user("alice").exists());
    let error = kind(place.app.connect(&credentials).await);
    assert_eq!(error, ErrorKind::InvalidCredentials { status: 400 });
    let error = kind(session.settings().await);
    assert!(matches!(error, ErrorKind::Ended(EndReason::AccountDeleted)), "{error:?}");
}

#[tokio::test]
async fn reason_and_feedback_arrive() {
    let place = Place::start().await;
    let session = place.connect("alice").await;
    session.delete_account("moving", None).await.unwrap();
    let request = &place.server.journal().requests_to("/users/deleteMyAccount")[0];
    let body: Value = serde_json::from_str(&request.body).unwrap();
    assert_eq!(body, json!({"reason": "moving", "feedback": ""}));
}

#[tokio::test]
async fn an_empty_reason_is_refused_and_nothing_is_sent() {
    let place = Place::start().await;
    let session = place.connect("alice").await;
    place.settle(&session).await;
    let refused = argument(session.delete_account("", Some("bye")).await);
    assert_eq!(refused, ("reason", "reason is not valid or required".to_owned()));
    place.assert_nothing_sent(&session).await;
    assert!(place.server.user("alice").exists());
}

#[tokio::test]
async fn a_refused_deletion_leaves_account_and_session_alone() {
    let place = Place::start().await;
    let session = place.connect("alice").await;
    place.server.fault().request("/users/deleteMyAccount").refuse(500, "no");
    let error = kind(session.delete_account("moving", None).await);
    assert!(matches!(error, ErrorKind::Refused { status: 500, .. }), "{error:?}");
    assert_eq!(session.state(), ConnectionState::Connected);
    session.settings().await.unwrap();
    assert!(place.server.user("alice").exists());
}

#[tokio::test]
async fn the_users_other_sessions_end_without_connecting_again() {
    let place = Place::start().await;
    let (other, mut events) = place.online("alice").await;
    let session = place.connect("alice").await;
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
    let place = Place::start().await;
    let session = place.connect("alice").await;
    place.register("bob").await;
    session.block(&user("bob")).await.unwrap();
    session.delete_account("moving", None).await.unwrap();
    let account = place.app.register(&UserIdentifier::new("alice").unwrap()).await.unwrap();
    assert!(!account.is_profile_updated);
    let session = place.app.connect(&account.credentials).await.unwrap();
    assert!(session.blocked().await.unwrap().is_empty());
}
