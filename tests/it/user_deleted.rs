//! Somebody else's account is deleted.

use mfly_client::{ErrorKind, Event};
use mfly_tests::env::user;
use mfly_tests::{TestEnv, expect_event, kind};
use serde_json::json;

#[tokio::test]
async fn contacts_are_told_and_the_profile_is_not_available_any_more() {
    let env = TestEnv::start().await;
    let (alice, mut events) = env.online("alice").await;
    let bob = env.connect("bob").await;
    alice.block(&user("bob")).await.unwrap();
    bob.delete_account("moving", None).await.unwrap();
    let event = expect_event(&mut events, "deletion", |event| {
        matches!(event, Event::UserDeleted { .. }).then(|| event.clone())
    })
    .await;
    assert_eq!(event, Event::UserDeleted { user: env.address("bob") });
    assert_eq!(event.official()[0].payload, json!(env.address("bob").as_str()));
    assert_eq!(kind(alice.profile(&user("bob")).await), ErrorKind::UserNotAvailable);
    assert!(alice.blocked().await.unwrap().is_empty());
}

#[tokio::test]
async fn strangers_are_not_told() {
    let env = TestEnv::with(mfly_testserver::TestServer::builder().contacts_explicit()).await;
    let (_alice, mut events) = env.online("alice").await;
    env.register("bob").await;
    env.server.user("bob").delete().unwrap();
    assert_eq!(env.told("alice", &mut events).await, []);
}
