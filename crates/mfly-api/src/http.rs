//! The HTTP client, as small as this crate needs it.
//!
//! A backend moves one request and one answer. What has to hold whatever the backend does is done
//! by [`send`]: clear text, redirects, content codings.

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

/// Something that sends one HTTP request and brings the whole answer.
///
/// `HyperBackend` (feature `hyper`) is the default. Implement it to use another HTTP
/// client, or to stand in for the network in a test.
#[async_trait]
pub trait HttpBackend: Send + Sync {
    /// Sends `request`, whose URI is absolute, and reads the answer.
    ///
    /// Redirects are not followed. An answer that was decoded already has no `Content-Encoding`. A
    /// [`Progress`] among the request's extensions is to be told as the body leaves. Dropping the
    /// future gives the request up.
    ///
    /// # Errors
    /// When no complete answer comes within `limits`.
    async fn send(
        &self,
        request: ::http::Request<Bytes>,
        limits: ResponseLimits,
    ) -> Result<::http::Response<Bytes>, HttpError>;

    /// A timer: a future that is done after `duration`. Every request, and every call of a
    /// [`TokenSource`](crate::token::TokenSource), is given up when its timer is done first.
    ///
    /// Provided for tokio, with the feature `hyper`: within a runtime of tokio. Anywhere else the
    /// provided timer is never done, so override it, or keep [`ResponseLimits::timeout`] in
    /// [`send`](Self::send).
    fn sleep(&self, duration: Duration) -> Sleep {
        timer(duration)
    }
}

/// The future of [`HttpBackend::sleep`].
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Waits by tokio's clock. A process that did not run for a while finds the timer overdue and the
/// answer unread, so the time is then waited for once more.
#[cfg(feature = "hyper")]
fn timer(duration: Duration) -> Sleep {
    match tokio::runtime::Handle::try_current() {
        Ok(_) => Box::pin(mfly_transport::overdue::sleep(duration)),
        Err(_) => Box::pin(std::future::pending()),
    }
}

#[cfg(not(feature = "hyper"))]
fn timer(_: Duration) -> Sleep {
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

/// How long and how large an answer may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResponseLimits {
    /// Longest body, in bytes; one byte more is [`HttpError::TooLarge`].
    pub max_bytes: usize,
    /// Time from the first byte sent to the last received; `None` is the sender's own default.
    pub timeout: Option<Duration>,
}

impl ResponseLimits {
    /// For an endpoint that answers in JSON: 1 MiB.
    pub const JSON: Self = Self { max_bytes: 1 << 20, timeout: None };

    /// For one that moves a file: ten minutes, and as many bytes as the caller expects.
    #[must_use]
    pub const fn media(max_bytes: usize) -> Self {
        Self { max_bytes, timeout: Some(Duration::from_secs(600)) }
    }
}

/// A request that brought no answer.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum HttpError {
    /// No connection: name resolution, dialling or TLS failed. The request never left.
    #[error("cannot connect to the server")]
    Connect {
        /// The cause.
        #[source]
        source: Cause,
    },
    /// The connection ended before the answer did.
    #[error("the connection broke before the answer was complete")]
    Closed {
        /// The cause, when one is known.
        #[source]
        source: Option<Cause>,
    },
    /// No complete answer came in time.
    #[error("no answer in time")]
    TimedOut,
    /// The answer is longer than the request allows.
    #[error("the answer is longer than {limit} bytes")]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The URL leads to clear text beyond this machine, which was not allowed. Nothing was sent.
    #[error("{origin} would be spoken with in clear text; use https, or allow cleartext")]
    Cleartext {
        /// Whom the URL leads to.
        origin: Origin,
    },
    /// The server says that the answer is elsewhere, and that was not followed.
    #[error(transparent)]
    Redirect(#[from] RedirectError),
    /// The answer is encoded in a way that was not asked for, and cannot be read.
    #[error(transparent)]
    Encoding(#[from] EncodingError),
    /// The URL is no absolute `http` or `https` URL without user information. Nothing was sent.
    #[error("the URL is no plain http or https URL")]
    NoUrl,
}

/// Whether requests may travel in clear text beyond this machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cleartext {
    /// They may not: such a URL is refused before anything is sent.
    #[default]
    Refused,
    /// They may. All that they carry can be read on the way.
    Allowed,
}

impl From<bool> for Cleartext {
    fn from(is_allowed: bool) -> Self {
        if is_allowed { Self::Allowed } else { Self::Refused }
    }
}

/// Sends `request` through `backend` and brings the answer, from wherever it is.
///
/// - A URL that leads to clear text is refused unless it is allowed, or stays within this machine.
/// - Redirects are followed, at most [`MAX_REDIRECTS`]: for GET and HEAD those with status 301,
///   302, 303, 307 and 308, for other methods 307 and 308 of the same origin. They never lead from
///   TLS to clear text unless clear text is allowed. Another origin gets neither the token nor any
///   header that may be private, and no body.
/// - `Content-Encoding` `gzip` and `deflate` are undone, within the limit of the answer. No other
///   is.
///
/// # Errors
/// When no complete answer comes within `limits`, or one of the rules above forbids it.
pub async fn send(
    backend: &dyn HttpBackend,
    mut request: Request<Bytes>,
    limits: ResponseLimits,
    cleartext: Cleartext,
) -> Result<Response<Bytes>, HttpError> {
    let headers = request.headers_mut();
    if !headers.contains_key(ACCEPT_ENCODING) {
        // Without it a server may choose any coding (RFC 9110 §12.5.3).
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    }
    let origin = Origin::of(request.uri()).ok_or(HttpError::NoUrl)?;
    permit(&origin, cleartext)?;
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

/// Refuses clear text beyond this machine unless it is allowed.
pub(crate) fn permit(origin: &Origin, cleartext: Cleartext) -> Result<(), HttpError> {
    if origin.is_private() || cleartext == Cleartext::Allowed {
        return Ok(());
    }
    let origin = origin.clone();
    Err(HttpError::Cleartext { origin })
}

/// The error of an HTTP client, kept as the source of ours.
#[derive(Clone)]
pub struct Cause(Arc<dyn StdError + Send + Sync>);

impl Cause {
    /// Takes an error.
    #[must_use]
    pub fn new(error: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(Arc::from(error.into()))
    }
}

impl fmt::Debug for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl StdError for Cause {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}

/// Told how much of a request's body has left: `(sent, total)`, in bytes.
///
/// It is called from the task that sends, so it must be quick. After a retry it starts again.
#[derive(Clone)]
pub struct Progress(Arc<dyn Fn(u64, u64) + Send + Sync>);

impl Progress {
    /// Calls `report` with `(sent, total)` each time a piece of the body is handed to the
    /// connection.
    #[must_use]
    pub fn new(report: impl Fn(u64, u64) + Send + Sync + 'static) -> Self {
        Self(Arc::new(report))
    }

    /// Reports once; for implementers of [`HttpBackend`].
    pub fn report(&self, sent: u64, total: u64) {
        (self.0)(sent, total);
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Progress(..)")
    }
}
