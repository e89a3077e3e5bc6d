//! Connections that are lost and come back.

use mfly_client::{
    ConnectionState, Credentials, DisconnectReason, EndReason, ErrorKind, Event, Events,
    KeepaliveConfig, ReconnectPolicy,
};
use mfly_proto::cipher::{RequestCipher, login};
use mfly_proto::sasl::{Auth, plain};
use mfly_proto::secret::LicenceKey;
use mfly_proto::xml::{Document, Limits};
use mfly_tests::stub::LICENCE_KEY;
use mfly_tests::{ScriptedServer, TestEnv, expect_event, kind, within};
use mfly_testserver::{Direction, StreamCondition};
use std::error::Error as _;
use std::time::Duration;

/// Waits of a few milliseconds.
pub(crate) fn quick() -> ReconnectPolicy {
    ReconnectPolicy {
        base: Duration::from_millis(1),
        cap: Duration::from_millis(5),
        ..ReconnectPolicy::default()
    }
}

/// A wait that no test lives to see the end of.
fn slow() -> ReconnectPolicy {
    let hour = Duration::from_secs(3600);
    ReconnectPolicy { base: hour, cap: hour, ..ReconnectPolicy::default() }
}

async fn disconnected(events: &mut Events) -> DisconnectReason {
    expect_event(events, "loss", |event| match event {
        Event::Disconnected { reason } => Some(reason.clone()),
        _ => None,
    })
    .await
}

async fn connected(events: &mut Events) -> bool {
    expect_event(events, "connection", |event| match event {
        Event::Connected { resumed, .. } => Some(*resumed),
        _ => None,
    })
    .await
}

async fn ended(events: &mut Events) -> EndReason {
    let reason = expect_event(events, "end", |event| match event {
        Event::Ended(reason) => Some(reason.clone()),
        _ => None,
    })
    .await;
    assert_eq!(within("the end", events.next()).await, None);
    reason
}

#[tokio::test]
async fn a_lost_connection_comes_back_and_the_app_is_told_each_step() {
    let env = TestEnv::start().await;
    let credentials = env.register("alice").await;
    let session = env.app.connect(&credentials).reconnect(quick()).await.unwrap();
    let mut events = session.events();
    let before = session.jid();
    assert_eq!(env.server.fault().connections_of("alice").cut(), 1);
    disconnected(&mut events).await;
    let (attempt, delay) = expect_event(&mut events, "announcement", |event| match event {
        Event::Reconnecting { attempt, delay } => Some((*attempt, *delay)),
        _ => None,
    })
    .await;
    assert_eq!(attempt, 1);
    assert!(delay <= Duration::from_millis(5), "{delay:?}");
    assert!(!connected(&mut events).await, "nothing was resumed");
    let after = session.jid();
    assert_ne!(before, after, "a new resource");
    session.settings().await.unwrap();
}

#[tokio::test]
async fn presence_and_carbons_are_announced_again() {
    let env = TestEnv::start().await;
    let credentials = env.register("alice").await;
    let session = env.app.connect(&credentials).reconnect(quick()).await.unwrap();
    let mut events = session.events();
    env.settle(&session).await;
    env.server.fault().connections_of("alice").cut();
    connected(&mut events).await;
    session.settings().await.unwrap();
    let said: Vec<_> = env
        .server
        .journal()
        .frames()
        .into_iter()
        .filter(|frame| frame.direction == Direction::Received)
        .map(|frame| frame.text)
        .collect();
    for part in ["<priority>1<", "urn:xmpp:carbons:2"] {
        assert!(said.iter().any(|text| text.contains(part)), "{part} in {said:#?}");
    }
    assert!(env.server.user("alice").is_online());
    assert!(env.server.journal().requests_to("/login").is_empty(), "REST needs no new log-in");
}

#[tokio::test]
async fn each_attempt_authenticates_with_a_password_sealed_anew() {
    let server = ScriptedServer::start().await;
    let request = server.app().await.connect(&ScriptedServer::credentials()).reconnect(quick());
    let script = async {
        let mut times = Vec::new();
        for _ in 0..3 {
            let mut peer = server.accept().await;
            peer.offer("PLAIN").await;
            let auth = peer.accept_authentication().await;
            peer.accept_binding().await;
            times.push(sealed_at(auth));
        }
        times
    };
    let (_session, times) = within("three connections", async {
        tokio::join!(async { request.await.unwrap() }, script)
    })
    .await;
    assert!(times.is_sorted(), "{times:?}");
    assert_eq!(server.backend.sent().iter().filter(|sent| sent.path == "/login").count(), 1);
}

fn sealed_at(auth: String) -> i64 {
    let document = Document::parse(auth, &Limits::default()).unwrap();
    let auth = Auth::read(document.root()).unwrap();
    let (_, _, sealed) = plain::parse(&auth.initial.unwrap()).unwrap();
    let cipher = RequestCipher::new(&LicenceKey::new(LICENCE_KEY).unwrap());
    login::open_password(&cipher, sealed.expose()).unwrap().1
}

#[tokio::test]
async fn requests_under_way_fail_with_the_loss() {
    let server = ScriptedServer::start().await;
    let (session, _events, mut peer) = server.connect_with(|r| r.reconnect(slow())).await;
    let script = async {
        peer.receive_request("user_settings").await;
        peer.vanish();
    };
    let (outcome, ()) =
        within("the loss", async { tokio::join!(session.settings(), script) }).await;
    let error = outcome.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::ConnectionLost { .. }), "{error:?}");
    assert!(error.is_retryable());
    assert_eq!(error.official()["message"], "Connection Error");
}

#[tokio::test]
async fn while_the_session_is_offline_requests_that_are_to_fail_fast_do_and_rest_goes_on() {
    let server = ScriptedServer::start().await;
    let (session, mut events, peer) = server.connect_with(|r| r.reconnect(slow())).await;
    peer.vanish();
    disconnected(&mut events).await;
    let hasty = session.with_fail_fast(true);
    let error = within("a refusal", hasty.settings()).await.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::NotConnected);
    assert!(error.source().is_some(), "{error:?}");
    assert!(error.is_retryable());
    assert_eq!(kind(session.set_presence(None, None).await), ErrorKind::NotConnected);
    assert_eq!(session.state(), ConnectionState::Reconnecting);
    session.send_feedback("t", "d").await.unwrap();
}

#[tokio::test]
async fn a_request_made_while_offline_is_answered_on_the_next_connection() {
    let server = ScriptedServer::start().await;
    let (session, mut events, peer) = server.connect_with(|r| r.reconnect(slow())).await;
    peer.vanish();
    disconnected(&mut events).await;
    let serve = async {
        // The wait for the next attempt is longer than any test waits.
        session.reconnect_now().await;
        let mut peer = server.accept_online().await;
        let request = peer.receive_request("urn:xmpp:blocking").await;
        let list = r#"<blocklist xmlns="urn:xmpp:blocking"><item jid="u2@xmpp.example.test"/></blocklist>"#;
        peer.answer(&request, list).await;
        peer
    };
    let (blocked, _peer) =
        within("the answer", async { tokio::join!(session.blocked(), serve) }).await;
    assert_eq!(blocked.unwrap().len(), 1);
}

#[tokio::test]
async fn closing_while_offline_ends_at_once() {
    let server = ScriptedServer::start().await;
    let (session, mut events, peer) = server.connect_with(|r| r.reconnect(slow())).await;
    peer.vanish();
    disconnected(&mut events).await;
    within("the end", session.close()).await;
    assert!(matches!(ended(&mut events).await, EndReason::Closed));
}

#[tokio::test]
async fn logging_out_while_offline_tells_the_server_and_ends_the_trying() {
    let server = ScriptedServer::start().await;
    let (session, mut events, peer) = server.connect_with(|r| r.reconnect(slow())).await;
    peer.vanish();
    disconnected(&mut events).await;
    assert!(within("log-out", session.logout()).await.unwrap().server_told);
    assert!(matches!(ended(&mut events).await, EndReason::Closed));
    assert_eq!(server.backend.sent().iter().filter(|sent| sent.path == "/logout").count(), 1);
}

#[tokio::test]
async fn dropping_the_last_handle_while_offline_ends_the_trying() {
    let server = ScriptedServer::start().await;
    let (session, mut events, peer) = server.connect_with(|r| r.reconnect(slow())).await;
    peer.vanish();
    disconnected(&mut events).await;
    drop(session);
    assert!(matches!(ended(&mut events).await, EndReason::Closed));
}

#[tokio::test]
async fn a_closing_server_in_any_spelling_is_answered_and_connected_to_again() {
    for close in [
        r#"<close xmlns="urn:ietf:params:xml:ns:xmpp-framing" />"#,
        r#"<close xmlns="urn:ietf:params:xml:ns:xmpp-framing"/>"#,
        r#"<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'></close>"#,
    ] {
        let server = ScriptedServer::start().await;
        let (_session, mut events, mut peer) = server.connect_with(|r| r.reconnect(quick())).await;
        peer.send(close).await;
        let rest = peer.receive_rest().await;
        assert!(rest.last().is_some_and(|text| text.starts_with("<close ")), "{rest:?}");
        let reason = disconnected(&mut events).await;
        assert!(matches!(reason, DisconnectReason::ClosedByServer), "{reason:?}");
        let _peer = server.accept_online().await;
        connected(&mut events).await;
    }
}

#[tokio::test]
async fn a_stream_error_of_a_passing_kind_is_connected_again_after() {
    let env = TestEnv::start().await;
    let credentials = env.register("alice").await;
    for condition in [
        StreamCondition::SystemShutdown,
        StreamCondition::PolicyViolation,
        StreamCondition::InternalServerError,
    ] {
        let session = env.app.connect(&credentials).reconnect(quick()).await.unwrap();
        let mut events = session.events();
        env.server.fault().connections_of("alice").close_with(condition);
        let reason = disconnected(&mut events).await;
        assert!(
            matches!(&reason, DisconnectReason::StreamError(error) if error.condition == condition),
            "{reason:?}"
        );
        connected(&mut events).await;
        session.close().await;
    }
}

#[tokio::test]
async fn a_server_that_shuts_down_says_goodbye_and_may_come_back() {
    let TestEnv { server, app } = TestEnv::start().await;
    let credentials = server.user("alice").register().unwrap();
    let credentials = Credentials::new(credentials.username, credentials.password);
    let policy = ReconnectPolicy { max_attempts: Some(2), ..quick() };
    let session = app.connect(&credentials).reconnect(policy).await.unwrap();
    let mut events = session.events();
    within("shutting down", server.shutdown()).await;
    let reason = disconnected(&mut events).await;
    assert!(
        matches!(&reason, DisconnectReason::StreamError(error) if error.condition == StreamCondition::SystemShutdown),
        "{reason:?}"
    );
    let reason = ended(&mut events).await;
    assert!(matches!(reason, EndReason::Unreachable { attempts: 2, .. }), "{reason:?}");
}

#[tokio::test]
async fn a_session_that_another_one_replaced_does_not_fight_back() {
    let env = TestEnv::start().await;
    let credentials = env.register("alice").await;
    let session = env.app.connect(&credentials).reconnect(quick()).await.unwrap();
    let mut events = session.events();
    env.server.fault().connections_of("alice").close_with(StreamCondition::Conflict);
    assert!(matches!(ended(&mut events).await, EndReason::Replaced));
    assert!(env.server.user("alice").sessions().is_empty());
}

#[tokio::test]
async fn credentials_that_became_void_end_the_trying() {
    let env = TestEnv::start().await;
    let credentials = env.register("alice").await;
    let session = env.app.connect(&credentials).reconnect(quick()).await.unwrap();
    let mut events = session.events();
    // Another client with the same credentials logs them out.
    let other = env.app.connect(&credentials).await.unwrap();
    other.logout().await.unwrap();
    env.server.fault().connections_of("alice").cut();
    assert!(matches!(ended(&mut events).await, EndReason::InvalidCredentials(_)));
}

#[tokio::test]
async fn a_temporary_refusal_is_tried_again() {
    let server = ScriptedServer::start().await;
    let (_session, mut events, peer) = server.connect_with(|r| r.reconnect(quick())).await;
    peer.vanish();
    let mut peer = server.accept().await;
    peer.offer("PLAIN").await;
    peer.receive().await;
    peer.send(
        r#"<failure xmlns="urn:ietf:params:xml:ns:xmpp-sasl"><temporary-auth-failure/></failure>"#,
    )
    .await;
    let _peer = server.accept_online().await;
    disconnected(&mut events).await;
    connected(&mut events).await;
}

#[tokio::test]
async fn a_server_that_fell_silent_is_noticed_and_left() {
    let env = TestEnv::start().await;
    let credentials = env.register("alice").await;
    let keepalive =
        KeepaliveConfig { idle: Duration::from_millis(50), answer: Duration::from_millis(50) };
    let request = env.app.connect(&credentials).reconnect(quick()).keepalive(keepalive);
    let session = request.await.unwrap();
    let mut events = session.events();
    assert_eq!(env.server.fault().connections_of("alice").silence(), 1);
    let reason = disconnected(&mut events).await;
    assert!(matches!(reason, DisconnectReason::PeerSilent), "{reason:?}");
    connected(&mut events).await;
}

#[tokio::test]
async fn a_server_that_answers_pings_is_not_left() {
    let server = ScriptedServer::start().await;
    let keepalive =
        KeepaliveConfig { idle: Duration::from_millis(20), ..KeepaliveConfig::default() };
    let (session, mut events, mut peer) =
        server.connect_with(|request| request.keepalive(keepalive)).await;
    for _ in 0..3 {
        let id = peer.receive_request("urn:xmpp:ping").await;
        peer.answer(&id, "").await;
    }
    assert_eq!(session.state(), ConnectionState::Connected);
    connected(&mut events).await;
}

#[tokio::test]
async fn after_the_allowed_number_of_attempts_the_session_ends() {
    let server = ScriptedServer::start().await;
    let policy = ReconnectPolicy { max_attempts: Some(3), ..quick() };
    let (session, mut events, peer) = server.connect_with(|r| r.reconnect(policy)).await;
    drop(server);
    peer.vanish();
    let mut announced = Vec::new();
    let reason = expect_event(&mut events, "end", |event| match event {
        Event::Reconnecting { attempt, delay } => {
            announced.push((*attempt, *delay));
            None
        }
        Event::Ended(reason) => Some(reason.clone()),
        _ => None,
    })
    .await;
    let attempts: Vec<_> = announced.iter().map(|(attempt, _)| *attempt).collect();
    assert_eq!(attempts, [1, 2, 3]);
    for (attempt, delay) in announced {
        let most = policy.base * 2_u32.pow(attempt - 1);
        assert!(delay <= most.min(policy.cap), "attempt {attempt} waits {delay:?}");
    }
    assert!(matches!(reason, EndReason::Unreachable { attempts: 3, .. }), "{reason:?}");
    assert!(matches!(kind(session.settings().await), ErrorKind::Ended(_)));
}

#[tokio::test]
async fn reconnecting_can_be_switched_off() {
    let server = ScriptedServer::start().await;
    let policy = ReconnectPolicy::never();
    let (_session, mut events, peer) = server.connect_with(|r| r.reconnect(policy)).await;
    peer.vanish();
    assert!(matches!(ended(&mut events).await, EndReason::Unreachable { .. }));
}

#[tokio::test]
async fn the_first_connection_can_have_several_attempts_too() {
    let server = ScriptedServer::start().await;
    let connecting =
        server.app().await.connect(&ScriptedServer::credentials()).reconnect(quick()).attempts(3);
    let script = async {
        for _ in 0..2 {
            server.accept().await.vanish();
        }
        server.accept_online().await
    };
    let (session, _peer) =
        within("connection", async { tokio::join!(connecting.into_future(), script) }).await;
    assert_eq!(session.unwrap().state(), ConnectionState::Connected);
}
