//! The default HTTP client.

mod dial;

use crate::http::{Cause, HttpBackend, HttpError, Progress, ResponseLimits};
use ::http::{Method, Request, Response};
use ::hyper::body::{Body, Frame, Incoming, SizeHint};
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use dial::Dial;
use http_body_util::BodyExt as _;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{self, Client};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use mfly_transport::{Proxy, Tls};
use std::convert::Infallible;
use std::error::Error as _;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// How much of a body is handed over, and reported as progress, at a time.
const PIECE_BYTES: usize = 64 * 1024;

/// How long this client waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// For name look-up, TCP connection, and the proxy's part.
    pub connect: Duration,
    /// For a whole request whose limits name no time.
    pub total: Duration,
    /// After this long an unused connection is closed. Shorter than the five seconds after which
    /// common servers close theirs, so that few requests meet a connection that is just closing.
    pub idle: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            total: Duration::from_secs(30),
            idle: Duration::from_secs(4),
        }
    }
}

/// HTTP/1.1 by hyper, with the transport crate's TLS.
#[derive(Clone)]
pub struct HyperBackend {
    client: Client<HttpsConnector<Dial>, Upload>,
    total: Duration,
}

impl HyperBackend {
    /// A client with its own pool of connections.
    #[must_use]
    pub fn new(tls: &Tls, timeouts: Timeouts) -> Self {
        Self::with_proxy(tls, timeouts, None)
    }

    /// The same, with every connection made through a proxy. An HTTP proxy is asked to connect
    /// (CONNECT) for `http://` URLs as well.
    #[must_use]
    pub fn with_proxy(tls: &Tls, timeouts: Timeouts, proxy: Option<Proxy>) -> Self {
        let config = tls.client_config(&[]);
        let dial = Dial {
            proxy,
            limit: timeouts.connect,
        };
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config((*config).clone())
            .https_or_http()
            .enable_http1()
            .wrap_connector(dial);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(timeouts.idle)
            .pool_max_idle_per_host(8)
            .build(connector);
        Self {
            client,
            total: timeouts.total,
        }
    }

    async fn exchange(
        &self,
        request: Request<Bytes>,
        max_bytes: usize,
    ) -> Result<Response<Bytes>, HttpError> {
        // A pooled connection may close at the moment it is taken. What never left is sent again by
        // hyper itself; what may have left is sent again only if doing it twice is doing it once.
        let is_idempotent = matches!(*request.method(), Method::GET | Method::HEAD | Method::PUT);
        let again = is_idempotent.then(|| request.clone());
        let response = match (self.client.request(request.map_body()).await, again) {
            (Err(error), Some(again)) if is_closed_early(&error) => {
                tracing::debug!("the connection closed before the answer; sending once more");
                self.client.request(again.map_body()).await
            }
            (result, _) => result,
        };
        let (head, body) = response.map_err(explain)?.into_parts();
        Ok(Response::from_parts(head, read(body, max_bytes).await?))
    }
}

#[async_trait]
impl HttpBackend for HyperBackend {
    async fn send(
        &self,
        request: Request<Bytes>,
        limits: ResponseLimits,
    ) -> Result<Response<Bytes>, HttpError> {
        let total = limits.timeout.unwrap_or(self.total);
        tokio::time::timeout(total, self.exchange(request, limits.max_bytes))
            .await
            .unwrap_or(Err(HttpError::TimedOut))
    }
}

impl fmt::Debug for HyperBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HyperBackend")
            .field("total", &self.total)
            .finish_non_exhaustive()
    }
}

async fn read(mut body: Incoming, limit: usize) -> Result<Bytes, HttpError> {
    let too_large = HttpError::TooLarge { limit };
    if body.size_hint().lower() > limit as u64 {
        return Err(too_large);
    }
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| HttpError::Closed {
            source: Some(Cause::new(error)),
        })?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if data.len() > limit - whole.len() {
            return Err(too_large);
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole.freeze())
}

fn explain(error: legacy::Error) -> HttpError {
    if error.is_connect() {
        HttpError::Connect {
            source: Cause::new(error),
        }
    } else {
        HttpError::Closed {
            source: Some(Cause::new(error)),
        }
    }
}

/// Whether the connection ended before any of the answer came.
fn is_closed_early(error: &legacy::Error) -> bool {
    let Some(cause) = error.source() else {
        return false;
    };
    let Some(cause) = cause.downcast_ref::<::hyper::Error>() else {
        return false;
    };
    let is_reset = cause
        .source()
        .and_then(|source| source.downcast_ref::<std::io::Error>())
        .is_some_and(|io| {
            matches!(
                io.kind(),
                std::io::ErrorKind::ConnectionReset | std::io::ErrorKind::BrokenPipe
            )
        });
    cause.is_incomplete_message() || is_reset
}

/// A body that leaves in pieces and says so.
struct Upload {
    rest: Bytes,
    total: u64,
    progress: Option<Progress>,
}

trait MapBody {
    fn map_body(self) -> Request<Upload>;
}

impl MapBody for Request<Bytes> {
    fn map_body(mut self) -> Request<Upload> {
        let progress = self.extensions_mut().remove::<Progress>();
        self.map(|rest| Upload {
            total: rest.len() as u64,
            rest,
            progress,
        })
    }
}

impl Body for Upload {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let length = self.rest.len().min(PIECE_BYTES);
        let piece = self.rest.split_to(length);
        if let Some(progress) = &self.progress {
            progress.report(self.total - self.rest.len() as u64, self.total);
        }
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}
