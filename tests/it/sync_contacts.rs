//! Making a user a contact.

use mfly_client::{ErrorKind, UserIdentifier};
use mfly_tests::{TestEnv, kind};
use mfly_testserver::TestServer;

#[tokio::test]
async fn both_become_contacts_of_each_other() {
    let env = TestEnv::with(TestServer::builder().contacts_explicit()).await;
    let alice = env.connect("alice").await;
    let bob = env.connect("bob").await;
    assert!(alice.friends().await.unwrap().users.is_empty());
    alice.sync_contacts(&UserIdentifier::new("bob").unwrap()).await.unwrap();
    assert_eq!(alice.friends().await.unwrap().users[0].user, env.address("bob"));
    assert_eq!(bob.friends().await.unwrap().users[0].user, env.address("alice"));
    let request = &env.server.journal().requests_to("/contacts/sandbox/syncContacts")[0];
    let key = env.server.licence_key();
    assert!(!request.body.contains(key.expose()), "the journal shows the key: {}", request.body);
}

#[tokio::test]
async fn an_unknown_user_cannot_become_a_contact() {
    let (_env, alice) = TestEnv::alice().await;
    let outcome = alice.sync_contacts(&UserIdentifier::new("nobody").unwrap()).await;
    assert_eq!(kind(outcome), ErrorKind::UserNotAvailable);
}
