//! The user's settings.

use mfly_client::{ErrorKind, Event, Settings};
use mfly_tests::{ScriptedServer, TestEnv, expect_event, kind, within};

#[tokio::test]
async fn a_change_is_stored_and_read_back() {
    let env = TestEnv::start().await;
    let session = env.connect("alice").await;
    for archive in [true, false, true] {
        session.update_settings(archive).await.unwrap();
        assert_eq!(session.settings().await.unwrap(), Settings { archive: Some(archive) });
    }
}

#[tokio::test]
async fn the_accounts_other_sessions_hear_of_it_and_the_changing_one_does_not() {
    let env = TestEnv::start().await;
    let (_other, mut others) = env.online("alice").await;
    let (session, mut own) = env.online("alice").await;
    session.update_settings(true).await.unwrap();
    expect_event(&mut others, "settings", |event| {
        (*event == Event::Settings(Settings { archive: Some(true) })).then_some(())
    })
    .await;
    let told = env.told("alice", &mut own).await;
    assert!(!told.iter().any(|event| matches!(event, Event::Settings(_))), "{told:?}");
}

#[tokio::test]
async fn settings_that_were_never_made_are_unknown_rather_than_off() {
    let server = ScriptedServer::start().await;
    let (session, _events, mut peer) = server.connect().await;
    let script = async {
        let id = peer.receive_request(r#"status="user_settings""#).await;
        peer.answer(&id, r#"<query xmlns="jabber:iq:user_activities"/>"#).await;
    };
    let (settings, ()) =
        within("settings", async { tokio::join!(session.settings(), script) }).await;
    assert_eq!(settings.unwrap(), Settings { archive: None });
}

#[tokio::test]
async fn a_refused_change_is_an_error() {
    let server = ScriptedServer::start().await;
    let (session, _events, mut peer) = server.connect().await;
    let script = async {
        let id = peer.receive_request(r#"archive="1""#).await;
        peer.send(format!(
            r#"<iq xmlns="jabber:client" type="error" id="{id}"><error type="cancel"><not-allowed xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>"#
        ))
        .await;
    };
    let (outcome, ()) =
        within("the refusal", async { tokio::join!(session.update_settings(true), script) }).await;
    assert!(matches!(kind(outcome), ErrorKind::RequestRefused(_)));
}
