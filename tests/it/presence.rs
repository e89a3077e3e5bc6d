//! Who is online.

use mfly_client::{Event, Events, PresenceKind, Show};
use mfly_tests::{ScriptedServer, TestEnv, expect_event};
use mfly_testserver::TestServer;

async fn presence(env: &TestEnv, events: &mut Events, who: &str) -> Event {
    let who = env.address(who);
    expect_event(events, "presence", |event| match event {
        Event::Presence { user, .. } if *user == who => Some(event.clone()),
        _ => None,
    })
    .await
}

fn kind(event: &Event) -> PresenceKind {
    match event {
        Event::Presence { kind, .. } => *kind,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_contacts_coming_and_going_is_told() {
    let env = TestEnv::start().await;
    let (_alice, mut events) = env.online("alice").await;
    let bob = env.connect("bob").await;
    let came = presence(&env, &mut events, "bob").await;
    assert_eq!(
        came,
        Event::Presence {
            user: env.address("bob"),
            resource: bob.jid().resource().map(str::to_owned),
            kind: PresenceKind::Available,
            show: None,
            status: None,
            own: false,
        }
    );
    bob.close().await;
    assert_eq!(kind(&presence(&env, &mut events, "bob").await), PresenceKind::Unavailable);
}

#[tokio::test]
async fn a_newcomer_learns_who_is_there_already() {
    let env = TestEnv::start().await;
    let _bob = env.connect("bob").await;
    let credentials = env.register("alice").await;
    let request = env.app.connect(&credentials);
    let mut events = request.events();
    let _alice = request.await.unwrap();
    assert_eq!(kind(&presence(&env, &mut events, "bob").await), PresenceKind::Available);
}

#[tokio::test]
async fn a_connection_that_breaks_counts_as_leaving() {
    let env = TestEnv::start().await;
    let (_alice, mut events) = env.online("alice").await;
    let bob = env.register("bob").await;
    let policy = mfly_client::ReconnectPolicy::never();
    let _bob = env.app.connect(&bob).reconnect(policy).await.unwrap();
    presence(&env, &mut events, "bob").await;
    env.server.fault().connections_of("bob").cut();
    assert_eq!(kind(&presence(&env, &mut events, "bob").await), PresenceKind::Unavailable);
}

#[tokio::test]
async fn show_and_status_reach_the_contacts() {
    let env = TestEnv::start().await;
    let (_alice, mut events) = env.online("alice").await;
    let bob = env.connect("bob").await;
    presence(&env, &mut events, "bob").await;
    bob.set_presence(Some(Show::Away), Some("lunch & <tea>")).await.unwrap();
    let Event::Presence { show, status, .. } = presence(&env, &mut events, "bob").await else {
        unreachable!("it is a presence");
    };
    assert_eq!(show, Some(Show::Away));
    assert_eq!(status.as_deref(), Some("lunch & <tea>"));
}

#[tokio::test]
async fn another_session_of_the_own_account_is_marked_as_own_and_not_told_officially() {
    let env = TestEnv::start().await;
    let (_one, mut events) = env.online("alice").await;
    let _two = env.connect("alice").await;
    let event = presence(&env, &mut events, "alice").await;
    assert!(matches!(event, Event::Presence { own: true, .. }), "{event:?}");
    assert!(event.official().is_empty());
}

#[tokio::test]
async fn strangers_do_not_see_each_other_where_contacts_are_explicit() {
    let env = TestEnv::with(TestServer::builder().contacts_explicit()).await;
    let (_alice, mut events) = env.online("alice").await;
    let bob = env.connect("bob").await;
    bob.settings().await.unwrap();
    assert_eq!(env.told("alice", &mut events).await, []);
    bob.close().await;
    env.server.user("alice").make_contact("bob").unwrap();
    let _bob = env.connect("bob").await;
    presence(&env, &mut events, "bob").await;
}

#[tokio::test]
async fn a_presence_without_sender_or_of_the_server_tells_nothing_and_ends_nothing() {
    let server = ScriptedServer::start().await;
    let (session, mut events, mut peer) = server.connect().await;
    peer.send(r#"<presence xmlns="jabber:client"/>"#).await;
    peer.send(r#"<presence xmlns="jabber:client" from="xmpp.example.test"/>"#).await;
    peer.send(r#"<presence xmlns="jabber:client" from="u2@xmpp.example.test/W"/>"#).await;
    let mut told = Vec::new();
    while told.len() < 2 {
        told.push(events.next().await.unwrap());
    }
    assert!(matches!(told[0], Event::Connected { .. }), "{told:?}");
    assert_eq!(told[1].user().map(|user| user.as_str()), Some("u2@xmpp.example.test"));
    drop(session);
}
