//! An administrator blocks and unblocks users.

use mfly_client::{EndReason, Event, Events};
use mfly_tests::{ScriptedServer, TestEnv, expect_event};

async fn told(events: &mut Events, wanted: Event) {
    expect_event(events, "administrator's block", |event| (*event == wanted).then_some(())).await;
}

#[tokio::test]
async fn everybody_concerned_is_told_and_the_blocked_session_ends_for_good() {
    let env = TestEnv::start().await;
    let (_alice, mut alices) = env.online("alice").await;
    let (bob, mut bobs) = env.online("bob").await;
    env.server.user("bob").admin_block(true).unwrap();
    let event = |blocked, own| Event::AdminBlock {
        target: env.address("bob"),
        blocked,
        chat_type: "chat".to_owned(),
        own,
    };
    told(&mut alices, event(true, false)).await;
    told(&mut bobs, event(true, true)).await;
    let reason = expect_event(&mut bobs, "end", |event| match event {
        Event::Ended(reason) => Some(reason.clone()),
        _ => None,
    })
    .await;
    assert!(matches!(reason, EndReason::AdminBlocked), "{reason:?}");
    assert!(bobs.next().await.is_none(), "it connects again");
    assert!(matches!(bob.ended().await, EndReason::AdminBlocked));
    env.server.user("bob").admin_block(false).unwrap();
    told(&mut alices, event(false, false)).await;
}

#[tokio::test]
async fn after_the_block_is_lifted_the_old_credentials_work_again() {
    let env = TestEnv::start().await;
    let credentials = env.register("alice").await;
    env.server.user("alice").admin_block(true).unwrap();
    env.app.connect(&credentials).await.unwrap_err();
    env.server.user("alice").admin_block(false).unwrap();
    env.app.connect(&credentials).await.unwrap();
}

#[tokio::test]
async fn a_blocked_group_is_told_as_a_group() {
    let server = ScriptedServer::start().await;
    let (_session, mut events, mut peer) = server.connect().await;
    peer.send(r#"<message xmlns="jabber:client" from="xmpp.example.test"><admin_block block_status="1" jid="g1@mix.xmpp.example.test" chat_type="groupchat"/></message>"#).await;
    let target = expect_event(&mut events, "administrator's block", |event| match event {
        Event::AdminBlock { target, blocked: true, own: false, .. } => Some(target.clone()),
        _ => None,
    })
    .await;
    assert!(target.is_group());
}
