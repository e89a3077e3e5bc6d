//! Requests, events and the end of a session.

use futures_util::future::join_all;
use mfly_client::{ConnectionState, EndReason, ErrorKind, Event, Session};
use mfly_proto::payload::ping::Ping;
use mfly_tests::env::user;
use mfly_tests::scripted::attribute;
use mfly_tests::stub::HOST;
use mfly_tests::{Peer, ScriptedServer, TestEnv, expect_event, expect_events_until, kind, within};
use std::time::Duration;

const SHORT: Duration = Duration::from_millis(50);

/// Everything told until now.
async fn told(events: &mut mfly_client::Events, peer: &mut Peer) -> Vec<Event> {
    peer.send(format!(r#"<presence xmlns="jabber:client" from="mark@{HOST}"/>"#)).await;
    let is_mark = |event: &Event| event.user().is_some_and(|user| user.local() == Some("mark"));
    expect_events_until(events, "mark", is_mark).await
}

async fn answer_settings(peer: &mut Peer, id: &str) {
    peer.answer(id, r#"<query xmlns="jabber:iq:user_activities"/>"#).await;
}

#[tokio::test]
async fn a_request_without_answer_ends_at_its_deadline() {
    let server = ScriptedServer::start().await;
    let (session, _events, _peer) =
        server.connect_with(|request| request.request_timeout(SHORT)).await;
    let error = within("the deadline", session.settings()).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::Timeout);
    assert!(error.is_retryable());
    assert_eq!(session.state(), ConnectionState::Connected);
}

#[tokio::test]
async fn a_deadline_can_be_given_for_one_handle_only() {
    let server = ScriptedServer::start().await;
    let (session, _events, mut peer) = server.connect().await;
    let hurried = session.with_timeout(SHORT);
    assert_eq!(kind(within("the deadline", hurried.settings()).await), ErrorKind::Timeout);
    peer.receive_request("user_settings").await;
    // Whether the server answers at all.
    let ping = peer.receive_request("urn:xmpp:ping").await;
    peer.answer(&ping, "").await;
    let script = async {
        let id = peer.receive_request("user_settings").await;
        answer_settings(&mut peer, &id).await;
    };
    let (outcome, ()) =
        within("an answer", async { tokio::join!(session.settings(), script) }).await;
    outcome.unwrap();
}

#[tokio::test]
async fn an_answer_that_comes_too_late_is_ignored_without_a_word() {
    let server = ScriptedServer::start().await;
    let (session, mut events, mut peer) =
        server.connect_with(|request| request.request_timeout(SHORT)).await;
    told(&mut events, &mut peer).await;
    session.settings().await.unwrap_err();
    let id = peer.receive_request("user_settings").await;
    answer_settings(&mut peer, &id).await;
    assert_eq!(told(&mut events, &mut peer).await, []);
}

#[tokio::test]
async fn a_dropped_request_is_forgotten() {
    let server = ScriptedServer::start().await;
    let (session, mut events, mut peer) = server.connect().await;
    told(&mut events, &mut peer).await;
    let id = tokio::select! {
        _ = session.settings() => panic!("nobody answered"),
        id = peer.receive_request("user_settings") => id,
    };
    // A round trip, so that the cancellation has been seen.
    let script = async {
        let other = peer.receive_request("urn:xmpp:ping").await;
        peer.answer(&other, "").await;
    };
    let ping = Ping::default();
    let (outcome, ()) =
        within("a round trip", async { tokio::join!(session.request(&ping), script) }).await;
    outcome.unwrap();
    answer_settings(&mut peer, &id).await;
    assert_eq!(told(&mut events, &mut peer).await, []);
}

#[tokio::test]
async fn each_of_many_requests_gets_its_own_answer_in_whatever_order_they_come() {
    const COUNT: usize = 100;
    let server = ScriptedServer::start().await;
    let (session, _events, mut peer) = server.connect().await;
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
    let (answers, ()) = within("all answers", async { tokio::join!(asking, script) }).await;
    for (index, answer) in answers.into_iter().enumerate() {
        assert_eq!(answer.unwrap().seconds, index as u64);
    }
}

#[tokio::test]
async fn more_requests_than_can_be_kept_are_refused_at_once() {
    const LIMIT: usize = 1024;
    let server = ScriptedServer::start().await;
    let (session, _events, mut peer) = server.connect().await;
    let pending: Vec<_> = (0..LIMIT)
        .map(|_| {
            let session = session.clone();
            tokio::spawn(async move { session.settings().await.map(drop) })
        })
        .collect();
    let mut ids = Vec::new();
    for _ in 0..LIMIT {
        ids.push(peer.receive_request("user_settings").await);
    }
    let refused = within("a refusal", session.settings()).await.unwrap_err();
    assert_eq!(*refused.kind(), ErrorKind::TooManyRequests);
    assert!(refused.is_retryable());
    for id in ids {
        answer_settings(&mut peer, &id).await;
    }
    for request in pending {
        within("an answer", request).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_subscription_that_falls_behind_is_told_how_many_events_it_lost() {
    let server = ScriptedServer::start().await;
    let app = server.app_builder().event_capacity(4).build().await.unwrap();
    let request = app.connect(&ScriptedServer::credentials());
    let connecting = async { request.await.unwrap() };
    let (session, mut peer) =
        within("connection", async { tokio::join!(connecting, server.accept_online()) }).await;
    let mut events = session.events();
    for number in 0..100 {
        peer.send(format!(r#"<presence xmlns="jabber:client" from="c{number}@{HOST}"/>"#)).await;
    }
    // Nobody reads the events, and yet the answer comes.
    let script = async {
        let id = peer.receive_request("user_settings").await;
        answer_settings(&mut peer, &id).await;
    };
    let (outcome, ()) =
        within("an answer", async { tokio::join!(session.settings(), script) }).await;
    outcome.unwrap();
    let first = within("an event", events.next()).await.unwrap();
    assert_eq!(first, Event::Lagged(96));
    let next = within("an event", events.next()).await.unwrap();
    assert_eq!(next.user().and_then(|user| user.local()), Some("c96"));
}

#[tokio::test]
async fn every_subscription_sees_every_event_in_order() {
    let server = ScriptedServer::start().await;
    let (session, mut one, mut peer) = server.connect().await;
    told(&mut one, &mut peer).await;
    let mut two = session.events();
    for number in 0..20 {
        peer.send(format!(r#"<presence xmlns="jabber:client" from="c{number}@{HOST}"/>"#)).await;
    }
    let first = told(&mut one, &mut peer).await;
    let second = expect_events_until(&mut two, "mark", |event| {
        event.user().is_some_and(|user| user.local() == Some("mark"))
    })
    .await;
    assert_eq!(first.len(), 20);
    assert_eq!(first, second);
    for (number, event) in first.iter().enumerate() {
        assert_eq!(event.user().unwrap().local(), Some(format!("c{number}").as_str()));
    }
}

#[tokio::test]
async fn answers_that_come_while_the_session_closes_still_arrive() {
    let server = ScriptedServer::start().await;
    let (session, _events, mut peer) = server.connect().await;
    let script = async {
        let id = peer.receive_request("user_settings").await;
        let closing = tokio::spawn({
            let session = session.clone();
            async move { session.close().await }
        });
        assert!(peer.receive().await.contains("unavailable"));
        assert!(peer.receive().await.starts_with("<close "));
        answer_settings(&mut peer, &id).await;
        peer.send(r#"<close xmlns="urn:ietf:params:xml:ns:xmpp-framing"/>"#).await;
        closing.await.unwrap();
    };
    let (outcome, ()) = within("the end", async { tokio::join!(session.settings(), script) }).await;
    outcome.unwrap();
    assert_eq!(session.state(), ConnectionState::Ended);
}

#[tokio::test]
async fn a_request_that_the_end_overtakes_is_told_so() {
    let server = ScriptedServer::start().await;
    let (session, _events, mut peer) = server.connect().await;
    let script = async {
        peer.receive_request("user_settings").await;
        let closing = tokio::spawn({
            let session = session.clone();
            async move { session.close().await }
        });
        peer.receive().await;
        peer.receive().await;
        peer.send(r#"<close xmlns="urn:ietf:params:xml:ns:xmpp-framing"/>"#).await;
        closing.await.unwrap();
    };
    let (outcome, ()) = within("the end", async { tokio::join!(session.settings(), script) }).await;
    let error = kind(outcome);
    assert!(matches!(error, ErrorKind::Ended(EndReason::Closed)), "{error:?}");
}

#[tokio::test]
async fn the_end_is_the_last_event_and_a_later_subscription_is_empty() {
    let env = TestEnv::start().await;
    let (session, mut events) = env.online("alice").await;
    session.close().await;
    expect_event(&mut events, "end", |event| matches!(event, Event::Ended(_)).then_some(())).await;
    assert_eq!(within("the end", events.next()).await, None);
    assert_eq!(within("the end", session.events().next()).await, None);
}

#[tokio::test]
async fn the_state_can_be_followed() {
    let env = TestEnv::start().await;
    let session = env.connect("alice").await;
    let mut states = session.state_changes();
    assert_eq!(*states.borrow_and_update(), ConnectionState::Connected);
    session.close().await;
    within("the end", states.wait_for(|state| *state == ConnectionState::Ended)).await.unwrap();
}

#[tokio::test]
async fn what_has_no_method_can_be_asked_all_the_same() {
    let env = TestEnv::start().await;
    let session: Session = env.connect("alice").await;
    session.request(&Ping::default()).await.unwrap();
    let request = mfly_api::endpoint::feedback::Request::new("t", "d").unwrap();
    session.send(&request).await.unwrap();
    assert_eq!(env.server.journal().requests_to("/moderation/feedback").len(), 1);
}

#[tokio::test]
async fn clones_are_one_session() {
    let env = TestEnv::start().await;
    let session = env.connect("alice").await;
    let clone = session.clone();
    clone.set_media_encryption(false);
    assert!(!session.media_encryption());
    assert_eq!(session.jid(), clone.jid());
    clone.close().await;
    assert_eq!(session.state(), ConnectionState::Ended);
}
