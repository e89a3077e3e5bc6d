//! Approvals of a signalling server that is scripted, altered and replayed ones included.

use super::{wait_for_code, wait_for_interruption};
use bytes::Bytes;
use mfly_api::http::{HttpBackend, ResponseLimits};
use mfly_client::{
    App, ErrorKind, LicenceKey, Password, QrLogin, QrLoginEvent, QrLoginOptions, UserId,
};
use mfly_proto::cipher::RequestCipher;
use mfly_proto::qr_login::QrResponse;
use mfly_proto::signalling::engine_io::{Packet, encode_payload};
use mfly_tests::{kind, within};
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const LICENCE_KEY: &str = "TestLicenceKey0123456789abcdef";

/// A signalling server that sends the messages of a script, over long-polling.
struct Scripted {
    /// The messages of each connection to come.
    script: Mutex<VecDeque<VecDeque<String>>>,
    payloads: Mutex<VecDeque<String>>,
    posted: Mutex<Vec<String>>,
    handshakes: Mutex<u32>,
}

const GREETING: &str = r#"{"sid":"s","upgrades":[],"pingInterval":25000,"pingTimeout":5000}"#;

impl Scripted {
    /// One list of messages for each connection.
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
        let app = App::builder(LicenceKey::new(LICENCE_KEY).unwrap())
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

/// The sealed approval with this password, under a licence.
fn approval(key: &str, password: &str) -> Value {
    let response = QrResponse {
        username: UserId::new("alice").unwrap(),
        password: Password::new(password).unwrap(),
        socket_id: "phone".to_owned(),
    };
    response.seal(&RequestCipher::new(&LicenceKey::new(key).unwrap()))
}

#[tokio::test]
async fn an_altered_or_foreign_approval_is_refused_and_sent_nowhere() {
    let altered = {
        let mut approval = approval(LICENCE_KEY, "hunter2");
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
        wait_for_code(&mut login).await;
        wait_for_code(&mut login).await;
        let error = within("the error", login.next()).await.unwrap();
        let shown = format!("{error:?}");
        assert_eq!(kind(error), ErrorKind::UnexpectedAnswer, "{bad}");
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(server.posted.lock().unwrap().is_empty(), "{bad}");
    }
}

#[tokio::test]
async fn a_replayed_approval_is_refused() {
    // The log-in has no server, so the first use fails. The second use is not even tried.
    let approval = approval(LICENCE_KEY, "hunter2");
    let server = Scripted::new(&[&[
        event("id", &json!("code-1")),
        event("response", &approval),
        event("id", &json!("code-2")),
        event("response", &approval),
    ]]);
    let mut login = server.login().await;
    wait_for_code(&mut login).await;
    let failed = within("the failure", login.next()).await;
    assert!(matches!(failed, Some(Ok(QrLoginEvent::Failed(_)))));
    wait_for_code(&mut login).await;
    let error = within("the error", login.next()).await.unwrap();
    assert_eq!(kind(error), ErrorKind::UnexpectedAnswer);
    let posted = server.posted.lock().unwrap().clone();
    let statuses = posted.iter().filter(|text| text.contains("loginStatus"));
    assert_eq!(statuses.count(), 1);
    let logins = posted.iter().filter(|text| text.contains("\"username\""));
    assert_eq!(logins.count(), 1, "{posted:?}");
}

#[tokio::test]
async fn an_approval_before_any_code_is_ignored() {
    let approval = approval(LICENCE_KEY, "hunter2");
    let server = Scripted::new(&[&[event("response", &approval), event("id", &json!("code-1"))]]);
    let mut login = server.login().await;
    wait_for_code(&mut login).await;
    assert!(server.posted.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_server_that_sends_garbage_is_an_error_after_the_allowed_attempts() {
    for garbage in ["2[", "9", "5", "2[\"id\",5]", "2[\"id\",\"a,b\"]"] {
        let server = Scripted::new(&[&[garbage.to_owned()], &[garbage.to_owned()]]);
        let mut login = server.login().await;
        wait_for_interruption(&mut login).await;
        let error = within("the error", login.next()).await.unwrap();
        assert_eq!(kind(error), ErrorKind::UnexpectedAnswer, "{garbage}");
        assert_eq!(*server.handshakes.lock().unwrap(), 2);
    }
}

#[tokio::test(start_paused = true)]
async fn a_missing_pong_interrupts_the_login_and_debug_output_hides_the_code() {
    let server = Scripted::new(&[&[event("id", &json!("code-1"))]]);
    let mut login = server.login().await;
    let Some(Ok(event @ QrLoginEvent::Code(_))) = login.next().await else { panic!("no code") };
    let QrLoginEvent::Code(text) = &event else { unreachable!("it is a code") };
    assert!(!format!("{event:?}").contains(text.as_str()));
    let before = tokio::time::Instant::now();
    let interrupted = login.next().await;
    assert!(matches!(interrupted, Some(Ok(QrLoginEvent::Interrupted { .. }))));
    assert_eq!(before.elapsed().as_secs(), 30);
    assert_eq!(*server.posted.lock().unwrap(), ["1:2"]);
}
