//! The trait that every HTTP client of this crate implements.
//!
//! A backend exchanges one request for one response. Rules that hold for all backends are applied
//! by
//! [`send`]: clear text, redirects, content codings.

mod encoding;
mod redirect;

pub use encoding::{EncodingError, EncodingProblem};
pub use redirect::{MAX_REDIRECTS, RedirectError, RedirectProblem};

use crate::origin::Origin;
use ::http::header::ACCEPT_ENCODING;
use ::http::{HeaderMap, HeaderValue, Request, Response};
use async_trait::async_trait;
use bytes::Bytes;
use std::error::Error as StdError;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use thiserror::Error;

/// An HTTP client that sends one request and returns the whole response.
///
/// `HyperBackend` (feature `hyper`) is the built-in one. Implement the trait to use another HTTP
/// client, or none in a test; the crate's first example does so.
#[async_trait]
pub trait HttpBackend: Send + Sync {
    /// Sends `request`, whose URI is absolute, and reads the response.
    ///
    /// An implementation does not follow redirects. It removes `Content-Encoding` from a response
    /// that it decoded. It reports the sent part of the body to the [`Progress`] among the
    /// request's extensions, if there is one. Dropping the future cancels the request.
    ///
    /// # Errors
    /// When no complete response arrives within `limits`.
    async fn send(
        &self,
        request: ::http::Request<Bytes>,
        limits: ResponseLimits,
    ) -> Result<::http::Response<Bytes>, HttpError>;

    /// A timer: a future that completes after `duration`. A request, or a call of a
    /// [`TokenSource`](crate::token::TokenSource), that takes longer is cancelled.
    ///
    /// The provided timer works in a tokio runtime, with the feature `hyper`. Elsewhere it never
    /// completes: override it, or apply [`ResponseLimits::timeout`] in [`send`](Self::send).
    fn sleep(&self, duration: Duration) -> Sleep {
        timer(duration)
    }
}

/// The future of [`HttpBackend::sleep`].
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A timer of tokio, in its runtime. If it completes late because the process did not run, the
/// response may still be unread: it then starts again.
fn timer(_duration: Duration) -> Sleep {
    #[cfg(feature = "hyper")]
    if tokio::runtime::Handle::try_current().is_ok() {
        return Box::pin(mfly_transport::overdue::sleep(_duration));
    }
    Box::pin(std::future::pending())
}

/// How long the server of a response asks to wait before the next request, at most
/// [`MAX_RETRY_AFTER`](mfly_proto::retry_after::MAX_RETRY_AFTER): its header `Retry-After`.
///
/// `now` is the time at which the response arrived. See
/// [`mfly_proto::retry_after`](fn@mfly_proto::retry_after::retry_after).
#[must_use]
pub fn retry_after(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let headers = headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    mfly_proto::retry_after::retry_after(headers, now)
}

/// The limits on the size and the duration of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResponseLimits {
    /// The largest body in bytes. A larger one is [`HttpError::TooLarge`].
    pub max_bytes: usize,
    /// The time from the first byte sent to the last byte received. `None` is the default of the
    /// sender.
    pub timeout: Option<Duration>,
}

impl ResponseLimits {
    /// The limits of an endpoint with a JSON response: 1 MiB.
    pub const JSON: Self = Self { max_bytes: 1 << 20, timeout: None };

    /// The limits of an endpoint that transfers a file of at most `max_bytes`: ten minutes.
    #[must_use]
    pub const fn media(max_bytes: usize) -> Self {
        Self { max_bytes, timeout: Some(Duration::from_secs(600)) }
    }
}

/// The reason why a request has no response.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum HttpError {
    /// The connection could not be opened: name resolution, dialling or TLS failed. Nothing was
    /// sent.
    #[error("cannot connect to the server")]
    Connect {
        /// The cause of the failure.
        #[source]
        source: Cause,
    },
    /// The connection ended before the response was complete.
    #[error("the connection broke before the answer was complete")]
    Closed {
        /// The cause, if it is known.
        #[source]
        source: Option<Cause>,
    },
    /// No complete response arrived within the time limit.
    #[error("no answer in time")]
    TimedOut,
    /// The response is larger than its limit.
    #[error("the answer is longer than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The URL is an `http` URL to another machine, which is not allowed. Nothing was sent.
    #[error("{origin} would be contacted in clear text; use https, or allow cleartext")]
    Cleartext {
        /// The origin of the URL.
        origin: Origin,
    },
    /// The server sent a redirect that was not followed.
    #[error(transparent)]
    Redirect(#[from] RedirectError),
    /// The response has a content coding that cannot be decoded.
    #[error(transparent)]
    Encoding(#[from] EncodingError),
    /// The URL is not an absolute `http` or `https` URL, or has user information. Nothing was sent.
    #[error("the URL is no plain http or https URL")]
    NoUrl,
}

/// Whether requests to other machines may be sent in clear text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cleartext {
    /// An `http` URL to another machine is refused before anything is sent.
    #[default]
    Refused,
    /// Every `http` URL is allowed. Requests and responses can be read on the network.
    Allowed,
}

impl From<bool> for Cleartext {
    fn from(is_allowed: bool) -> Self {
        if is_allowed { Self::Allowed } else { Self::Refused }
    }
}

/// Sends `request` by `backend`, follows redirects and decodes the content coding.
///
/// - An `http` URL to another machine is refused unless `cleartext` allows it.
/// - At most [`MAX_REDIRECTS`] redirects are followed: for GET and HEAD those with status 301, 302,
///   303, 307 and 308, for other methods 307 and 308 within the same origin. A redirect from TLS to
///   clear text is refused unless `cleartext` allows it. Another origin receives no token, no
///   header that may be private, and no body.
/// - The content codings `gzip` and `deflate` are decoded within the size limit, others refused.
///
/// # Errors
/// When no complete response arrives within `limits`, or one of these rules refuses it.
pub async fn send(
    backend: &dyn HttpBackend,
    mut request: Request<Bytes>,
    limits: ResponseLimits,
    cleartext: Cleartext,
) -> Result<Response<Bytes>, HttpError> {
    let headers = request.headers_mut();
    if !headers.contains_key(ACCEPT_ENCODING) {
        // Without this header a server may choose any coding (RFC 9110 §12.5.3).
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    }
    let origin = Origin::of(request.uri()).ok_or(HttpError::NoUrl)?;
    check_cleartext(&origin, cleartext)?;
    let mut seen = Vec::new();
    loop {
        seen.push(request.uri().clone());
        let response = backend.send(request.clone(), limits).await?;
        let head = (response.status(), response.headers());
        if !redirect::is_redirect(head.0) {
            return encoding::decode(response, limits.max_bytes).await;
        }
        request = redirect::follow(request, head, &seen, cleartext)?;
        if let Some(origin) = Origin::of(request.uri()) {
            tracing::debug!(status = head.0.as_u16(), %origin, "redirected");
        }
    }
}

/// Refuses clear text to another machine unless it is allowed.
pub(crate) fn check_cleartext(origin: &Origin, cleartext: Cleartext) -> Result<(), HttpError> {
    if origin.is_private() || cleartext == Cleartext::Allowed {
        return Ok(());
    }
    Err(HttpError::Cleartext { origin: origin.clone() })
}

/// The error of an HTTP client, as the source of an [`HttpError`].
#[derive(Clone, Debug, Error)]
#[error(transparent)]
pub struct Cause(Arc<dyn StdError + Send + Sync>);

impl Cause {
    /// Wraps an error.
    #[must_use]
    pub fn new(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(Arc::from(error.into()))
    }
}

/// A callback that reports how much of a request's body was sent: `(sent, total)`, in bytes.
///
/// The sending task calls it, so it must not block. A retry starts again at the beginning.
#[derive(Clone)]
pub struct Progress(Arc<dyn Fn(u64, u64) + Send + Sync>);

impl Progress {
    /// Calls `report` with `(sent, total)` each time the connection takes a piece of the body.
    #[must_use]
    pub fn new(report: impl Fn(u64, u64) + Send + Sync + 'static) -> Self {
        Self(Arc::new(report))
    }

    /// For implementers of [`HttpBackend`]: reports the number of bytes sent.
    pub fn report(&self, sent: u64, total: u64) {
        (self.0)(sent, total);
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Progress(..)")
    }
}
