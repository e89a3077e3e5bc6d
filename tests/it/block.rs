//! Blocking users.

use mfly_client::{BareJid, ErrorKind, Event, Events, Feature, Listed, Quirks};
use mfly_proto::stanza::{ErrorCondition, PresenceKind};
use mfly_tests::env::user;
use mfly_tests::{TestEnv, argument, expect_event, kind};
use mfly_testserver::TestServer;
use serde_json::json;
use std::error::Error as _;

async fn pushed(events: &mut Events, wanted: Event) {
    expect_event(events, "push", |event| (*event == wanted).then_some(())).await;
}

#[tokio::test]
async fn a_blocked_user_is_listed_and_learns_who_did_it() {
    let env = TestEnv::start().await;
    let alice = env.connect("alice").await;
    let bob = env.connect("bob").await;
    assert!(alice.blocked().await.unwrap().is_empty());
    alice.block(&user("bob")).await.unwrap();
    assert_eq!(alice.blocked().await.unwrap(), [env.address("bob")]);
    assert!(alice.blocked_by().await.unwrap().is_empty());
    assert_eq!(bob.blocked_by().await.unwrap(), [env.address("alice")]);
    assert!(bob.blocked().await.unwrap().is_empty());
    assert!(env.server.user("alice").has_blocked("bob"));
    alice.unblock(&env.address("bob")).await.unwrap();
    assert!(alice.blocked().await.unwrap().is_empty());
    assert!(bob.blocked_by().await.unwrap().is_empty());
}

#[tokio::test]
async fn every_session_of_the_blocker_is_told_the_asking_one_too() {
    let env = TestEnv::start().await;
    let (_other, mut others) = env.online("alice").await;
    let (alice, mut own) = env.online("alice").await;
    env.register("bob").await;
    let users = Listed::from(vec![env.address("bob")]);
    alice.block(&user("bob")).await.unwrap();
    pushed(&mut own, Event::Blocked { users: users.clone() }).await;
    pushed(&mut others, Event::Blocked { users: users.clone() }).await;
    alice.unblock(&user("bob")).await.unwrap();
    pushed(&mut own, Event::Unblocked { users: users.clone() }).await;
    pushed(&mut others, Event::Unblocked { users }).await;
}

#[tokio::test]
async fn the_blocked_user_is_told_and_sees_the_blocker_leave() {
    let env = TestEnv::start().await;
    let (_bob, mut events) = env.online("bob").await;
    let alice = env.connect("alice").await;
    let who = env.address("alice");
    alice.block(&user("bob")).await.unwrap();
    pushed(&mut events, Event::BlockedBy { user: who.clone(), carbon: false }).await;
    expect_event(&mut events, "alice's leaving", |event| match event {
        Event::Presence { user, kind: PresenceKind::Unavailable, .. } if *user == who => Some(()),
        _ => None,
    })
    .await;
    alice.unblock(&user("bob")).await.unwrap();
    pushed(&mut events, Event::UnblockedBy { user: who.clone(), carbon: false }).await;
    expect_event(&mut events, "alice's return", |event| match event {
        Event::Presence { user, kind: PresenceKind::Available, .. } if *user == who => Some(()),
        _ => None,
    })
    .await;
}

#[tokio::test]
async fn no_presence_crosses_a_block() {
    let env = TestEnv::start().await;
    let (bob, mut bobs) = env.online("bob").await;
    let alice = env.connect("alice").await;
    alice.block(&user("bob")).await.unwrap();
    env.told("bob", &mut bobs).await;
    alice.set_presence(None, Some("busy")).await.unwrap();
    alice.settings().await.unwrap();
    assert_eq!(env.told("bob", &mut bobs).await, []);
    let mut alices = alice.events();
    bob.set_presence(None, Some("busy")).await.unwrap();
    bob.settings().await.unwrap();
    assert_eq!(env.told("alice", &mut alices).await, []);
}

#[tokio::test]
async fn blocking_twice_is_the_same_as_once() {
    let env = TestEnv::start().await;
    let alice = env.connect("alice").await;
    env.register("bob").await;
    for _ in 0..2 {
        alice.block(&user("bob")).await.unwrap();
    }
    assert_eq!(alice.blocked().await.unwrap().len(), 1);
    for _ in 0..2 {
        alice.unblock(&user("bob")).await.unwrap();
    }
    assert!(alice.blocked().await.unwrap().is_empty());
}

#[tokio::test]
async fn an_unknown_user_cannot_be_blocked() {
    let env = TestEnv::start().await;
    let alice = env.connect("alice").await;
    for done in [alice.block(&user("nobody")).await, alice.unblock(&user("nobody")).await] {
        let error = done.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::UserNotAvailable);
        assert_eq!(error.official()["message"], "Request Failed");
    }
}

#[tokio::test]
async fn a_plan_without_blocking_refuses_it_and_nothing_is_sent() {
    let env = TestEnv::with(TestServer::builder().disable(Feature::Block)).await;
    let alice = env.connect("alice").await;
    env.register("bob").await;
    env.settle(&alice).await;
    for outcome in [alice.block(&user("bob")).await, alice.unblock(&user("bob")).await] {
        let error = outcome.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::PlanGated(Feature::Block));
        assert_eq!(
            error.official(),
            json!({"statusCode": 403, "message": "Feature unavailable for your plan"})
        );
    }
    env.assert_nothing_sent(&alice).await;
    assert!(alice.blocked().await.unwrap().is_empty(), "the lists are not gated");
    assert!(alice.blocked_by().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_plan_that_loses_blocking_meanwhile_refuses_it_on_the_server() {
    let env = TestEnv::start().await;
    let alice = env.connect("alice").await;
    env.register("bob").await;
    env.server.plan().disable(Feature::Block);
    let refused = [alice.block(&user("bob")).await, alice.unblock(&user("bob")).await];
    for outcome in refused {
        let error = outcome.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::PlanGated(Feature::Block));
        assert_eq!(
            error.official(),
            json!({"statusCode": 403, "message": "Feature unavailable for your plan"})
        );
        // The server's own words are the cause.
        let refusal = error.source().unwrap().to_string();
        assert!(refusal.contains("not-allowed"), "{refusal}");
    }
    env.server.plan().enable(Feature::Block);
    alice.block(&user("bob")).await.unwrap();
}

#[tokio::test]
async fn oneself_a_group_and_a_stranger_are_refused_and_nothing_is_sent() {
    let env = TestEnv::start().await;
    let alice = env.connect("alice").await;
    env.settle(&alice).await;
    assert_eq!(argument(alice.block(&user("alice")).await).0, "toUserJid");
    for address in ["g1@mix.localhost", "localhost", "bob@elsewhere.test"] {
        let address = BareJid::new(address).unwrap();
        assert_eq!(argument(alice.block(&address).await).0, "toUserJid", "{address}");
        assert_eq!(argument(alice.unblock(&address).await).0, "toUserJid", "{address}");
    }
    env.assert_nothing_sent(&alice).await;
}

#[tokio::test]
async fn with_the_quirk_off_the_server_judges_blocking_oneself() {
    let env = TestEnv::start().await;
    let mut quirks = Quirks::default();
    quirks.refuse_self_block = false;
    let app = TestEnv::app_of(&env.server).quirks(quirks).build().await.unwrap();
    let alice = app.connect(&env.register("alice").await).await.unwrap();
    let error = kind(alice.block(&user("alice")).await);
    let ErrorKind::RequestRefused(error) = error else { panic!("{error:?}") };
    assert_eq!(error.condition, ErrorCondition::NotAllowed);
}

#[tokio::test]
async fn blocks_outlive_the_session() {
    let env = TestEnv::start().await;
    let credentials = env.register("alice").await;
    env.register("bob").await;
    let alice = env.app.connect(&credentials).await.unwrap();
    alice.block(&user("bob")).await.unwrap();
    alice.close().await;
    let alice = env.app.connect(&credentials).await.unwrap();
    assert_eq!(alice.blocked().await.unwrap(), [env.address("bob")]);
}
