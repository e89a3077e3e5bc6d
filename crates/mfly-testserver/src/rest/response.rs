//! What a REST request is answered with.
//!
//! HTTP says 200 and the real code is inside the envelope, with one exception: a token that is
//! missing, expired or revoked is HTTP 401, because that is what the official SDK renews it on.

use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use http_body_util::Full;
use mfly_api::envelope::Envelope;
use serde::Serialize;

const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// An answer to one request.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The HTTP status.
    pub(crate) http_status: StatusCode,
    /// `status` in the envelope, when there is one.
    pub(crate) status: Option<u16>,
    /// Headers beside those of CORS.
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    /// The body.
    pub(crate) body: Bytes,
}

impl Answer {
    /// `{"status":200,"message":"Success","data":…}`
    pub(crate) fn success(data: impl Serialize) -> Self {
        Self::envelope(StatusCode::OK, &Envelope::success(Some(data)))
    }

    /// `{"status":200,"message":"Success"}`
    pub(crate) fn done() -> Self {
        Self::envelope(StatusCode::OK, &Envelope::<()>::success(None))
    }

    /// HTTP 200, and a refusal inside.
    pub(crate) fn refused(status: u16, message: impl Into<String>) -> Self {
        Self::envelope(StatusCode::OK, &Envelope::refusal(status, message))
    }

    /// A request that cannot be understood, or lacks something.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::refused(400, message)
    }

    /// The plan does not include this.
    pub(crate) fn not_in_plan() -> Self {
        Self::refused(403, "Feature unavailable for your plan")
    }

    /// HTTP 401: the token is missing, expired or revoked.
    pub(crate) fn token_expired() -> Self {
        Self::http(StatusCode::UNAUTHORIZED, "Token Expired")
    }

    /// HTTP 503: there is no room for this now.
    pub(crate) fn unavailable() -> Self {
        Self::http(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable")
    }

    /// A refusal that HTTP itself says too.
    pub(crate) fn http(status: StatusCode, message: &str) -> Self {
        Self::envelope(status, &Envelope::refusal(status.as_u16(), message))
    }

    /// Bytes of some type.
    pub(crate) fn content(content_type: HeaderValue, body: Bytes) -> Self {
        Self {
            http_status: StatusCode::OK,
            status: None,
            headers: vec![(header::CONTENT_TYPE, content_type)],
            body,
        }
    }

    /// No body.
    pub(crate) fn empty(http_status: StatusCode) -> Self {
        Self { http_status, status: None, headers: Vec::new(), body: Bytes::new() }
    }

    /// The same with one more header.
    pub(crate) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    fn envelope<T: Serialize>(http_status: StatusCode, envelope: &Envelope<T>) -> Self {
        match serde_json::to_vec(envelope) {
            Ok(body) => Self {
                http_status,
                status: Some(envelope.status),
                headers: vec![(header::CONTENT_TYPE, JSON)],
                body: body.into(),
            },
            // Only a map with keys that are not text could fail, and there is none.
            Err(_) => Self::empty(StatusCode::INTERNAL_SERVER_ERROR),
        }
    }

    /// The answer as hyper takes it.
    pub(crate) fn into_response(self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(self.body));
        *response.status_mut() = self.http_status;
        response.headers_mut().extend(self.headers);
        response
    }
}
