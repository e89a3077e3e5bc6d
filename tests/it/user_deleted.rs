//! Somebody else's account is deleted.

use mfly_client::{ErrorKind, Event};
use mfly_tests::place::user;
use mfly_tests::{Place, expect_event, kind};
use serde_json::json;

#[tokio::test]
async fn contacts_are_told_and_the_profile_is_not_available_any_more() {
    let place = Place::start().await;
    let (alice, mut events) = place.online("alice").await;
    let bob = place.connect("bob").await;
    alice.block(&user("bob")).await.unwrap();
    bob.delete_account("moving", None).await.unwrap();
    let event = expect_event(&mut events, "deletion", |event| {
        matches!(event, Event::UserDeleted { .. }).then(|| event.clone())
    })
    .await;
    assert_eq!(event, Event::UserDeleted { user: place.address("bob") });
    assert_eq!(event.official()[0].payload, json!(place.address("bob").as_str()));
    assert_eq!(kind(alice.profile(&user("bob")).await), ErrorKind::UserNotAvailable);
    assert!(alice.blocked().await.unwrap().is_empty());
}

#[tokio::test]
async fn strangers_are_not_told() {
    let place = Place::with(mfly_testserver::TestServer::builder().contacts_explicit()).await;
    let (_alice, mut events) = place.online("alice").await;
    place.register("bob").await;
    place.server.user("bob").delete().unwrap();
    assert_eq!(place.told("alice", &mut events).await, []);
}
