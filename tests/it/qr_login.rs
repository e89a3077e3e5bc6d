//! Logging in by a code: who shows it, who approves it, and what an outsider cannot do.

use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use mfly_api::http::{HttpBackend, ResponseLimits};
use mfly_api::hyper::{HyperBackend, Timeouts};
use mfly_client::{
    App, ConnectionState, Credentials, EndReason, ErrorKind, Event, LicenceKey, QrLogin,
    QrLoginEvent, QrLoginOptions, QrSession, Tls,
};
use mfly_proto::cipher::RequestCipher;
use mfly_proto::qr_login::{LoginStatus, QrCode, QrResponse};
use mfly_proto::signalling::engine_io::{Packet, decode_payload, encode_payload};
use mfly_tests::{TestEnv, argument, expect_event, kind, within};
use mfly_testserver::TestServer;
use mfly_transport::{Options, SubProtocol, connect_with};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

fn options(env: &TestEnv) -> QrLoginOptions {
    QrLoginOptions::new(&env.server.signalling_url()).delay(Duration::from_millis(10))
}

async fn code(login: &mut QrLogin) -> String {
    loop {
        match within("a code", login.next()).await.unwrap().unwrap() {
            QrLoginEvent::Code(text) => return text.as_str().to_owned(),
            QrLoginEvent::Interrupted { .. } => {}
            other => panic!("{other:?}"),
        }
    }
}

async fn connected(login: &mut QrLogin) -> QrSession {
    match within("a session", login.next()).await.unwrap().unwrap() {
        QrLoginEvent::Connected(web) => web,
        other => panic!("{other:?}"),
    }
}

/// Logs alice in by code, with her phone's credentials.
async fn log_in(env: &TestEnv, options: QrLoginOptions) -> (QrSession, Credentials) {
    let phone = env.register("alice").await;
    let mut login = env.app.qr_login(options).unwrap();
    let code = code(&mut login).await;
    let url = env.server.signalling_url();
    let (approved, web) =
        tokio::join!(env.app.approve_qr(&url, &code, &phone), connected(&mut login));
    assert_eq!(approved.unwrap().socket_id, web.socket_id);
    assert!(login.next().await.is_none());
    (web, phone)
}

#[tokio::test]
async fn an_approved_code_connects_with_a_password_of_its_own() {
    let env = TestEnv::start().await;
    let (web, phone) = log_in(&env, options(&env).browser("Test 1")).await;
    assert_eq!(web.session.state(), ConnectionState::Connected);
    assert_eq!(web.session.user().as_str(), "alice");
    assert_eq!(web.session.qr_socket_id(), Some(web.socket_id.as_str()));
    assert_ne!(web.credentials.password, phone.password);
    env.app.connect(&phone).await.unwrap();
    web.session.own_profile().await.unwrap();
}

#[tokio::test]
async fn long_polling_serves_where_websocket_does_not() {
    let env = TestEnv::start().await;
    let (web, _) = log_in(&env, options(&env).polling_only(true)).await;
    assert_eq!(web.session.state(), ConnectionState::Connected);
}

#[tokio::test]
async fn the_phone_sees_who_asks() {
    let env = TestEnv::start().await;
    let phone = env.register("alice").await;
    let shown = options(&env).browser("Kiosk 7").platform("lobby");
    let mut login = env.app.qr_login(shown).unwrap();
    let code = code(&mut login).await;
    let url = env.server.signalling_url();
    let (approved, _) =
        tokio::join!(env.app.approve_qr(&url, &code, &phone), connected(&mut login));
    let approved = approved.unwrap();
    assert_eq!((approved.browser.as_str(), approved.platform.as_str()), ("Kiosk 7", "lobby"));
}

#[tokio::test]
async fn a_code_cannot_be_used_twice() {
    let env = TestEnv::start().await;
    let phone = env.register("alice").await;
    let url = env.server.signalling_url();
    let mut login = env.app.qr_login(options(&env)).unwrap();
    let code = code(&mut login).await;
    let (first, _web) =
        tokio::join!(env.app.approve_qr(&url, &code, &phone), connected(&mut login));
    first.unwrap();
    let again = env.app.approve_qr(&url, &code, &phone).await;
    assert!(matches!(kind(again), ErrorKind::Refused { status: 410, .. }));
}

#[tokio::test]
async fn an_expired_code_is_replaced_and_useless() {
    let lifetime = Duration::from_millis(100);
    let env = TestEnv::with(TestServer::builder().qr_code_lifetime(lifetime)).await;
    let phone = env.register("alice").await;
    let url = env.server.signalling_url();
    let mut login = env.app.qr_login(options(&env)).unwrap();
    let old = code(&mut login).await;
    let fresh = code(&mut login).await;
    assert_ne!(old, fresh);
    let late = env.app.approve_qr(&url, &old, &phone).await;
    assert!(matches!(kind(late), ErrorKind::Refused { status: 410, .. }));
}

#[tokio::test]
async fn a_code_dies_with_the_login_that_shows_it() {
    let env = TestEnv::start().await;
    let phone = env.register("alice").await;
    let url = env.server.signalling_url();
    let mut login = env.app.qr_login(options(&env)).unwrap();
    let code = code(&mut login).await;
    drop(login);
    // The server learns of it when the socket closes: until then the approval may begin, but never
    // succeeds.
    let late = within("a refusal", env.app.approve_qr(&url, &code, &phone)).await;
    assert!(matches!(kind(late), ErrorKind::Refused { status: 410 | 500, .. }));
}

#[tokio::test]
async fn a_phone_with_another_licence_reads_nothing() {
    let env = TestEnv::start().await;
    let phone = env.register("alice").await;
    let url = env.server.signalling_url();
    let other = App::builder(LicenceKey::new("another").unwrap())
        .api_base_url(&env.server.api_base_url())
        .build()
        .await
        .unwrap();
    let mut login = env.app.qr_login(options(&env)).unwrap();
    let text = code(&mut login).await;
    env.server.journal().clear();
    let refused = other.approve_qr(&url, &text, &phone).await;
    assert_eq!(argument(refused).0, "codeText");
    assert!(env.server.journal().requests().is_empty());
    // And the other way round: what such an app shows, nobody can approve.
    let mut login = other.qr_login(options(&env)).unwrap();
    let text = code(&mut login).await;
    assert_eq!(argument(env.app.approve_qr(&url, &text, &phone).await).0, "codeText");
}

#[tokio::test]
async fn only_a_logged_in_user_can_approve() {
    let env = TestEnv::start().await;
    let phone = env.register("alice").await;
    let url = env.server.signalling_url();
    let mut login = env.app.qr_login(options(&env)).unwrap();
    let text = code(&mut login).await;
    let password = mfly_client::Password::new("wrong").unwrap();
    let stranger = Credentials::new(phone.user.clone(), password);
    let refused = env.app.approve_qr(&url, &text, &stranger).await;
    assert!(matches!(kind(refused), ErrorKind::InvalidCredentials { .. }));

    let cipher = RequestCipher::new(&env.server.licence_key());
    let token = QrCode::open(&cipher, &text).unwrap().token;
    let mut client = Client::open(&url).await;
    let approve = json!(["approve", {"token": token, "authorization": "made-up"}]);
    client.post(&format!("420{approve}")).await;
    let answer = client.message(|text| text.starts_with("430")).await;
    assert!(answer.contains("401"), "{answer}");
    // The code was not used up by that.
    let (approved, _) =
        tokio::join!(env.app.approve_qr(&url, &text, &phone), connected(&mut login));
    approved.unwrap();
}

#[tokio::test]
async fn at_the_session_limit_the_phone_is_told_and_another_code_comes() {
    let env = TestEnv::with(TestServer::builder().session_limit(1)).await;
    let phone = env.register("alice").await;
    let url = env.server.signalling_url();
    let mut login = env.app.qr_login(options(&env)).unwrap();
    let first = code(&mut login).await;
    let refused = env.app.approve_qr(&url, &first, &phone).await;
    assert_eq!(kind(refused), ErrorKind::SessionLimit);
    assert_ne!(code(&mut login).await, first);
}

#[tokio::test]
async fn a_login_that_fails_is_told_to_both_and_another_code_comes() {
    let env = TestEnv::start().await;
    let phone = env.register("alice").await;
    let url = env.server.signalling_url();
    // Another app than the phone's: it does not know the configuration yet.
    let web = TestEnv::app_of(&env.server).build().await.unwrap();
    let mut login = web.qr_login(options(&env)).unwrap();
    let first = code(&mut login).await;
    env.server.fault().request("/users/config").refuse(500, "not now");
    let (approved, failed) =
        tokio::join!(env.app.approve_qr(&url, &first, &phone), within("the failure", login.next()));
    assert!(matches!(kind(approved), ErrorKind::Refused { status: 500, .. }));
    assert!(matches!(failed, Some(Ok(QrLoginEvent::Failed(_)))));
    let second = code(&mut login).await;
    let (approved, _) =
        tokio::join!(env.app.approve_qr(&url, &second, &phone), connected(&mut login));
    approved.unwrap();
}

#[tokio::test]
async fn a_lost_signalling_connection_comes_back_with_another_code() {
    let env = TestEnv::start().await;
    let phone = env.register("alice").await;
    let url = env.server.signalling_url();
    let mut login = env.app.qr_login(options(&env)).unwrap();
    let lost = code(&mut login).await;
    assert_eq!(env.server.fault().cut_signalling(), 1);
    let interrupted = within("the interruption", login.next()).await;
    assert!(matches!(interrupted, Some(Ok(QrLoginEvent::Interrupted { .. }))));
    let fresh = code(&mut login).await;
    let late = env.app.approve_qr(&url, &lost, &phone).await;
    assert!(matches!(kind(late), ErrorKind::Refused { status: 410, .. }));
    let (approved, _) =
        tokio::join!(env.app.approve_qr(&url, &fresh, &phone), connected(&mut login));
    approved.unwrap();
}

#[tokio::test]
async fn a_server_that_stays_away_is_an_error_after_the_attempts_that_are_allowed() {
    let env = TestEnv::start().await;
    let options =
        QrLoginOptions::new("http://127.0.0.1:9").attempts(2).delay(Duration::from_millis(1));
    let mut login = env.app.qr_login(options).unwrap();
    let first = within("the interruption", login.next()).await;
    assert!(matches!(first, Some(Ok(QrLoginEvent::Interrupted { .. }))));
    let error = within("the error", login.next()).await.unwrap();
    assert_eq!(kind(error), ErrorKind::Network);
    assert!(login.next().await.is_none());
}

#[tokio::test]
async fn the_phone_ends_the_session_from_afar() {
    let env = TestEnv::start().await;
    let (web, phone) = log_in(&env, options(&env)).await;
    let phone = env.app.connect(&phone).await.unwrap();
    let error = phone.end_qr_session("a,b").await;
    assert_eq!(argument(error).0, "socketId");
    phone.end_qr_session("somebody-elses").await.unwrap();
    assert_eq!(web.session.state(), ConnectionState::Connected);
    phone.end_qr_session(&web.socket_id).await.unwrap();
    let reason = within("the end", web.session.ended()).await;
    assert_eq!(reason, EndReason::LoggedOutRemotely);
    assert_eq!(phone.state(), ConnectionState::Connected);
    // Its password is void.
    let again = env.app.connect(&web.credentials).await;
    assert!(matches!(kind(again), ErrorKind::InvalidCredentials { .. }));
}

#[tokio::test]
async fn a_session_restored_in_a_later_run_is_ended_by_the_notice_over_xmpp() {
    let env = TestEnv::start().await;
    let (web, phone) = log_in(&env, options(&env)).await;
    web.session.close().await;
    let restored = env.app.connect(&web.credentials).qr_socket_id(&web.socket_id).await.unwrap();
    let mut events = restored.events();
    let phone = env.app.connect(&phone).await.unwrap();
    phone.end_qr_session(&web.socket_id).await.unwrap();
    expect_event(&mut events, "the notice", |event| {
        matches!(event, Event::ForcedLogout { .. }).then_some(())
    })
    .await;
    let reason = within("the end", restored.ended()).await;
    assert_eq!(reason, EndReason::LoggedOutRemotely);
}

#[tokio::test]
async fn somebody_elses_session_cannot_be_ended() {
    let env = TestEnv::start().await;
    let (web, _) = log_in(&env, options(&env)).await;
    let bob = env.connect("bob").await;
    bob.end_qr_session(&web.socket_id).await.unwrap();
    web.session.settings().await.unwrap();
    assert_eq!(web.session.state(), ConnectionState::Connected);
}

#[tokio::test]
async fn logging_out_tells_the_phone_and_leaves_it_logged_in() {
    let env = TestEnv::start().await;
    let (web, phone) = log_in(&env, options(&env)).await;
    let phone = env.app.connect(&phone).await.unwrap();
    let mut events = phone.events();
    assert!(web.session.logout().await.unwrap().server_told);
    let ids = expect_event(&mut events, "the notice", |event| match event {
        Event::ForcedLogout { socket_ids, .. } => Some(socket_ids.clone()),
        _ => None,
    })
    .await;
    assert_eq!(ids, [web.socket_id]);
    phone.settings().await.unwrap();
}

#[tokio::test]
async fn addresses_that_cannot_be_used_are_refused_by_name() {
    let env = TestEnv::start().await;
    for url in ["", "ftp://x", "http://127.0.0.1:1/chat", "http://signalling.example.test"] {
        let refused = env.app.qr_login(QrLoginOptions::new(url));
        assert_eq!(argument(refused).0, "socketUrl", "{url}");
    }
    let long = options(&env).platform(&"x".repeat(2000));
    assert_eq!(argument(env.app.qr_login(long)).0, "platform");
}

/// A client as the official one begins: long-polling by hand.
struct Client {
    backend: HyperBackend,
    origin: String,
    url: String,
    sid: String,
    greeting: Vec<Packet>,
}

impl Client {
    async fn open(origin: &str) -> Self {
        let backend = HyperBackend::new(&Tls::default(), Timeouts::default());
        let url = format!("{origin}/socket.io/?EIO=3&transport=polling&t=Nabc");
        let mut client = Self {
            backend,
            origin: origin.to_owned(),
            url,
            sid: String::new(),
            greeting: Vec::new(),
        };
        let (status, body, _) = client.send("GET", Bytes::new()).await;
        assert_eq!(status, 200);
        client.greeting = decode_payload(&body).unwrap();
        let Packet::Open(handshake) = &client.greeting[0] else { panic!("no greeting: {body}") };
        assert_eq!(handshake.upgrades, ["websocket"]);
        client.sid.clone_from(&handshake.sid);
        client.url = format!("{}&sid={}", client.url, client.sid);
        client
    }

    async fn send(&self, method: &str, body: Bytes) -> (u16, String, http::HeaderMap) {
        let request = http::Request::builder()
            .method(method)
            .uri(&self.url)
            .header("origin", "https://app.example.test")
            .body(body)
            .unwrap();
        let sending = self.backend.send(request, ResponseLimits::JSON);
        let response = within("an answer", sending).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = String::from_utf8(body.to_vec()).unwrap();
        (parts.status.as_u16(), body, parts.headers)
    }

    async fn post(&self, packet: &str) -> (u16, String) {
        let body = format!("{}:{packet}", packet.encode_utf16().count());
        let (status, body, _) = self.send("POST", body.into()).await;
        (status, body)
    }

    async fn poll(&self) -> Vec<Packet> {
        let (status, body, _) = self.send("GET", Bytes::new()).await;
        assert_eq!(status, 200, "{body}");
        decode_payload(&body).unwrap()
    }

    /// The first packet that is wanted, as text.
    async fn message(&mut self, is_wanted: impl Fn(&str) -> bool) -> String {
        loop {
            let packets = self.poll().await;
            if let Some(found) = packets.iter().map(Packet::encode).find(|p| is_wanted(p)) {
                return found;
            }
        }
    }
}

#[tokio::test]
async fn the_server_speaks_polling_as_the_official_client_begins() {
    let env = TestEnv::start().await;
    let client = Client::open(&env.server.signalling_url()).await;
    assert_eq!(client.greeting[1].encode(), "40");
    assert!(client.greeting[2].encode().starts_with("42[\"id\",\""));
    let (status, body) = client.post("2").await;
    assert_eq!((status, body.as_str()), (200, "ok"));
    assert_eq!(client.poll().await, [Packet::Pong(String::new())]);
    let (_, _, headers) = client.send("POST", encode_payload([&Packet::Noop]).into()).await;
    assert_eq!(headers["access-control-allow-origin"], "https://app.example.test");
    assert_eq!(headers["access-control-allow-credentials"], "true");
}

#[tokio::test]
async fn malformed_requests_are_refused_and_the_server_goes_on() {
    let env = TestEnv::start().await;
    let url = env.server.signalling_url();
    for (query, code) in [
        ("EIO=3&transport=carrier-pigeon", 0),
        ("EIO=3&transport=polling&sid=unknown", 1),
        ("EIO=3&transport=polling&j=0", 0),
        ("EIO=4&transport=polling", 3),
    ] {
        let mut client = Client::open(&url).await;
        client.url = format!("{}/socket.io/?{query}", client.origin);
        let (status, body, _) = client.send("GET", Bytes::new()).await;
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((status, body["code"].as_u64()), (400, Some(code)), "{query}");
    }
    for garbage in ["", "x", "5:4", "1:9", "3:42[", "9999999:4", "2:b4", "4:42{}"] {
        let client = Client::open(&url).await;
        let (status, _, _) = client.send("POST", garbage.as_bytes().to_vec().into()).await;
        let is_gone = client.send("GET", Bytes::new()).await.0 == 400;
        assert!(is_gone, "{garbage}: {status}");
    }
    let (web, _) = log_in(&env, options(&env)).await;
    assert_eq!(web.session.state(), ConnectionState::Connected);
}

#[tokio::test]
async fn a_status_that_nobody_asked_for_changes_nothing() {
    let env = TestEnv::start().await;
    let (web, _) = log_in(&env, options(&env)).await;
    let client = Client::open(&env.server.signalling_url()).await;
    let status = LoginStatus { success: false, public_key: web.socket_id.clone() };
    let event = json!(["loginStatus", status.encode()]);
    assert_eq!(client.post(&format!("42{event}")).await.0, 200);
    web.session.settings().await.unwrap();
    web.session.own_profile().await.unwrap();
}

#[tokio::test]
async fn debug_output_hides_the_code_and_the_password() {
    let env = TestEnv::start().await;
    let phone = env.register("alice").await;
    let url = env.server.signalling_url();
    let mut login = env.app.qr_login(options(&env)).unwrap();
    let event = within("a code", login.next()).await.unwrap().unwrap();
    let QrLoginEvent::Code(text) = &event else { panic!("{event:?}") };
    assert!(!format!("{event:?}").contains(text.as_str()));
    let (approved, web) =
        tokio::join!(env.app.approve_qr(&url, text.as_str(), &phone), connected(&mut login));
    approved.unwrap();
    assert!(!format!("{web:?}").contains(web.credentials.password.expose()));
}

#[tokio::test]
async fn a_client_moves_from_polling_to_websocket_as_the_official_one_does() {
    let env = TestEnv::start().await;
    let client = Client::open(&env.server.signalling_url()).await;
    let url = client.origin.replace("http://", "ws://");
    let address = format!("{url}/socket.io/?EIO=3&transport=websocket&sid={}", client.sid);
    let (address, options) = (address.parse().unwrap(), Options::default());
    let connecting = connect_with(&address, &options, SubProtocol::Unnamed);
    let mut socket = within("the WebSocket", connecting).await.unwrap();
    let poll = client.poll();
    let probe = async {
        socket.send("2probe".into()).await.unwrap();
        let answer = socket.next().await.unwrap().unwrap();
        assert_eq!(answer.as_str(), "3probe");
    };
    let (packets, ()) = within("probe and poll", async { tokio::join!(poll, probe) }).await;
    // The open poll ends, so that the client can give polling up.
    assert_eq!(packets, [Packet::Noop]);
    socket.send("5".into()).await.unwrap();
    socket.send("2".into()).await.unwrap();
    let pong = within("the pong", socket.next()).await.unwrap().unwrap();
    assert_eq!(pong.as_str(), "3");
    assert_eq!(client.send("GET", Bytes::new()).await.0, 400);
    drop(socket);
}

/// A signalling server that says what it is told, over long-polling.
struct Scripted {
    /// What the connections to come are told.
    script: Mutex<VecDeque<VecDeque<String>>>,
    payloads: Mutex<VecDeque<String>>,
    posted: Mutex<Vec<String>>,
    handshakes: Mutex<u32>,
}

const GREETING: &str = r#"{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":5000}"#;

impl Scripted {
    /// One list of messages for each connection; after them nothing.
    fn new(script: &[&[String]]) -> Arc<Self> {
        let payload = |text: &String| encode_payload([&Packet::Message(text.clone())]);
        let script = script.iter().map(|messages| messages.iter().map(payload).collect());
        Arc::new(Self {
            script: Mutex::new(script.collect()),
            payloads: Mutex::default(),
            posted: Mutex::default(),
            handshakes: Mutex::default(),
        })
    }

    async fn login(self: &Arc<Self>) -> QrLogin {
        let app = App::builder(LicenceKey::new("TestLicenceKey0123456789abcdef").unwrap())
            .api_base_url("http://127.0.0.1:9/api/v1")
            .http_backend(Arc::<Self>::clone(self))
            .build()
            .await
            .unwrap();
        let options = QrLoginOptions::new("http://127.0.0.1:9")
            .polling_only(true)
            .attempts(2)
            .delay(Duration::from_millis(1));
        app.qr_login(options).unwrap()
    }
}

#[async_trait::async_trait]
impl HttpBackend for Scripted {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        _: ResponseLimits,
    ) -> Result<http::Response<Bytes>, mfly_api::http::HttpError> {
        let is_post = request.method() == http::Method::POST;
        let is_handshake = !request.uri().query().unwrap_or_default().contains("sid=");
        let body = if is_post {
            let text = String::from_utf8(request.into_body().to_vec()).unwrap();
            self.posted.lock().unwrap().push(text);
            "ok".to_owned()
        } else if is_handshake {
            *self.handshakes.lock().unwrap() += 1;
            *self.payloads.lock().unwrap() =
                self.script.lock().unwrap().pop_front().unwrap_or_default();
            let greeting = Packet::decode(&format!("0{GREETING}")).unwrap();
            encode_payload([&greeting])
        } else {
            let next = self.payloads.lock().unwrap().pop_front();
            match next {
                Some(payload) => payload,
                None => std::future::pending().await,
            }
        };
        Ok(http::Response::new(body.into()))
    }
}

fn event(name: &str, argument: &Value) -> String {
    format!("2{}", json!([name, argument]))
}

/// What `QrResponse` makes for this password, under a licence.
fn approval(key: &str, password: &str) -> Value {
    let response = QrResponse {
        username: mfly_client::UserId::new("alice").unwrap(),
        password: mfly_client::Password::new(password).unwrap(),
        socket_id: "phone".to_owned(),
    };
    response.seal(&RequestCipher::new(&LicenceKey::new(key).unwrap()))
}

#[tokio::test]
async fn an_altered_approval_or_one_of_another_licence_is_refused_and_never_sent_anywhere() {
    let altered = {
        let mut approval = approval("TestLicenceKey0123456789abcdef", "hunter2");
        let sealed = approval["id"].as_str().unwrap();
        approval["id"] = json!(format!("A{}", &sealed[1..]));
        approval
    };
    for bad in [
        altered,
        approval("another", "hunter2"),
        json!({"id": r#"{"username":"alice","password":"hunter2","socketId":"phone"}"#}),
        json!({}),
        json!(5),
    ] {
        let server = Scripted::new(&[
            &[event("id", &json!("code-1")), event("response", &bad)],
            &[event("id", &json!("code-2")), event("response", &bad)],
        ]);
        let mut login = server.login().await;
        code(&mut login).await;
        code(&mut login).await;
        let error = within("the error", login.next()).await.unwrap();
        let shown = format!("{error:?}");
        assert_eq!(kind(error), ErrorKind::UnexpectedAnswer, "{bad}");
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(server.posted.lock().unwrap().is_empty(), "{bad}");
    }
}

#[tokio::test]
async fn a_replayed_approval_is_refused() {
    // Nothing answers the log-in, so the first use fails; the same text is not tried again.
    let approval = approval("TestLicenceKey0123456789abcdef", "hunter2");
    let server = Scripted::new(&[&[
        event("id", &json!("code-1")),
        event("response", &approval),
        event("id", &json!("code-2")),
        event("response", &approval),
    ]]);
    let mut login = server.login().await;
    code(&mut login).await;
    let failed = within("the failure", login.next()).await;
    assert!(matches!(failed, Some(Ok(QrLoginEvent::Failed(_)))));
    code(&mut login).await;
    let error = within("the error", login.next()).await.unwrap();
    assert_eq!(kind(error), ErrorKind::UnexpectedAnswer);
    let posted = server.posted.lock().unwrap().clone();
    let statuses = posted.iter().filter(|text| text.contains("loginStatus"));
    assert_eq!(statuses.count(), 1);
    let logins = posted.iter().filter(|text| text.contains("\"username\""));
    assert_eq!(logins.count(), 1, "{posted:?}");
}

#[tokio::test]
async fn an_approval_that_nobody_could_have_given_is_ignored() {
    let approval = approval("TestLicenceKey0123456789abcdef", "hunter2");
    let server = Scripted::new(&[&[event("response", &approval), event("id", &json!("code-1"))]]);
    let mut login = server.login().await;
    code(&mut login).await;
    assert!(server.posted.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_server_that_sends_garbage_is_given_up_after_the_attempts_that_are_allowed() {
    for garbage in ["2[", "9", "5", "2[\"id\",5]", "2[\"id\",\"a,b\"]"] {
        let server = Scripted::new(&[&[garbage.to_owned()], &[garbage.to_owned()]]);
        let mut login = server.login().await;
        let first = within("the interruption", login.next()).await;
        assert!(matches!(first, Some(Ok(QrLoginEvent::Interrupted { .. }))), "{garbage}");
        let error = within("the error", login.next()).await.unwrap();
        assert_eq!(kind(error), ErrorKind::UnexpectedAnswer, "{garbage}");
        assert_eq!(*server.handshakes.lock().unwrap(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_server_is_noticed_by_its_missing_pong() {
    let server = Scripted::new(&[&[event("id", &json!("code-1"))]]);
    let mut login = server.login().await;
    let Some(Ok(QrLoginEvent::Code(_))) = login.next().await else { panic!("no code") };
    let before = tokio::time::Instant::now();
    let interrupted = login.next().await;
    assert!(matches!(interrupted, Some(Ok(QrLoginEvent::Interrupted { .. }))));
    assert_eq!(before.elapsed().as_secs(), 30);
    assert_eq!(*server.posted.lock().unwrap(), ["1:2"]);
}
