//! The user's settings.

use mfly_client::{ErrorKind, Event, Settings};
use mfly_tests::{ScriptedServer, TestEnv, both, kind, wait_for};

#[tokio::test]
async fn a_change_is_stored_and_an_event_of_the_accounts_other_sessions() {
    let env = TestEnv::start().await;
    let (_other, mut others) = env.online("alice").await;
    let (session, mut own) = env.online("alice").await;
    for archive in [true, false, true] {
        let changed = Settings { archive: Some(archive) };
        session.update_settings(archive).await.unwrap();
        assert_eq!(session.settings().await.unwrap(), changed);
        wait_for(&mut others, &Event::Settings(changed)).await;
    }
    let drained = env.drain("alice", &mut own).await;
    assert!(!drained.iter().any(|event| matches!(event, Event::Settings(_))), "{drained:?}");
}

#[tokio::test]
async fn settings_that_were_never_changed_are_unknown_rather_than_off() {
    let (_server, session, _events, mut peer) = ScriptedServer::connected().await;
    let empty = r#"<query xmlns="jabber:iq:user_activities"/>"#;
    let script = peer.answer_next(r#"status="user_settings""#, empty);
    let (settings, ()) = both(session.settings(), script).await;
    assert_eq!(settings.unwrap(), Settings { archive: None });
}

#[tokio::test]
async fn a_refused_change_is_an_error() {
    let (_server, session, _events, mut peer) = ScriptedServer::connected().await;
    let script = peer.refuse_next(r#"archive="1""#, "cancel", "not-allowed");
    let (outcome, ()) = both(session.update_settings(true), script).await;
    assert!(matches!(kind(outcome), ErrorKind::RequestRefused(_)));
}
