//! REST answers without a network.

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use mfly_api::http::{HttpBackend, HttpError, ResponseLimits};
use mfly_proto::cipher::ConfigCipher;
use serde_json::{Value, json};
use std::sync::Mutex;

/// A request that the app sent.
#[derive(Clone, Debug, PartialEq)]
pub struct Sent {
    /// `GET`, `POST`, …
    pub method: String,
    /// The path after the base URL.
    pub path: String,
    /// The query, without `?`.
    pub query: String,
    /// The value of `authorization`.
    pub token: Option<String>,
    /// The body, when it is JSON.
    pub body: Value,
}

/// Answers every request at once: log-in, configuration and log-out as the platform does, all
/// others with success and the prepared body.
#[derive(Debug, Default)]
pub struct StubBackend {
    sent: Mutex<Vec<Sent>>,
    prepared: Mutex<Vec<(String, Value)>>,
}

/// The domain of every address.
pub const HOST: &str = "xmpp.example.test";
/// The licence that the recorded session used.
pub const LICENCE_KEY: &str = "LICENSEKEY0123456789abcdefghijkl";
/// The token of each log-in.
pub const TOKEN: &str = "tok.eyJleHAiOjk5OTk5OTk5OTl9.sig";
/// The user's password.
pub const PASSWORD: &str = "pw1234";
/// IV of profile fields.
pub const PROFILE_IV: &str = "abcdef0123456789";
/// IV of messages and media.
pub const MEDIA_IV: &str = "iviviviviviviviv";

const PREFIX: &str = "/api/v1";

impl StubBackend {
    /// Answers the next request to `path` with this body.
    pub fn prepare(&self, path: &str, body: Value) {
        self.prepared.lock().unwrap().push((path.to_owned(), body));
    }

    /// The requests sent so far.
    #[must_use]
    pub fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }

    fn answer(&self, path: &str) -> Value {
        let mut prepared = self.prepared.lock().unwrap();
        if let Some(index) = prepared.iter().position(|(wanted, _)| wanted == path) {
            return prepared.remove(index).1;
        }
        match path {
            "/login" => success(json!({"token": TOKEN})),
            "/users/config" => success(json!(ConfigCipher::new("u1").seal(&config().to_string()))),
            _ => json!({"status": 200, "message": "ok"}),
        }
    }
}

/// An envelope with this content.
#[must_use]
#[expect(clippy::needless_pass_by_value, reason = "callers pass temporary values")]
pub fn success(data: Value) -> Value {
    json!({"status": 200, "message": "ok", "data": data})
}

/// The configuration of the recorded session.
#[must_use]
pub fn config() -> Value {
    json!({
        "xmppHost": HOST,
        "xmppPortWeb": 5443,
        "signalServer": "",
        "callRoutingServer": "",
        "iv": MEDIA_IV,
        "ivProfile": PROFILE_IV,
        "callReconnectionTimeOut": 30,
    })
}

#[async_trait]
impl HttpBackend for StubBackend {
    async fn send(
        &self,
        request: Request<Bytes>,
        _: ResponseLimits,
    ) -> Result<Response<Bytes>, HttpError> {
        let path = request.uri().path();
        let path = path.strip_prefix(PREFIX).unwrap_or(path).to_owned();
        let sent = Sent {
            method: request.method().to_string(),
            query: request.uri().query().unwrap_or_default().to_owned(),
            token: request
                .headers()
                .get("authorization")
                .and_then(|value| Some(value.to_str().ok()?.to_owned())),
            body: serde_json::from_slice(request.body()).unwrap_or_default(),
            path: path.clone(),
        };
        self.sent.lock().unwrap().push(sent);
        Ok(Response::new(Bytes::from(self.answer(&path).to_string())))
    }
}
