//! The calls of the official SDK's listeners that the client's events stand for. What each stanza
//! leads to is in `fixtures/listeners.trace`, which `traces.rs` replays.

use mfly_tests::env::quick_reconnect;
use mfly_tests::{ScriptedServer, TestEnv, within};
use serde_json::json;

#[tokio::test]
async fn the_states_of_the_connection_have_the_official_names() {
    let server = ScriptedServer::start().await;
    let (_session, mut events, peer) =
        server.connect_with(|r| r.reconnect(quick_reconnect())).await;
    peer.vanish();
    let _peer = server.accept_online().await;
    let mut statuses = Vec::new();
    while statuses.len() < 4 {
        let event = within("an event", events.next()).await.unwrap();
        for call in event.official() {
            assert_eq!(call.listener, "connectionListener");
            statuses.push(call.payload);
        }
    }
    assert_eq!(
        statuses,
        ["CONNECTED", "DISCONNECTED", "RECONNECTING", "CONNECTED"]
            .map(|status| json!({"status": status}))
    );
}

#[tokio::test]
async fn a_stanza_that_the_official_sdk_does_not_know_leads_to_no_call() {
    let env = TestEnv::start().await;
    let (_session, mut events) = env.online("alice").await;
    env.server.fault().connections_of("alice").send(r#"<unknown xmlns="urn:example"/>"#);
    let drained = env.drain("alice", &mut events).await;
    assert!(!drained.is_empty());
    assert!(drained.iter().all(|event| event.official().is_empty()), "{drained:?}");
}
