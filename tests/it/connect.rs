//! Connecting.

use mfly_client::{
    App, CertificateProblem, ConnectionState, Credentials, EndReason, Error, ErrorKind, Event,
    Fault, Password, Quirks, Session, Timeouts, Tls, UserIdentifier,
};
use mfly_proto::cipher::{RequestCipher, login};
use mfly_proto::sasl::{Auth, plain};
use mfly_proto::secret::LicenceKey;
use mfly_proto::xml::{Document, Limits};
use mfly_tests::stub::{LICENCE_KEY, PASSWORD};
use mfly_tests::{ScriptedServer, TestEnv, expect_event, kind, within};
use mfly_testserver::TestServer;
use std::time::Duration;
use tokio::net::TcpListener;

async fn attempt(app: &App, credentials: &Credentials) -> Result<Session, Error> {
    app.connect(credentials).await
}

async fn failure(app: &App, credentials: &Credentials) -> Error {
    within("failing", async { app.connect(credentials).await.unwrap_err() }).await
}

#[tokio::test]
async fn a_session_says_the_frames_of_the_official_sdk_in_its_order() {
    let env = TestEnv::start().await;
    let session = env.connect("alice").await;
    env.server
        .journal()
        .wait_for(mfly_tests::DEADLINE, |entry| {
            entry.frame().is_some_and(|frame| frame.text.contains("carbons"))
        })
        .await
        .unwrap();
    let said: Vec<String> = env
        .server
        .journal()
        .frames()
        .into_iter()
        .filter(|frame| frame.direction == mfly_testserver::Direction::Received)
        .map(|frame| frame.text)
        .collect();
    let expected = [
        "<open ",
        "<auth ",
        "<open ",
        "_bind_auth_2",
        "_session_auth_2",
        "<priority>1<",
        "carbons:2",
    ];
    assert_eq!(said.len(), expected.len(), "{said:#?}");
    for (said, part) in said.iter().zip(expected) {
        assert!(said.contains(part), "{part} in {said}");
    }
    assert_eq!(session.state(), ConnectionState::Connected);
    let jid = session.jid();
    assert_eq!(jid.bare(), env.address("alice"));
    assert!(jid.resource().unwrap().starts_with("Web-"), "{jid}");
}

#[tokio::test]
async fn the_password_is_sealed_for_each_of_log_in_and_authentication() {
    let server = ScriptedServer::start().await;
    let app = server.app().await;
    let credentials = ScriptedServer::credentials();
    let script = async {
        let mut peer = server.accept().await;
        peer.offer("PLAIN").await;
        let auth = peer.accept_authentication().await;
        peer.accept_binding().await;
        (peer, auth)
    };
    let (session, (_peer, auth)) =
        within("connection", async { tokio::join!(attempt(&app, &credentials), script) }).await;
    session.unwrap();
    let document = Document::parse(auth, &Limits::default()).unwrap();
    let auth = Auth::read(document.root()).unwrap();
    let (authzid, authcid, sealed) = plain::parse(&auth.initial.unwrap()).unwrap();
    assert_eq!((authzid, authcid.as_str()), (None, "u1"));
    let cipher = RequestCipher::new(&LicenceKey::new(LICENCE_KEY).unwrap());
    let (password, sealed_at) = login::open_password(&cipher, sealed.expose()).unwrap();
    assert_eq!(password.expose(), PASSWORD);
    let login = server.backend.sent().into_iter().find(|sent| sent.path == "/login").unwrap();
    assert_eq!(login.body["username"], "u1");
    assert_eq!(login.body["type"], "web");
    let rest = login.body["password"].as_str().unwrap();
    let (password, logged_in_at) = login::open_password(&cipher, rest).unwrap();
    assert_eq!(password.expose(), PASSWORD);
    assert!(sealed_at >= logged_in_at, "true time, in order");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    assert!((now.as_millis() as i64 - sealed_at).abs() < 60_000, "the time is not the true one");
}

#[tokio::test]
async fn a_wrong_password_is_refused_before_xmpp_is_tried() {
    let env = TestEnv::start().await;
    let mut credentials = env.register("alice").await;
    credentials.password = Password::new("wrong").unwrap();
    let error = failure(&env.app, &credentials).await;
    assert_eq!(*error.kind(), ErrorKind::InvalidCredentials { status: 400 });
    assert_eq!((error.status_code(), error.fault()), (400, Fault::Caller));
    assert!(!error.is_retryable());
    assert_eq!(env.server.journal().requests_to("/login").len(), 1, "it is not repeated");
    assert!(env.server.journal().frames().is_empty());
}

#[tokio::test]
async fn an_unknown_user_is_refused_like_a_wrong_password() {
    let env = TestEnv::start().await;
    let mut credentials = env.register("alice").await;
    credentials.user = mfly_client::UserId::new("nobody").unwrap();
    let error = failure(&env.app, &credentials).await;
    assert_eq!(*error.kind(), ErrorKind::InvalidCredentials { status: 400 });
}

#[tokio::test]
async fn credentials_that_xmpp_refuses_end_the_session_at_once_and_are_not_tried_again() {
    let server = ScriptedServer::start().await;
    let app = server.app().await;
    let credentials = ScriptedServer::credentials();
    let request = app.connect(&credentials).attempts(5);
    let mut events = request.events();
    let script = async {
        let mut peer = server.accept().await;
        peer.offer("PLAIN").await;
        peer.receive().await;
        peer.send(
            r#"<failure xmlns="urn:ietf:params:xml:ns:xmpp-sasl"><not-authorized/></failure>"#,
        )
        .await;
        peer.receive_rest().await
    };
    let (outcome, rest) =
        within("the refusal", async { tokio::join!(request.into_future(), script) }).await;
    let error = outcome.unwrap_err();
    assert_eq!(*error.kind(), ErrorKind::InvalidCredentials { status: 401 });
    assert!(rest.iter().all(|frame| !frame.starts_with("<auth")), "{rest:?}");
    let told = expect_event(&mut events, "AUTHFAIL", |event| {
        matches!(event, Event::AuthenticationFailed).then(|| event.official())
    })
    .await;
    assert_eq!(
        told[0].payload,
        serde_json::json!({"status": "AUTHFAIL", "statusCode": 401, "errorMessage": "Invalid Credentials"})
    );
    expect_event(&mut events, "end", |event| {
        matches!(event, Event::Ended(EndReason::InvalidCredentials(_))).then_some(())
    })
    .await;
    assert!(events.next().await.is_none(), "nothing follows the end");
}

#[tokio::test]
async fn an_admin_blocked_user_cannot_connect() {
    let env = TestEnv::start().await;
    let credentials = env.register("alice").await;
    env.server.user("alice").admin_block(true).unwrap();
    let error = failure(&env.app, &credentials).await;
    assert_eq!(*error.kind(), ErrorKind::AdminBlocked);
    assert_eq!(error.status_code(), 403);
}

#[tokio::test]
async fn the_configured_host_is_reached_over_tls_with_the_servers_authority() {
    let server = TestServer::start().await.unwrap();
    let tls = Tls::custom(server.ca_certificate_pem().unwrap().as_bytes()).unwrap();
    let url = server.api_base_url_tls().unwrap();
    let app = App::builder(server.licence_key()).api_base_url(&url).tls(tls).build().await.unwrap();
    let account = app.register(&UserIdentifier::new("alice").unwrap()).await.unwrap();
    let session = within("connection", async { app.connect(&account.credentials).await }).await;
    assert_eq!(session.unwrap().state(), ConnectionState::Connected);
}

#[tokio::test]
async fn a_server_with_an_unknown_authority_is_not_talked_to() {
    let server = TestServer::start().await.unwrap();
    let other = TestServer::start().await.unwrap();
    let tls = Tls::custom(other.ca_certificate_pem().unwrap().as_bytes()).unwrap();
    let url = server.api_base_url_tls().unwrap();
    let app = App::builder(server.licence_key()).api_base_url(&url).tls(tls).build().await.unwrap();
    let error = app.register(&UserIdentifier::new("alice").unwrap()).await.unwrap_err();
    let kind = ErrorKind::Certificate(CertificateProblem::Untrusted);
    assert_eq!(*error.kind(), kind);
    assert!(!error.is_retryable());
    assert!(error.hint().contains("Tls::custom"), "{}", error.hint());
    assert!(server.journal().entries().is_empty());
}

#[tokio::test]
async fn an_unknown_authority_on_the_xmpp_side_is_no_error_of_the_network_either() {
    let server = TestServer::start().await.unwrap();
    let other = TestServer::start().await.unwrap();
    let tls = Tls::custom(other.ca_certificate_pem().unwrap().as_bytes()).unwrap();
    let app = App::builder(server.licence_key())
        .api_base_url(&server.api_base_url())
        .xmpp_address(&server.websocket_url_tls().unwrap())
        .tls(tls)
        .build()
        .await
        .unwrap();
    let account = app.register(&UserIdentifier::new("alice").unwrap()).await.unwrap();
    let error = failure(&app, &account.credentials).await;
    let kind = ErrorKind::Certificate(CertificateProblem::Untrusted);
    assert_eq!(*error.kind(), kind);
    assert!(!error.is_retryable());
    assert!(server.journal().frames().is_empty());
}

#[tokio::test]
async fn nobody_listening_is_a_retryable_error_of_the_network() {
    let server = ScriptedServer::start().await;
    let closed = {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("ws://{}/websocket", listener.local_addr().unwrap())
    };
    let app = server.app_builder().xmpp_address(&closed).build().await.unwrap();
    let error = failure(&app, &ScriptedServer::credentials()).await;
    assert_eq!(*error.kind(), ErrorKind::Network);
    assert_eq!((error.status_code(), error.fault()), (599, Fault::Network));
    assert!(error.is_retryable());
    assert!(!error.hint().is_empty());
}

#[tokio::test]
async fn a_server_that_accepts_and_says_nothing_costs_no_more_than_the_handshakes_deadline() {
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/websocket", silent.local_addr().unwrap());
    let mut timeouts = Timeouts::default();
    timeouts.handshake = Duration::from_millis(50);
    let server = ScriptedServer::start().await;
    let app = server.app_builder().xmpp_address(&url).timeouts(timeouts).build().await.unwrap();
    let error = failure(&app, &ScriptedServer::credentials()).await;
    assert_eq!(*error.kind(), ErrorKind::Network);
}

#[tokio::test]
async fn the_configuration_of_the_registration_serves_the_first_connection_only() {
    let env = TestEnv::start().await;
    let credentials = env.register("alice").await;
    let journal = env.server.journal();
    env.app.connect(&credentials).await.unwrap();
    assert!(journal.requests_to("/users/config").is_empty());
    env.app.connect(&credentials).await.unwrap();
    assert_eq!(journal.requests_to("/users/config").len(), 1);
}

#[tokio::test]
async fn a_subscription_made_before_connecting_sees_the_first_connection() {
    let env = TestEnv::start().await;
    let credentials = env.register("alice").await;
    let request = env.app.connect(&credentials);
    let mut events = request.events();
    let session = request.await.unwrap();
    let first = within("an event", events.next()).await.unwrap();
    assert_eq!(first, Event::Connected { jid: session.jid(), resumed: false });
}

#[tokio::test]
async fn dropping_the_future_gives_the_connection_up() {
    let server = ScriptedServer::start().await;
    let app = server.app().await;
    let credentials = ScriptedServer::credentials();
    let peer = {
        let connecting = async { app.connect(&credentials).await };
        let script = async {
            let mut peer = server.accept().await;
            assert!(peer.receive().await.starts_with("<open "));
            peer
        };
        tokio::select! {
            outcome = connecting => panic!("nobody answered, yet {outcome:?}"),
            peer = script => peer,
        }
    };
    let mut peer = peer;
    peer.receive_rest().await;
}

#[tokio::test]
async fn without_plain_the_password_is_not_sent() {
    let server = ScriptedServer::start().await;
    let app = server.app().await;
    let credentials = ScriptedServer::credentials();
    let script = async {
        let mut peer = server.accept().await;
        peer.offer("EXTERNAL").await;
        peer.receive_rest().await
    };
    let (error, rest) =
        within("the refusal", async { tokio::join!(failure(&app, &credentials), script) }).await;
    let ErrorKind::Ended(EndReason::MechanismUnavailable { offered }) = error.kind() else {
        panic!("{error:?}");
    };
    assert_eq!(*offered, ["EXTERNAL"]);
    assert!(rest.iter().all(|frame| !frame.contains("auth")), "{rest:?}");
}

#[tokio::test]
async fn clear_text_to_another_machine_is_not_dialled() {
    let server = ScriptedServer::start().await;
    // An address for documentation: nothing answers there.
    let builder = server.app_builder().xmpp_address("ws://192.0.2.1/websocket");
    let outcome = match builder.build().await {
        Ok(app) => app.connect(&ScriptedServer::credentials()).await.map(drop),
        Err(error) => Err(error),
    };
    let error = outcome.unwrap_err();
    let shown = format!("{error:?}");
    assert!(shown.contains("cleartext"), "{shown}");
}

#[tokio::test]
async fn a_configured_host_is_dialled_without_tls_only_if_the_quirk_says_so() {
    let env = TestEnv::start().await;
    let mut quirks = Quirks::default();
    quirks.websocket_tls = false;
    let builder = App::builder(env.server.licence_key());
    let app =
        builder.api_base_url(&env.server.api_base_url()).quirks(quirks).build().await.unwrap();
    let account = app.register(&UserIdentifier::new("alice").unwrap()).await.unwrap();
    let session = within("connection", async { app.connect(&account.credentials).await }).await;
    assert_eq!(session.unwrap().state(), ConnectionState::Connected);
}

#[tokio::test]
async fn two_sessions_of_one_user_have_addresses_of_their_own() {
    let env = TestEnv::start().await;
    let credentials = env.register("alice").await;
    let one = env.app.connect(&credentials).resource_prefix("Bot-").await.unwrap();
    let two = env.app.connect(&credentials).await.unwrap();
    assert!(one.jid().resource().unwrap().starts_with("Bot-"));
    assert_ne!(one.jid(), two.jid());
    assert_eq!(env.server.user("alice").sessions().len(), 2);
}

#[tokio::test]
async fn a_resource_prefix_that_cannot_be_part_of_an_address_is_refused() {
    let env = TestEnv::start().await;
    let credentials = env.register("alice").await;
    env.server.journal().clear();
    let outcome = env.app.connect(&credentials).resource_prefix("a\u{7}").await;
    let (name, _) = mfly_tests::argument(outcome);
    assert_eq!(name, "resource_prefix");
    assert!(env.server.journal().entries().is_empty());
}

#[tokio::test]
async fn a_resource_conflict_at_binding_ends_the_attempt() {
    let server = ScriptedServer::start().await;
    let app = server.app().await;
    let credentials = ScriptedServer::credentials();
    let script = async {
        let mut peer = server.accept().await;
        peer.offer("PLAIN").await;
        peer.accept_authentication().await;
        peer.open(r#"<bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/>"#).await;
        let id = peer.receive_request("xmpp-bind").await;
        peer.send(format!(
            r#"<iq type="error" id="{id}" xmlns="jabber:client"><error type="cancel"><conflict xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>"#
        ))
        .await;
        peer.receive_rest().await
    };
    let (error, _) =
        within("the refusal", async { tokio::join!(failure(&app, &credentials), script) }).await;
    assert!(matches!(error.kind(), ErrorKind::Ended(EndReason::Replaced)), "{error:?}");
}

#[tokio::test]
async fn a_session_iq_is_sent_only_to_a_server_that_wants_it() {
    let server = ScriptedServer::start().await;
    let app = server.app().await;
    let credentials = ScriptedServer::credentials();
    let script = async {
        let mut peer = server.accept().await;
        peer.offer("PLAIN").await;
        peer.accept_authentication().await;
        peer.open(r#"<bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/>"#).await;
        let id = peer.receive_request("xmpp-bind").await;
        peer.send(format!(
            r#"<iq type="result" id="{id}" xmlns="jabber:client"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><jid>u1@xmpp.example.test/given</jid></bind></iq>"#
        ))
        .await;
        let next = peer.receive().await;
        (peer, next)
    };
    let (session, (_peer, next)) =
        within("connection", async { tokio::join!(attempt(&app, &credentials), script) }).await;
    assert!(next.starts_with("<presence "), "{next}");
    assert_eq!(session.unwrap().jid().as_str(), "u1@xmpp.example.test/given");
}

#[tokio::test]
async fn an_address_that_the_server_points_to_is_not_followed() {
    let server = ScriptedServer::start().await;
    let app = server.app().await;
    let credentials = ScriptedServer::credentials();
    let script = async {
        let mut peer = server.accept().await;
        peer.receive().await;
        peer.send(r#"<close xmlns="urn:ietf:params:xml:ns:xmpp-framing" see-other-uri="wss://evil.test/websocket"/>"#).await;
        peer.receive_rest().await
    };
    let (error, _) =
        within("the end", async { tokio::join!(failure(&app, &credentials), script) }).await;
    let ErrorKind::Ended(EndReason::Moved { to }) = error.kind() else { panic!("{error:?}") };
    assert_eq!(to, "wss://evil.test/websocket");
}

#[tokio::test]
async fn an_unreadable_configuration_is_the_servers_fault() {
    let server = ScriptedServer::start().await;
    server
        .backend
        .prepare("/users/config", mfly_tests::stub::success(serde_json::json!("garbage")));
    let error = kind(attempt(&server.app().await, &ScriptedServer::credentials()).await);
    assert_eq!(error, ErrorKind::UnexpectedAnswer);
}
