//! The deletion of another user's account.

use mfly_client::{ErrorKind, Event};
use mfly_tests::env::user;
use mfly_tests::{TestEnv, kind, wait_for};
use mfly_testserver::TestServer;

#[tokio::test]
async fn contacts_get_an_event_and_the_profile_is_no_longer_available() {
    let env = TestEnv::start().await;
    let (alice, mut events) = env.online("alice").await;
    let bob = env.connect("bob").await;
    bob.delete_account("moving", None).await.unwrap();
    wait_for(&mut events, &Event::UserDeleted { user: env.address("bob") }).await;
    assert_eq!(kind(alice.profile(&user("bob")).await), ErrorKind::UserNotAvailable);
}

#[tokio::test]
async fn users_that_are_no_contacts_get_no_event() {
    let env = TestEnv::with(TestServer::builder().contacts_explicit()).await;
    let (_alice, mut events) = env.online("alice").await;
    env.server.user("bob").create().unwrap();
    env.server.user("bob").delete().unwrap();
    assert_eq!(env.drain("alice", &mut events).await, []);
}
