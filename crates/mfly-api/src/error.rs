//! What can go wrong with a request.

use crate::http::{EncodingError, HttpError, RedirectError};
use crate::origin::Origin;
use mfly_proto::argument::InvalidArgument;
use mfly_proto::text::escaped;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;

/// The exact text that marks the session limit (observed: Web SDK 4.25.10).
pub const SESSION_LIMIT_MESSAGE: &str = "You have reached maximum sessions allowed.";

/// The exact text that refuses a licence key (observed: Web SDK 4.25.10 has it; that servers send
/// it is inferred).
pub const LICENCE_REFUSED_MESSAGE: &str = "Invalid License key";

/// A request that did not succeed.
///
/// `message` fields are the server's words as they came; `Display` shows them on one line, without
/// control characters, and cut off where they are long. No error holds a secret, or any part of a
/// body that could not be read.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum ApiError {
    /// A value of the caller was refused before anything was sent.
    #[error(transparent)]
    InvalidArgument(#[from] InvalidArgument),
    /// The server answered and said no: HTTP 200 with another code inside.
    #[error("the server refused with {status}: {}", escaped(.message))]
    Refused {
        /// The `status` in the body.
        status: u16,
        /// The `message` in the body.
        message: String,
        /// How long the server asks to wait, where it does; see
        /// [`retry_after`](fn@crate::http::retry_after).
        retry_after: Option<Duration>,
    },
    /// The server does not accept the licence key.
    #[error("the server refused the licence key: {message}")]
    LicenceRefused {
        /// The `status` in the body.
        status: u16,
        /// The `message` in the body.
        message: String,
    },
    /// The account has as many sessions as its plan allows. Register with `force` to end another.
    #[error("{SESSION_LIMIT_MESSAGE}")]
    SessionLimit,
    /// There is no such user.
    #[error("User not available")]
    UserNotAvailable,
    /// The token is missing or was refused, also after a refresh where one was possible.
    #[error("not authorised: {}", escaped(.message))]
    Unauthorized {
        /// The server's words, or ours when no request could be sent.
        message: String,
    },
    /// A new token was needed and could not be had. The source says why.
    #[error("the token could not be refreshed")]
    TokenRefresh(#[source] Arc<Self>),
    /// An HTTP status other than 2xx (and 401); its body means nothing.
    #[error("Request failed with status code {status}")]
    Http {
        /// The HTTP status.
        status: u16,
        /// How long the server asks to wait, where it does; see
        /// [`retry_after`](fn@crate::http::retry_after).
        retry_after: Option<Duration>,
    },
    /// A URL, of the caller's or in an answer, leads to clear text beyond this machine, which was
    /// not allowed. Nothing was sent there.
    #[error("{origin} would be spoken with in clear text; use https, or allow cleartext")]
    Cleartext {
        /// Whom the URL leads to.
        origin: Origin,
    },
    /// The server says that the answer is elsewhere, and that was not followed.
    #[error(transparent)]
    Redirect(RedirectError),
    /// The answer is encoded in a way that was not asked for, and cannot be read.
    #[error(transparent)]
    Encoding(EncodingError),
    /// The server could not be reached, or the connection broke.
    #[error("Network Error")]
    Network(#[source] HttpError),
    /// No complete answer came in time. The server may or may not have acted on the request.
    #[error("no answer in time")]
    TimedOut,
    /// The answer was longer than the request allows.
    #[error("the answer is longer than {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The answer is not what this endpoint answers.
    #[error("the answer of {endpoint} cannot be read: {reason}")]
    Decode {
        /// The endpoint's path.
        endpoint: &'static str,
        /// What is wrong, without any of the content.
        reason: String,
    },
}

/// Whose fault a failure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The caller passed or did something that cannot work; repeating it is useless.
    Caller,
    /// The server refused, or answered with something unreadable.
    Server,
    /// The way to the server.
    Network,
}

impl ApiError {
    /// The number the official SDK reports as `statusCode` for this failure.
    ///
    /// One differs on purpose: after a refused token the official SDK says 500, this says 401.
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

    /// Whether the same request may succeed later, unchanged.
    ///
    /// After [`ApiError::TimedOut`] and [`ApiError::Network`] the server may already have acted.
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

    /// How long the server asks to wait before the next request, at most
    /// [`MAX_RETRY_AFTER`](mfly_proto::retry_after::MAX_RETRY_AFTER): its header `Retry-After`.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Http { retry_after, .. } | Self::Refused { retry_after, .. } => *retry_after,
            Self::TokenRefresh(source) => source.retry_after(),
            _ => None,
        }
    }

    /// The same error, of an answer that asked to wait.
    pub(crate) fn with_retry_after(mut self, delay: Option<Duration>) -> Self {
        if let Self::Http { retry_after, .. } | Self::Refused { retry_after, .. } = &mut self {
            *retry_after = delay;
        }
        self
    }

    /// Whose fault it is.
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
    fn the_servers_words_are_shown_on_one_line_and_cut_off() {
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
    fn only_what_may_pass_by_itself_is_retryable() {
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
