//! Making somebody a contact.

use mfly_client::{ErrorKind, UserIdentifier};
use mfly_tests::env::user;
use mfly_tests::{TestEnv, kind};
use mfly_testserver::TestServer;

fn name(id: &str) -> UserIdentifier {
    UserIdentifier::new(id).unwrap()
}

#[tokio::test]
async fn both_become_contacts_of_each_other() {
    let env = TestEnv::with(TestServer::builder().contacts_explicit()).await;
    let alice = env.connect("alice").await;
    let bob = env.connect("bob").await;
    assert!(alice.friends().await.unwrap().users.is_empty());
    alice.sync_contacts(&name("bob")).await.unwrap();
    assert_eq!(alice.friends().await.unwrap().users[0].user, env.address("bob"));
    assert_eq!(bob.friends().await.unwrap().users[0].user, env.address("alice"));
    bob.last_seen(&user("alice")).await.unwrap();
}

#[tokio::test]
async fn somebody_unknown_cannot_become_a_contact() {
    let env = TestEnv::with(TestServer::builder().contacts_explicit()).await;
    let alice = env.connect("alice").await;
    let error = kind(alice.sync_contacts(&name("nobody")).await);
    assert_eq!(error, ErrorKind::UserNotAvailable);
}

#[tokio::test]
async fn the_licence_key_that_it_carries_is_not_in_the_journal() {
    let env = TestEnv::start().await;
    let alice = env.connect("alice").await;
    env.register("bob").await;
    alice.sync_contacts(&name("bob")).await.unwrap();
    let request = &env.server.journal().requests_to("/contacts/sandbox/syncContacts")[0];
    let key = env.server.licence_key();
    assert!(!request.body.contains(key.expose()), "{}", request.body);
    assert!(request.body.contains("bob"), "{}", request.body);
}
