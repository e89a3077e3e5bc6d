//! The errors of requests.

use crate::http::{EncodingError, HttpError, RedirectError};
use crate::origin::Origin;
use mfly_proto::argument::InvalidArgument;
use mfly_proto::text::escaped;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

/// The message of a response that refuses another session (observed: Web SDK 4.25.10).
pub const SESSION_LIMIT_MESSAGE: &str = "You have reached maximum sessions allowed.";

/// The message of a response that refuses a licence key (observed: Web SDK 4.25.10 contains it;
/// that servers send it is inferred).
pub const LICENCE_REFUSED_MESSAGE: &str = "Invalid License key";

/// The reason why a request failed.
///
/// `message` fields are the server's text without change. `Display` shows it on one line, without
/// control characters, and shortened. No error contains a secret or a part of an unreadable body.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum ApiError {
    /// An argument is invalid. Nothing was sent.
    #[error(transparent)]
    InvalidArgument(#[from] InvalidArgument),
    /// The server refused the request: HTTP status 200 with another status in the body.
    #[error("the server refused with {status}: {}", escaped(.message))]
    Refused {
        /// The member `status` of the body.
        status: u16,
        /// The member `message` of the body.
        message: String,
        /// The delay from the header `Retry-After`; see
        /// [`retry_after`](fn@crate::http::retry_after).
        retry_after: Option<Duration>,
    },
    /// The server refused the licence key.
    #[error("the server refused the licence key: {message}")]
    LicenceRefused {
        /// The member `status` of the body.
        status: u16,
        /// The member `message` of the body.
        message: String,
    },
    /// The account has as many sessions as the plan allows. Register with `force` to end another
    /// one.
    #[error("{SESSION_LIMIT_MESSAGE}")]
    SessionLimit,
    /// The user does not exist.
    #[error("User not available")]
    UserNotAvailable,
    /// The token is missing, or was refused even after a refresh.
    #[error("not authorised: {}", escaped(.message))]
    Unauthorized {
        /// The message of the server, or of this crate if nothing was sent.
        message: String,
    },
    /// The token source returned no new token. The source error is the reason.
    #[error("the token could not be refreshed")]
    TokenRefresh(#[source] Arc<Self>),
    /// The HTTP status is neither 2xx nor 401. The body is ignored.
    #[error("Request failed with status code {status}")]
    Http {
        /// The HTTP status.
        status: u16,
        /// The delay from the header `Retry-After`; see
        /// [`retry_after`](fn@crate::http::retry_after).
        retry_after: Option<Duration>,
    },
    /// A URL, from the caller or from a response, is an `http` URL to another machine, which is not
    /// allowed. Nothing was sent to it.
    #[error("{origin} would be contacted in clear text; use https, or allow cleartext")]
    Cleartext {
        /// The origin of the URL.
        origin: Origin,
    },
    /// The server sent a redirect that was not followed.
    #[error(transparent)]
    Redirect(RedirectError),
    /// The response has a content coding that cannot be decoded.
    #[error(transparent)]
    Encoding(EncodingError),
    /// The server could not be reached, or the connection broke.
    #[error("Network Error")]
    Network(#[source] HttpError),
    /// No complete response arrived within the time limit. The server may have processed the
    /// request.
    #[error("no answer in time")]
    TimedOut,
    /// The response is larger than its limit.
    #[error("the answer is longer than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The response does not have the form that this endpoint defines.
    #[error("the answer of {endpoint} cannot be read: {reason}")]
    Decode {
        /// The path of the endpoint.
        endpoint: &'static str,
        /// The problem, without any content of the response.
        reason: String,
    },
}

/// The party that caused an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The caller: an argument or a state that cannot work. Repeating the request is useless.
    Caller,
    /// The server: it refused, or its response cannot be read.
    Server,
    /// The network between client and server.
    Network,
}

impl ApiError {
    /// The number that the official SDK reports as `statusCode`, except for a refused token: 401
    /// here, 500 there.
    #[must_use]
    pub fn status_code(&self) -> u16 {
        match self {
            Self::InvalidArgument(_) | Self::UserNotAvailable => 400,
            Self::Unauthorized { .. } => 401,
            Self::SessionLimit => 405,
            Self::Refused { status, .. } | Self::LicenceRefused { status, .. } => *status,
            Self::TokenRefresh(source) => source.status_code(),
            Self::Http { .. }
            | Self::Cleartext { .. }
            | Self::Redirect(_)
            | Self::Encoding(_)
            | Self::TooLarge { .. }
            | Self::Decode { .. } => 500,
            Self::Network(_) | Self::TimedOut => 599,
        }
    }

    /// Whether the same request may succeed later.
    ///
    /// After [`ApiError::TimedOut`] and [`ApiError::Network`] the server may have processed it
    /// already.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Network(_) | Self::TimedOut => true,
            Self::Http { status, .. } | Self::Refused { status, .. } => {
                matches!(status, 408 | 425 | 429 | 500..=599)
            }
            Self::TokenRefresh(source) => source.is_retryable(),
            _ => false,
        }
    }

    /// The delay that the server requests before the next attempt (header `Retry-After`), at most
    /// [`MAX_RETRY_AFTER`](mfly_proto::retry_after::MAX_RETRY_AFTER).
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Http { retry_after, .. } | Self::Refused { retry_after, .. } => *retry_after,
            Self::TokenRefresh(source) => source.retry_after(),
            _ => None,
        }
    }

    /// Adds the delay from the header `Retry-After`.
    pub(crate) fn with_retry_after(mut self, delay: Option<Duration>) -> Self {
        if let Self::Http { retry_after, .. } | Self::Refused { retry_after, .. } = &mut self {
            *retry_after = delay;
        }
        self
    }

    /// The party that caused the error.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::InvalidArgument(_)
            | Self::LicenceRefused { .. }
            | Self::SessionLimit
            | Self::UserNotAvailable
            | Self::Unauthorized { .. } => Fault::Caller,
            Self::Refused { status, .. } if (400..500).contains(status) => Fault::Caller,
            Self::TokenRefresh(source) => source.fault(),
            Self::Network(_) | Self::TimedOut => Fault::Network,
            Self::Refused { .. }
            | Self::Http { .. }
            | Self::Cleartext { .. }
            | Self::Redirect(_)
            | Self::Encoding(_)
            | Self::TooLarge { .. }
            | Self::Decode { .. } => Fault::Server,
        }
    }
}

impl From<HttpError> for ApiError {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::TimedOut => Self::TimedOut,
            HttpError::TooLarge { limit } => Self::TooLarge { limit },
            HttpError::Cleartext { origin } => Self::Cleartext { origin },
            HttpError::Redirect(error) => Self::Redirect(error),
            HttpError::Encoding(error) => Self::Encoding(error),
            HttpError::NoUrl => InvalidArgument::new("url", error.to_string()).into(),
            error => Self::Network(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16) -> ApiError {
        ApiError::Refused { status, message: "Bad".to_owned(), retry_after: None }
    }

    fn http(status: u16) -> ApiError {
        let retry_after = None;
        ApiError::Http { status, retry_after }
    }

    #[test]
    fn the_servers_message_is_shown_on_one_line_and_shortened() {
        let refused = ApiError::Refused {
            status: 500,
            retry_after: None,
            message: format!("a\nb\u{1b}[2J{}", "x".repeat(10_000)),
        };
        let shown = refused.to_string();
        assert!(shown.starts_with(r"the server refused with 500: a\nb\u{1b}[2Jxxx"), "{shown}");
        assert!(shown.len() < 1_000);
    }

    #[test]
    fn status_codes_are_the_official_ones() {
        let cases = [
            (ApiError::TimedOut, 599),
            (ApiError::Network(HttpError::Closed { source: None }), 599),
            (http(403), 500),
            (refused(403), 403),
            (ApiError::SessionLimit, 405),
            (ApiError::UserNotAvailable, 400),
            (InvalidArgument::new("title", "title is not valid or required").into(), 400),
            (ApiError::TokenRefresh(Arc::new(refused(400))), 400),
        ];
        for (error, code) in cases {
            assert_eq!(error.status_code(), code, "{error:?}");
        }
        assert_eq!(http(403).to_string(), "Request failed with status code 403");
    }

    #[test]
    fn only_temporary_failures_are_retryable() {
        for error in [ApiError::TimedOut, http(503), refused(429), refused(500)] {
            assert!(error.is_retryable(), "{error:?}");
        }
        for error in [refused(400), http(404), ApiError::SessionLimit] {
            assert!(!error.is_retryable(), "{error:?}");
        }
    }

    #[test]
    fn a_failed_refresh_takes_fault_and_retry_from_its_cause() {
        let error = ApiError::TokenRefresh(Arc::new(ApiError::TimedOut));
        assert_eq!((error.fault(), error.is_retryable()), (Fault::Network, true));
        assert_eq!(ApiError::TokenRefresh(Arc::new(refused(400))).fault(), Fault::Caller);
        assert_eq!(refused(500).fault(), Fault::Server);
    }
}
