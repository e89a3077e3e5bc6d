//! An administrator blocks and unblocks users.

use mfly_client::{EndReason, Event};
use mfly_tests::wait::wait_for_end;
use mfly_tests::{ScriptedServer, TestEnv, expect_event, wait_for};

#[tokio::test]
async fn contacts_get_an_event_and_the_blocked_session_ends_for_good() {
    let env = TestEnv::start().await;
    let (_alice, mut alices) = env.online("alice").await;
    let (bob, mut bobs) = env.online("bob").await;
    let credentials = env.register("bob").await;
    env.server.user("bob").admin_block(true).unwrap();
    let event = |blocked, own| Event::AdminBlock {
        target: env.address("bob"),
        blocked,
        chat_type: "chat".to_owned(),
        own,
    };
    wait_for(&mut alices, &event(true, false)).await;
    wait_for(&mut bobs, &event(true, true)).await;
    assert_eq!(wait_for_end(&mut bobs).await, EndReason::AdminBlocked);
    assert_eq!(bob.ended().await, EndReason::AdminBlocked);
    env.server.user("bob").admin_block(false).unwrap();
    wait_for(&mut alices, &event(false, false)).await;
    env.app.connect(&credentials).await.unwrap();
}

#[tokio::test]
async fn the_block_of_a_group_names_the_group() {
    let (_server, _session, mut events, mut peer) = ScriptedServer::connected().await;
    peer.send(r#"<message xmlns="jabber:client" from="xmpp.example.test"><admin_block block_status="1" jid="g1@mix.xmpp.example.test" chat_type="groupchat"/></message>"#).await;
    let target = expect_event!(
        &mut events,
        Event::AdminBlock { target, blocked: true, own: false, .. } => target.clone()
    );
    assert!(target.is_group());
}
