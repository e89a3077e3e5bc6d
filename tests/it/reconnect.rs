//! Lost connections and the connections that follow them.

use mfly_client::{
    ConnectionState, Credentials, DisconnectReason, EndReason, ErrorKind, Event, Events,
    KeepaliveConfig, ReconnectPolicy, Session,
};
use mfly_proto::cipher::{RequestCipher, login};
use mfly_proto::sasl::{Auth, plain};
use mfly_proto::secret::LicenceKey;
use mfly_proto::xml::{Document, Limits};
use mfly_tests::env::quick_reconnect;
use mfly_tests::scripted::PLAIN;
use mfly_tests::stub::LICENCE_KEY;
use mfly_tests::wait::{wait_for_connection, wait_for_disconnection, wait_for_end};
use mfly_tests::{ScriptedServer, TestEnv, both, expect_event, kind, within};
use mfly_testserver::StreamCondition;
use std::error::Error as _;
use std::time::Duration;

/// Waits that are longer than any test.
fn slow() -> ReconnectPolicy {
    let hour = Duration::from_secs(3600);
    ReconnectPolicy { base: hour, cap: hour, ..ReconnectPolicy::default() }
}

/// A session of `alice` that reconnects after a few milliseconds.
async fn online() -> (TestEnv, Credentials, Session, Events) {
    let env = TestEnv::start().await;
    let credentials = env.register("alice").await;
    let session = env.app.connect(&credentials).reconnect(quick_reconnect()).await.unwrap();
    let events = session.events();
    (env, credentials, session, events)
}

/// A session that has lost its connection and waits for the next attempt.
async fn offline() -> (ScriptedServer, Session, Events) {
    let server = ScriptedServer::start().await;
    let (session, mut events, peer) = server.connect_with(|r| r.reconnect(slow())).await;
    peer.vanish();
    wait_for_disconnection(&mut events).await;
    (server, session, events)
}

#[tokio::test]
async fn a_lost_connection_is_followed_by_another_and_each_step_is_an_event() {
    let (env, _credentials, session, mut events) = online().await;
    let before = session.jid();
    assert_eq!(env.server.fault().connections_of("alice").cut(), 1);
    wait_for_disconnection(&mut events).await;
    let (attempt, delay) =
        expect_event!(&mut events, Event::Reconnecting { attempt, delay } => (*attempt, *delay));
    assert_eq!(attempt, 1);
    assert!(delay <= Duration::from_millis(5), "{delay:?}");
    assert!(!wait_for_connection(&mut events).await, "nothing was resumed");
    assert_ne!(before, session.jid(), "each connection has a new resource");
    session.settings().await.unwrap();
    assert!(env.server.user("alice").is_online());
    assert_eq!(env.request_count("/login"), 1, "REST needs no second log-in");
}

#[tokio::test]
async fn each_attempt_authenticates_with_a_newly_sealed_password() {
    let server = ScriptedServer::start().await;
    let request = server.app().await.connect(&ScriptedServer::credentials());
    let request = request.reconnect(quick_reconnect()).attempts(2);
    let script = async {
        server.accept().await.vanish();
        let mut times = Vec::new();
        for _ in 0..3 {
            let mut peer = server.accept().await;
            peer.open(PLAIN).await;
            let auth = peer.accept_authentication().await;
            peer.accept_binding().await;
            times.push(sealed_at(auth));
        }
        times
    };
    let (_session, times) = both(async { request.await.unwrap() }, script).await;
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
async fn a_loss_fails_the_requests_that_were_sent() {
    let server = ScriptedServer::start().await;
    let (session, _events, mut peer) = server.connect_with(|r| r.reconnect(slow())).await;
    let script = async {
        peer.receive_request("user_settings").await;
        peer.vanish();
    };
    let (outcome, ()) = both(session.settings(), script).await;
    let error = outcome.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::ConnectionLost { .. }), "{error:?}");
    assert!(error.is_retryable());
    assert_eq!(error.official()["message"], "Connection Error");
}

#[tokio::test]
async fn while_the_session_is_offline_only_rest_and_requests_that_wait_are_accepted() {
    let (_server, session, _events) = offline().await;
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
async fn a_request_that_waits_is_answered_on_the_next_connection() {
    let (server, session, _events) = offline().await;
    let script = async {
        session.reconnect_now().await;
        let mut peer = server.accept_online().await;
        let list = r#"<blocklist xmlns="urn:xmpp:blocking"><item jid="u2@xmpp.example.test"/></blocklist>"#;
        peer.answer_next("urn:xmpp:blocking", list).await;
        peer
    };
    let (blocked, _peer) = both(session.blocked(), script).await;
    assert_eq!(blocked.unwrap().len(), 1);
}

#[tokio::test]
async fn a_session_that_is_offline_can_be_closed_logged_out_and_dropped() {
    let (_server, session, mut events) = offline().await;
    within("the end", session.close()).await;
    assert_eq!(wait_for_end(&mut events).await, EndReason::Closed);

    let (server, session, mut events) = offline().await;
    assert!(within("log-out", session.logout()).await.unwrap().server_told);
    assert_eq!(wait_for_end(&mut events).await, EndReason::Closed);
    assert_eq!(server.backend.sent().iter().filter(|sent| sent.path == "/logout").count(), 1);

    let (_server, session, mut events) = offline().await;
    drop(session);
    assert_eq!(wait_for_end(&mut events).await, EndReason::Closed);
}

#[tokio::test]
async fn a_server_that_shuts_down_is_tried_again_as_often_as_allowed() {
    let TestEnv { server, app } = TestEnv::start().await;
    let credentials = server.user("alice").register().unwrap();
    let credentials = Credentials::new(credentials.username, credentials.password);
    let policy = ReconnectPolicy { max_attempts: Some(2), ..quick_reconnect() };
    let session = app.connect(&credentials).reconnect(policy).await.unwrap();
    let mut events = session.events();
    within("shutting down", server.shutdown()).await;
    let reason = wait_for_disconnection(&mut events).await;
    assert!(
        matches!(&reason, DisconnectReason::StreamError(error) if error.condition == StreamCondition::SystemShutdown),
        "{reason:?}"
    );
    let reason = wait_for_end(&mut events).await;
    assert!(matches!(reason, EndReason::Unreachable { attempts: 2, .. }), "{reason:?}");
    assert!(matches!(kind(session.settings().await), ErrorKind::Ended(_)));
}

#[tokio::test]
async fn credentials_that_are_no_longer_valid_end_the_attempts() {
    let (env, credentials, _session, mut events) = online().await;
    let other = env.app.connect(&credentials).await.unwrap();
    other.logout().await.unwrap();
    env.server.fault().connections_of("alice").cut();
    assert!(matches!(wait_for_end(&mut events).await, EndReason::InvalidCredentials(_)));
}

#[tokio::test]
async fn a_server_that_no_longer_answers_is_disconnected_from() {
    let env = TestEnv::start().await;
    let credentials = env.register("alice").await;
    let keepalive =
        KeepaliveConfig { idle: Duration::from_millis(50), answer: Duration::from_millis(50) };
    let request = env.app.connect(&credentials).reconnect(quick_reconnect()).keepalive(keepalive);
    let session = request.await.unwrap();
    let mut events = session.events();
    assert_eq!(env.server.fault().connections_of("alice").silence(), 1);
    let reason = wait_for_disconnection(&mut events).await;
    assert!(matches!(reason, DisconnectReason::PeerSilent), "{reason:?}");
    wait_for_connection(&mut events).await;
}
