//! Blocking and unblocking users.

use mfly_client::{BareJid, ErrorKind, Event, Feature, Listed, PresenceKind, Quirks};
use mfly_proto::stanza::ErrorCondition;
use mfly_tests::env::user;
use mfly_tests::wait::wait_for_presence_kind;
use mfly_tests::{TestEnv, argument, kind, wait_for};
use mfly_testserver::TestServer;
use serde_json::json;
use std::error::Error as _;

#[tokio::test]
async fn a_block_and_its_end_are_listed_and_pushed_to_both_users() {
    let env = TestEnv::start().await;
    let (alice, mut alices) = env.online("alice").await;
    let (bob, mut bobs) = env.online("bob").await;
    let blocker = env.address("alice");
    let users = Listed::from(vec![env.address("bob")]);

    alice.block(&user("bob")).await.unwrap();
    wait_for(&mut alices, &Event::Blocked { users: users.clone() }).await;
    wait_for(&mut bobs, &Event::BlockedBy { user: blocker.clone(), carbon: false }).await;
    wait_for_presence_kind(&mut bobs, &blocker, PresenceKind::Unavailable).await;
    assert_eq!(alice.blocked().await.unwrap(), [env.address("bob")]);
    assert!(alice.blocked_by().await.unwrap().is_empty());
    assert!(bob.blocked().await.unwrap().is_empty());
    assert_eq!(bob.blocked_by().await.unwrap(), [env.address("alice")]);

    alice.unblock(&env.address("bob")).await.unwrap();
    wait_for(&mut alices, &Event::Unblocked { users }).await;
    wait_for(&mut bobs, &Event::UnblockedBy { user: blocker.clone(), carbon: false }).await;
    wait_for_presence_kind(&mut bobs, &blocker, PresenceKind::Available).await;
    assert!(alice.blocked().await.unwrap().is_empty());
    assert!(bob.blocked_by().await.unwrap().is_empty());
}

#[tokio::test]
async fn an_unknown_user_cannot_be_blocked() {
    let (_env, alice) = TestEnv::alice().await;
    for outcome in [alice.block(&user("nobody")).await, alice.unblock(&user("nobody")).await] {
        let error = outcome.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::UserNotAvailable);
        assert_eq!(error.official()["message"], "Request Failed");
    }
}

#[tokio::test]
async fn a_plan_without_blocking_refuses_it_and_nothing_is_sent() {
    let (env, alice) = TestEnv::alice_with(TestServer::builder().disable(Feature::Block)).await;
    env.register("bob").await;
    env.settle(&alice).await;
    for outcome in [alice.block(&user("bob")).await, alice.unblock(&user("bob")).await] {
        assert_eq!(kind(outcome), ErrorKind::PlanGated(Feature::Block));
    }
    env.assert_nothing_sent(&alice).await;
    assert!(alice.blocked().await.unwrap().is_empty(), "the lists are not gated");
    assert!(alice.blocked_by().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_plan_that_loses_blocking_during_the_session_refuses_it_on_the_server() {
    let (env, alice) = TestEnv::alice().await;
    env.register("bob").await;
    env.server.plan().disable(Feature::Block);
    for outcome in [alice.block(&user("bob")).await, alice.unblock(&user("bob")).await] {
        let error = outcome.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::PlanGated(Feature::Block));
        let official = json!({"statusCode": 403, "message": "Feature unavailable for your plan"});
        assert_eq!(error.official(), official);
        let refusal = error.source().expect("the server's refusal").to_string();
        assert!(refusal.contains("not-allowed"), "{refusal}");
    }
    env.server.plan().enable(Feature::Block);
    alice.block(&user("bob")).await.unwrap();
}

#[tokio::test]
async fn the_own_user_a_group_and_a_foreign_address_are_refused_and_nothing_is_sent() {
    let (env, alice) = TestEnv::alice_settled().await;
    assert_eq!(argument(alice.block(&user("alice")).await).0, "toUserJid");
    for address in ["g1@mix.localhost", "localhost", "bob@elsewhere.test"] {
        let address = BareJid::new(address).unwrap();
        assert_eq!(argument(alice.block(&address).await).0, "toUserJid", "{address}");
        assert_eq!(argument(alice.unblock(&address).await).0, "toUserJid", "{address}");
    }
    env.assert_nothing_sent(&alice).await;
}

#[tokio::test]
async fn without_the_quirk_the_server_refuses_blocking_the_own_user() {
    let env = TestEnv::start().await;
    let mut quirks = Quirks::default();
    quirks.refuse_self_block = false;
    let alice = env.alice_of(|app| app.quirks(quirks)).await;
    let error = kind(alice.block(&user("alice")).await);
    let ErrorKind::RequestRefused(error) = error else { panic!("{error:?}") };
    assert_eq!(error.condition, ErrorCondition::NotAllowed);
}
