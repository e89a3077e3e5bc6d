//! Requests, events and the end of a session.

use futures_util::future::join_all;
use mfly_client::{ConnectionState, ErrorKind};
use mfly_proto::payload::ping::Ping;
use mfly_tests::env::user;
use mfly_tests::scripted::attribute;
use mfly_tests::wait::wait_for_end;
use mfly_tests::{ScriptedServer, TestEnv, both, kind, within};
use std::time::Duration;

const SHORT: Duration = Duration::from_millis(50);
const SETTINGS: &str = r#"<query xmlns="jabber:iq:user_activities"/>"#;

#[tokio::test]
async fn a_request_without_answer_ends_at_the_deadline_of_the_session_or_of_the_handle() {
    let server = ScriptedServer::start().await;
    let (session, _events, _peer) = server.connect_with(|r| r.request_timeout(SHORT)).await;
    let error = within("the deadline", session.settings()).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Timeout);
    assert!(error.is_retryable());
    assert_eq!(session.state(), ConnectionState::Connected);

    let (session, _events, mut peer) = server.connect().await;
    let hurried = session.with_timeout(SHORT);
    assert_eq!(kind(within("the deadline", hurried.settings()).await), ErrorKind::Timeout);
    peer.receive_request("user_settings").await;
    // After a time-out the session checks whether the server answers at all.
    peer.answer_next("urn:xmpp:ping", "").await;
    let (outcome, ()) = both(session.settings(), peer.answer_next("user_settings", SETTINGS)).await;
    outcome.unwrap();
}

#[tokio::test]
async fn the_answer_to_a_dropped_request_is_ignored() {
    let (_server, session, mut events, mut peer) = ScriptedServer::connected().await;
    peer.drain(&mut events).await;
    let id = tokio::select! {
        _ = session.settings() => panic!("no answer was sent"),
        id = peer.receive_request("user_settings") => id,
    };
    // After a round trip the session has seen the cancellation.
    let (ping, script) = (Ping::default(), peer.answer_next("urn:xmpp:ping", ""));
    both(session.request(&ping), script).await.0.unwrap();
    peer.answer(&id, SETTINGS).await;
    assert_eq!(peer.drain(&mut events).await, []);
}

#[tokio::test]
async fn each_of_many_requests_gets_its_own_answer_in_any_order() {
    const COUNT: usize = 100;
    let (_server, session, _events, mut peer) = ScriptedServer::connected().await;
    let users: Vec<_> = (0..COUNT).map(|index| user(&format!("user{index}"))).collect();
    let asking = join_all(users.iter().map(|user| session.last_seen(user)));
    let script = async {
        let mut requests = Vec::new();
        for _ in 0..COUNT {
            let text = peer.receive().await;
            requests.push((attribute(&text, "id").unwrap(), attribute(&text, "to").unwrap()));
        }
        for (id, to) in requests.into_iter().rev() {
            let index = to.trim_start_matches("user").split('@').next().unwrap();
            peer.send(format!(
                r#"<iq xmlns="jabber:client" from="{to}" id="{id}" type="result"><query xmlns="jabber:iq:last" seconds="{index}"/></iq>"#
            ))
            .await;
        }
    };
    let (answers, ()) = both(asking, script).await;
    for (index, answer) in answers.into_iter().enumerate() {
        assert_eq!(answer.unwrap().seconds, index as u64);
    }
}

#[tokio::test]
async fn requests_above_the_limit_are_refused_at_once() {
    const LIMIT: usize = 1024;
    let (_server, session, _events, mut peer) = ScriptedServer::connected().await;
    let script = async {
        for _ in 0..LIMIT {
            peer.receive_request("user_settings").await;
        }
        let refused = session.settings().await.unwrap_err();
        assert_eq!(*refused.kind(), ErrorKind::TooManyRequests);
        assert!(refused.is_retryable());
        peer.vanish();
    };
    let pending = join_all((0..LIMIT).map(|_| session.settings()));
    for outcome in both(pending, script).await.0 {
        assert!(matches!(kind(outcome), ErrorKind::ConnectionLost { .. }));
    }
}

#[tokio::test]
async fn the_end_is_the_last_event_and_the_last_state() {
    let env = TestEnv::start().await;
    let (session, mut events) = env.online("alice").await;
    let mut states = session.state_changes();
    assert_eq!(states.current(), ConnectionState::Connected);
    session.close().await;
    assert_eq!(within("the end", states.changed()).await, Some(ConnectionState::Ended));
    assert_eq!(within("nothing after the end", states.changed()).await, None);
    assert!(states.wait_for(ConnectionState::Ended).await);
    wait_for_end(&mut events).await;
    let late = within("the end", session.events().next()).await;
    assert_eq!(late, None, "a later subscription has no events");
}

#[tokio::test]
async fn requests_of_an_apps_own_can_be_sent() {
    let (env, session) = TestEnv::alice().await;
    session.request(&Ping::default()).await.unwrap();
    let request = mfly_api::endpoint::feedback::Request::new("t", "d").unwrap();
    session.send(&request).await.unwrap();
    assert_eq!(env.request_count("/moderation/feedback"), 1);
}

#[tokio::test]
async fn clones_are_one_session() {
    let (_env, session) = TestEnv::alice().await;
    let clone = session.clone();
    clone.set_media_encryption(false);
    assert!(!session.media_encryption());
    assert_eq!(session.jid(), clone.jid());
    clone.close().await;
    assert_eq!(session.state(), ConnectionState::Ended);
}
