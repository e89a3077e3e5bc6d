//! Responses to REST requests.
//!
//! The HTTP status is 200 and the real one is in the envelope, with one exception: a token that is
//! missing, expired or revoked is HTTP 401, because then the official SDK renews it.

use bytes::Bytes;
use http::header::{self, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use http_body_util::Full;
use mfly_api::envelope::Envelope;
use serde::Serialize;

const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// A response as the HTTP connection sends it.
pub(crate) type HttpResponse = Response<Full<Bytes>>;

/// The response to one REST request.
#[derive(Debug)]
pub(crate) struct RestResponse {
    pub(crate) http_status: StatusCode,
    /// `status` in the envelope, if there is one.
    pub(crate) status: Option<u16>,
    /// Headers beside those of CORS.
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) body: Bytes,
}

/// What a handler returns: a response to send, either way. `Err` is a refusal.
pub(crate) type RestResult = Result<RestResponse, RestResponse>;

impl RestResponse {
    /// A success with data: `{"status":200,"message":"Success","data":…}`.
    pub(crate) fn success(data: impl Serialize) -> Self {
        Self::envelope(StatusCode::OK, &Envelope::success(Some(data)))
    }

    /// A success without data: `{"status":200,"message":"Success"}`.
    pub(crate) fn done() -> Self {
        Self::envelope(StatusCode::OK, &Envelope::<()>::success(None))
    }

    /// [`RestResponse::done`] if `is_done`, and `refusal` otherwise.
    pub(crate) fn done_if(is_done: bool, refusal: impl FnOnce() -> Self) -> RestResult {
        if is_done { Ok(Self::done()) } else { Err(refusal()) }
    }

    /// HTTP 200 with a refusal in the envelope.
    pub(crate) fn refused(status: u16, message: impl Into<String>) -> Self {
        Self::envelope(StatusCode::OK, &Envelope::refusal(status, message))
    }

    /// HTTP 200 with status 400 in the envelope: an argument is missing or cannot be used.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::refused(400, message)
    }

    /// HTTP 200 with status 500 in the envelope.
    pub(crate) fn internal_error() -> Self {
        Self::refused(500, "Internal Server Error")
    }

    /// HTTP 200 with status 403 in the envelope: the plan does not include the feature.
    pub(crate) fn not_in_plan() -> Self {
        Self::refused(403, "Feature unavailable for your plan")
    }

    /// HTTP 401: the token is missing, expired or revoked.
    pub(crate) fn token_expired() -> Self {
        Self::http(StatusCode::UNAUTHORIZED, "Token Expired")
    }

    /// HTTP 503: the memory for this is used up.
    pub(crate) fn unavailable() -> Self {
        Self::http(StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable")
    }

    /// A refusal with one status for HTTP and the envelope.
    pub(crate) fn http(status: StatusCode, message: &str) -> Self {
        Self::envelope(status, &Envelope::refusal(status.as_u16(), message))
    }

    /// HTTP 200 with a body of this type instead of an envelope.
    pub(crate) fn content(content_type: HeaderValue, body: Bytes) -> Self {
        Self {
            http_status: StatusCode::OK,
            status: None,
            headers: vec![(header::CONTENT_TYPE, content_type)],
            body,
        }
    }

    /// A response without a body.
    pub(crate) fn empty(http_status: StatusCode) -> Self {
        Self { http_status, status: None, headers: Vec::new(), body: Bytes::new() }
    }

    /// Adds a header.
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

    /// Turns it into the response that hyper sends.
    pub(crate) fn into_http(self) -> HttpResponse {
        let mut response = Response::new(Full::new(self.body));
        *response.status_mut() = self.http_status;
        response.headers_mut().extend(self.headers);
        response
    }
}
