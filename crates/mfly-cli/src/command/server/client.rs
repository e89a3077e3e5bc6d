//! Requests to the control API of a server.

use crate::exit::Failure;
use bytes::Bytes;
use http::{Method, Request, Uri, header};
use mfly_api::http::{HttpBackend as _, HttpError, ResponseLimits};
use mfly_api::hyper::{HyperBackend, Timeouts};
use mfly_client::Token;
use mfly_transport::Tls;
use serde_json::{Value, json};
use std::time::Duration;

/// The path of the API.
const PREFIX: &str = "/control/v1";

/// Largest answer, in bytes: a state with media.
const ANSWER_BYTES: usize = 1 << 30;

/// How long the server may take, also to wait for entries of the journal.
const TIMEOUT: Duration = Duration::from_secs(120);

/// The address of a control API: `http://HOST:PORT`.
#[derive(Clone, Debug)]
pub(super) struct ControlUrl(String);

impl ControlUrl {
    /// Reads an address; a path is not allowed.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let problem = || "must be http://HOST:PORT, as `mfly serve` prints it".to_owned();
        let uri: Uri = text.parse().map_err(|_| problem())?;
        let is_bare = uri.path() == "/" && uri.query().is_none();
        if uri.scheme_str() != Some("http") || uri.authority().is_none() || !is_bare {
            return Err(problem());
        }
        Ok(Self(text.trim_end_matches('/').to_owned()))
    }
}

/// A request: method, path below the API's, body.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ControlRequest {
    pub(super) method: Method,
    pub(super) path: String,
    pub(super) body: Option<Value>,
}

impl ControlRequest {
    /// A request without a body.
    pub(super) fn new(method: Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), body: None }
    }

    /// A request with a body.
    pub(super) fn with(method: Method, path: impl Into<String>, body: Value) -> Self {
        Self { method, path: path.into(), body: Some(body) }
    }
}

/// A client of one server's control API.
pub(super) struct ControlClient {
    url: ControlUrl,
    token: Option<Token>,
    backend: HyperBackend,
}

impl ControlClient {
    pub(super) fn new(url: ControlUrl, token: Option<Token>) -> Self {
        let backend = HyperBackend::new(&Tls::default(), Timeouts::default());
        Self { url, token, backend }
    }

    /// Sends a request, and returns the server's answer; `null` if it has no body.
    ///
    /// # Errors
    /// When the server cannot be reached, or refuses the request.
    pub(super) async fn send(&self, request: ControlRequest) -> Result<Value, Failure> {
        let mut head = Request::builder()
            .method(request.method)
            .uri(format!("{}{PREFIX}{}", self.url.0, request.path));
        if request.body.is_some() {
            head = head.header(header::CONTENT_TYPE, "application/json");
        }
        if let Some(token) = &self.token {
            head = head.header(header::AUTHORIZATION, format!("Bearer {}", token.expose()));
        }
        let body = request.body.map_or_else(Bytes::new, |body| body.to_string().into());
        let request = head.body(body).map_err(|error| Failure::Internal(error.to_string()))?;
        let mut limits = ResponseLimits::media(ANSWER_BYTES);
        limits.timeout = Some(TIMEOUT);
        let answer =
            self.backend.send(request, limits).await.map_err(|error| self.failed(error))?;
        let status = answer.status();
        let body = serde_json::from_slice(answer.body()).unwrap_or(Value::Null);
        if status.is_success() { Ok(body) } else { Err(refused(status.as_u16(), &body)) }
    }

    fn failed(&self, error: HttpError) -> Failure {
        match error {
            HttpError::Connect { .. } => Failure::ControlMissing { url: self.url.0.clone() },
            other => Failure::Internal(crate::exit::with_causes(&other)),
        }
    }
}

fn refused(status: u16, body: &Value) -> Failure {
    let text = |name: &str| body["error"][name].as_str().map(str::to_owned);
    let field = text("field");
    let message = text("message").unwrap_or_else(|| format!("the server answers HTTP {status}"));
    Failure::Control { status, field, message }
}

/// The members that have a value.
pub(super) fn members(pairs: impl IntoIterator<Item = (&'static str, Option<Value>)>) -> Value {
    let given = pairs.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    json!(given.collect::<serde_json::Map<_, _>>())
}

/// A time in milliseconds.
pub(super) fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

/// A text as one segment of a path.
pub(super) fn segment(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_address_of_a_server_is_accepted() {
        for (text, is_good) in [
            ("http://127.0.0.1:8119", true),
            ("http://localhost:8119/", true),
            ("https://localhost:8119", false),
            ("http://localhost:8119/control/v1", false),
            ("localhost:8119", false),
        ] {
            assert_eq!(ControlUrl::parse(text).is_ok(), is_good, "{text}");
        }
    }

    #[test]
    fn a_refusal_names_the_field_and_has_the_exit_code_of_its_status() {
        let body = json!({ "error": { "code": "x", "field": "times", "message": "must be 1" } });
        for (status, code) in [(400, 2), (401, 4), (403, 4), (404, 6), (408, 7), (409, 1), (500, 1)]
        {
            let failure = refused(status, &body);
            assert_eq!(failure.code() as u8, code, "{status}");
            assert_eq!(failure.to_string(), "times: must be 1");
        }
    }
}
