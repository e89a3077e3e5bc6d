//! The presence of users.

use mfly_client::{Event, PresenceKind, ReconnectPolicy, Show};
use mfly_tests::wait::{wait_for_presence, wait_for_presence_kind};
use mfly_tests::{ScriptedServer, TestEnv};

#[tokio::test]
async fn a_contact_is_seen_coming_changing_and_leaving() {
    let env = TestEnv::start().await;
    let (_alice, mut events) = env.online("alice").await;
    let (bob, user) = (env.connect("bob").await, env.address("bob"));
    let expected = |kind, show, status: Option<&str>| Event::Presence {
        user: user.clone(),
        resource: bob.jid().resource().map(str::to_owned),
        kind,
        show,
        status: status.map(str::to_owned),
        own: false,
    };
    let came = wait_for_presence(&mut events, &user).await;
    assert_eq!(came, expected(PresenceKind::Available, None, None));
    bob.set_presence(Some(Show::Away), Some("lunch & <tea>")).await.unwrap();
    let changed = wait_for_presence(&mut events, &user).await;
    let away = expected(PresenceKind::Available, Some(Show::Away), Some("lunch & <tea>"));
    assert_eq!(changed, away);
    bob.close().await;
    wait_for_presence_kind(&mut events, &user, PresenceKind::Unavailable).await;
}

#[tokio::test]
async fn a_new_session_sees_the_contacts_that_are_online_already() {
    let env = TestEnv::start().await;
    let _bob = env.connect("bob").await;
    let request = env.app.connect(&env.register("alice").await);
    let mut events = request.events();
    let _alice = request.await.unwrap();
    wait_for_presence_kind(&mut events, &env.address("bob"), PresenceKind::Available).await;
}

#[tokio::test]
async fn a_broken_connection_counts_as_leaving() {
    let env = TestEnv::start().await;
    let (_alice, mut events) = env.online("alice").await;
    let (bob, user) = (env.register("bob").await, env.address("bob"));
    let _bob = env.app.connect(&bob).reconnect(ReconnectPolicy::never()).await.unwrap();
    wait_for_presence_kind(&mut events, &user, PresenceKind::Available).await;
    env.server.fault().connections_of("bob").cut();
    wait_for_presence_kind(&mut events, &user, PresenceKind::Unavailable).await;
}

#[tokio::test]
async fn another_session_of_the_own_account_is_marked_as_own_and_leads_to_no_official_call() {
    let env = TestEnv::start().await;
    let (_one, mut events) = env.online("alice").await;
    let _two = env.connect("alice").await;
    let event = wait_for_presence(&mut events, &env.address("alice")).await;
    assert!(matches!(event, Event::Presence { own: true, .. }), "{event:?}");
    assert!(event.official().is_empty());
}

#[tokio::test]
async fn a_presence_without_sender_or_of_the_server_is_ignored() {
    let (_server, _session, mut events, mut peer) = ScriptedServer::connected().await;
    peer.send(r#"<presence xmlns="jabber:client"/>"#).await;
    peer.send(r#"<presence xmlns="jabber:client" from="xmpp.example.test"/>"#).await;
    let drained = peer.drain(&mut events).await;
    assert!(matches!(drained[..], [Event::Connected { .. }]), "{drained:?}");
}
