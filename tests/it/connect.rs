//! Connecting to the server.

use mfly_client::{
    App, CertificateProblem, ConnectionState, Credentials, EndReason, Error, ErrorKind, Event,
    Fault, LoginFailure, Password, Quirks, Timeouts, Tls, UserIdentifier,
};
use mfly_proto::cipher::{RequestCipher, login};
use mfly_proto::sasl::{Auth, plain};
use mfly_proto::secret::LicenceKey;
use mfly_proto::xml::{Document, Limits};
use mfly_tests::env::user;
use mfly_tests::scripted::{BIND, PLAIN, SUCCESS, Step};
use mfly_tests::stub::{LICENCE_KEY, PASSWORD, success};
use mfly_tests::{ScriptedServer, TestEnv, argument, both, expect_event, kind, within};
use mfly_testserver::TestServer;
use serde_json::json;
use std::time::Duration;
use tokio::net::TcpListener;

async fn failure(app: &App, credentials: &Credentials) -> Error {
    within("failing", async { app.connect(credentials).await.unwrap_err() }).await
}

#[tokio::test]
async fn the_password_is_sealed_for_each_of_log_in_and_authentication() {
    let server = ScriptedServer::start().await;
    let request = server.app().await.connect(&ScriptedServer::credentials());
    let script = async {
        let mut peer = server.accept().await;
        peer.open(PLAIN).await;
        let auth = peer.accept_authentication().await;
        peer.accept_binding().await;
        (peer, auth)
    };
    let (session, (_peer, auth)) = both(async { request.await }, script).await;
    session.unwrap();
    let document = Document::parse(auth, &Limits::default()).unwrap();
    let auth = Auth::read(document.root()).unwrap();
    let (authzid, authcid, sealed) = plain::parse(&auth.initial.unwrap()).unwrap();
    assert_eq!((authzid, authcid.as_str()), (None, "u1"));
    let cipher = RequestCipher::new(&LicenceKey::new(LICENCE_KEY).unwrap());
    let (password, sealed_at) = login::open_password(&cipher, sealed.expose()).unwrap();
    assert_eq!(password.expose(), PASSWORD);
    let login = server.backend.sent().into_iter().find(|sent| sent.path == "/login").unwrap();
    assert_eq!((&login.body["username"], &login.body["type"]), (&json!("u1"), &json!("web")));
    let rest = login.body["password"].as_str().unwrap();
    let (password, logged_in_at) = login::open_password(&cipher, rest).unwrap();
    assert_eq!(password.expose(), PASSWORD);
    assert!(sealed_at >= logged_in_at, "true time, in order");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    assert!((now.as_millis() as i64 - sealed_at).abs() < 60_000, "the time is not the true one");
}

#[tokio::test]
async fn refused_credentials_fail_before_xmpp_is_tried() {
    let env = TestEnv::start().await;
    let mut credentials = env.register("alice").await;
    env.server.user("alice").admin_block(true).unwrap();
    let error = failure(&env.app, &credentials).await;
    assert_eq!((error.kind(), error.status_code()), (&ErrorKind::AdminBlocked, 403));
    env.server.user("alice").admin_block(false).unwrap();
    env.server.journal().clear();
    credentials.password = Password::new("wrong").unwrap();
    for id in ["alice", "nobody"] {
        credentials.user = user(id);
        let error = failure(&env.app, &credentials).await;
        assert_eq!(*error.kind(), ErrorKind::InvalidCredentials { status: 400 });
        assert_eq!((error.status_code(), error.fault()), (400, Fault::Caller));
        assert!(!error.is_retryable());
    }
    assert_eq!(env.request_count("/login"), 2, "none is repeated");
    assert!(env.server.journal().frames().is_empty());
}

#[tokio::test]
async fn credentials_that_xmpp_refuses_end_the_session_and_are_not_tried_again() {
    let server = ScriptedServer::start().await;
    let request = server.app().await.connect(&ScriptedServer::credentials()).attempts(5);
    let mut events = request.events();
    let refusal =
        r#"<failure xmlns="urn:ietf:params:xml:ns:xmpp-sasl"><not-authorized/></failure>"#;
    let steps = [Step::Features(PLAIN), Step::Reply(refusal)];
    let (error, rest) = server.fail_to_connect(request, &steps).await;
    assert_eq!(*error.kind(), ErrorKind::InvalidCredentials { status: 401 });
    assert!(rest.iter().all(|frame| !frame.starts_with("<auth")), "{rest:?}");
    let calls = expect_event!(&mut events, event @ Event::AuthenticationFailed => event.official());
    assert_eq!(
        calls[0].payload,
        json!({"status": "AUTHFAIL", "statusCode": 401, "errorMessage": "Invalid Credentials"})
    );
    let reason = mfly_tests::wait::wait_for_end(&mut events).await;
    assert!(matches!(reason, EndReason::InvalidCredentials(_)), "{reason:?}");
}

/// A login that fails: what it shows, the server's steps, the expected error, and a text that no
/// later frame of the client may contain.
type FailingLogin = (&'static str, Vec<Step<'static>>, fn(&ErrorKind) -> bool, &'static str);

#[tokio::test]
async fn a_login_that_cannot_go_on_fails_with_its_reason() {
    use Step::{Features, Reply};
    let rows: [FailingLogin; 5] = [
        (
            "without PLAIN the password is not sent",
            vec![Features(
                r#"<mechanisms xmlns="urn:ietf:params:xml:ns:xmpp-sasl"><mechanism>EXTERNAL</mechanism></mechanisms>"#,
            )],
            |kind| matches!(kind, ErrorKind::Ended(EndReason::LoginFailed(LoginFailure::MechanismUnavailable { offered })) if offered == &["EXTERNAL"]),
            "auth",
        ),
        (
            "a resource conflict at binding ends the attempt",
            vec![
                Features(PLAIN),
                Reply(SUCCESS),
                Features(BIND),
                Reply(
                    r#"<iq type="error" id="{id}" xmlns="jabber:client"><error type="cancel"><conflict xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>"#,
                ),
            ],
            |kind| matches!(kind, ErrorKind::Ended(EndReason::Replaced)),
            "<presence",
        ),
        (
            "a bound address of another user is refused",
            vec![
                Features(PLAIN),
                Reply(SUCCESS),
                Features(BIND),
                Reply(
                    r#"<iq xmlns="jabber:client" type="result" id="{id}"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><jid>mallory@elsewhere.test/x</jid></bind></iq>"#,
                ),
            ],
            |kind| matches!(kind, ErrorKind::Network),
            "<presence",
        ),
        (
            "a pointer to another server is not followed",
            vec![Reply(
                r#"<close xmlns="urn:ietf:params:xml:ns:xmpp-framing" see-other-uri="wss://evil.test/websocket"/>"#,
            )],
            |kind| matches!(kind, ErrorKind::Ended(EndReason::Moved { to }) if to == "wss://evil.test/websocket"),
            "<auth",
        ),
        (
            "a stanza before authentication ends the attempt",
            vec![Reply(
                r#"<message xmlns="jabber:client" from="xmpp.example.test"><user_deleted user="u1@xmpp.example.test"/></message>"#,
            )],
            |kind| matches!(kind, ErrorKind::Network),
            "<auth",
        ),
    ];
    for (sentence, steps, is_expected, forbidden) in rows {
        let server = ScriptedServer::start().await;
        let request = server.app().await.connect(&ScriptedServer::credentials());
        let (error, rest) = server.fail_to_connect(request, &steps).await;
        assert!(is_expected(error.kind()), "{sentence}: {error:?}");
        assert!(rest.iter().all(|frame| !frame.contains(forbidden)), "{sentence}: {rest:?}");
    }
}

/// An app whose REST and WebSocket addresses use TLS, and which trusts the authority of `trusted`.
async fn tls_app(server: &TestServer, trusted: &TestServer) -> App {
    let tls = Tls::custom(trusted.ca_certificate_pem().unwrap().as_bytes()).unwrap();
    let url = server.api_base_url_tls().unwrap();
    App::builder(server.licence_key()).api_base_url(&url).tls(tls).build().await.unwrap()
}

fn assert_untrusted(error: &Error) {
    assert_eq!(*error.kind(), ErrorKind::Certificate(CertificateProblem::Untrusted));
    assert!(!error.is_retryable());
    assert!(error.hint().contains("Tls::custom"), "{}", error.hint());
}

#[tokio::test]
async fn only_a_server_of_a_trusted_authority_is_used_for_rest_and_for_xmpp() {
    let server = TestServer::start().await.unwrap();
    let other = TestServer::start().await.unwrap();
    let alice = UserIdentifier::new("alice").unwrap();
    let app = tls_app(&server, &other).await;
    assert_untrusted(&app.register(&alice).await.unwrap_err());
    assert!(server.journal().entries().is_empty());

    let app = tls_app(&server, &server).await;
    let account = app.register(&alice).await.unwrap();
    let session = within("connection", async { app.connect(&account.credentials).await }).await;
    let session = session.unwrap();
    assert_eq!(session.state(), ConnectionState::Connected);
    session.close().await;

    server.journal().clear();
    let tls = Tls::custom(other.ca_certificate_pem().unwrap().as_bytes()).unwrap();
    let app = TestEnv::app_of(&server).xmpp_address(&server.websocket_url_tls().unwrap()).tls(tls);
    assert_untrusted(&failure(&app.build().await.unwrap(), &account.credentials).await);
    assert!(server.journal().frames_from("alice").is_empty());
}

#[tokio::test]
async fn a_port_without_or_with_a_silent_listener_is_a_retryable_network_error() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let mut timeouts = Timeouts::default();
    timeouts.handshake = Duration::from_millis(50);
    for address in [closed, silent.local_addr().unwrap()] {
        let server = ScriptedServer::start().await;
        let app = server.app_builder().xmpp_address(&format!("ws://{address}/websocket"));
        let app = app.timeouts(timeouts).build().await.unwrap();
        let error = failure(&app, &ScriptedServer::credentials()).await;
        assert_eq!(*error.kind(), ErrorKind::Network);
        assert_eq!((error.status_code(), error.fault()), (599, Fault::Network));
        assert!(error.is_retryable() && !error.hint().is_empty());
    }
}

#[tokio::test]
async fn the_configuration_of_the_registration_serves_the_first_connection_only() {
    let env = TestEnv::start().await;
    let credentials = env.register("alice").await;
    env.app.connect(&credentials).await.unwrap();
    assert_eq!(env.request_count("/users/config"), 0);
    env.app.connect(&credentials).await.unwrap();
    assert_eq!(env.request_count("/users/config"), 1);
}

#[tokio::test]
async fn a_subscription_made_before_connecting_sees_the_first_connection() {
    let env = TestEnv::start().await;
    let request = env.app.connect(&env.register("alice").await);
    let mut events = request.events();
    let session = request.await.unwrap();
    let first = within("an event", events.next()).await.unwrap();
    assert_eq!(first, Event::Connected { jid: session.jid(), resumed: false });
}

#[tokio::test]
async fn dropping_the_future_ends_the_connection() {
    let server = ScriptedServer::start().await;
    let request = server.app().await.connect(&ScriptedServer::credentials());
    let script = async {
        let mut peer = server.accept().await;
        assert!(peer.receive().await.starts_with("<open "));
        peer
    };
    let mut peer = tokio::select! {
        outcome = request.into_future() => panic!("no answer was sent, yet {outcome:?}"),
        peer = script => peer,
    };
    peer.receive_rest().await;
}

#[tokio::test]
async fn a_configured_host_is_dialled_without_tls_only_with_the_quirk() {
    let env = TestEnv::start().await;
    let mut quirks = Quirks::default();
    quirks.websocket_tls = false;
    let builder = App::builder(env.server.licence_key());
    let app =
        builder.api_base_url(&env.server.api_base_url()).quirks(quirks).build().await.unwrap();
    let credentials = env.register("alice").await;
    let session = within("connection", async { app.connect(&credentials).await }).await;
    assert_eq!(session.unwrap().state(), ConnectionState::Connected);
}

#[tokio::test]
async fn two_sessions_of_one_user_have_different_addresses() {
    let env = TestEnv::start().await;
    let credentials = env.register("alice").await;
    let one = env.app.connect(&credentials).resource_prefix("Bot-").await.unwrap();
    let two = env.app.connect(&credentials).await.unwrap();
    assert!(one.jid().resource().unwrap().starts_with("Bot-"));
    assert!(two.jid().resource().unwrap().starts_with("Web-"));
    assert_ne!(one.jid(), two.jid());
    assert_eq!(env.server.user("alice").sessions().len(), 2);
    env.server.journal().clear();
    let outcome = env.app.connect(&credentials).resource_prefix("a\u{7}").await;
    assert_eq!(argument(outcome).0, "resource_prefix");
    assert!(env.server.journal().entries().is_empty(), "nothing was sent for it");
}

#[tokio::test]
async fn an_unreadable_configuration_is_an_unexpected_answer() {
    let server = ScriptedServer::start().await;
    server.backend.prepare("/users/config", success(json!("garbage")));
    let error = kind(server.app().await.connect(&ScriptedServer::credentials()).await);
    assert_eq!(error, ErrorKind::UnexpectedAnswer);
}
