//! The built-in HTTP client: HTTP/1.1 for tokio.

mod connection;
mod pool;
mod socket;
mod upload;

use crate::http::{Cause, HttpBackend, HttpError, ResponseLimits};
use crate::origin::Origin;
use ::http::{Request, Response};
use ::hyper::body::{Body as _, Incoming};
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use connection::{Connection, Connector, Delivery, Failure};
use http_body_util::BodyExt as _;
use mfly_transport::{Proxy, Tls, overdue};
use pool::Pool;
use std::fmt;
use std::time::Duration;

/// The longest idle time of a connection that is used for a request that is not idempotent. The
/// server may be closing an older connection, and the client could not tell whether it processed
/// the request.
const MAX_IDLE_IF_NOT_IDEMPOTENT: Duration = Duration::from_secs(1);

/// The time in which a connection must be ready for the next request after a response. A slower one
/// is still sending the last request, and is closed.
const READY_TIMEOUT: Duration = Duration::from_millis(100);

/// The time limits of this client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timeouts {
    /// The limit for name look-up, TCP connection and proxy, and the limit for TLS.
    pub connect: Duration,
    /// The limit for a whole request without a time limit of its own.
    pub total: Duration,
    /// The idle time after which a connection is closed. The default is shorter than the five
    /// seconds of common servers, so that the server seldom closes a connection that a request is
    /// about to use.
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

/// An HTTP/1.1 client on hyper, with the TLS of `mfly-transport`.
///
/// Connections are reused, and a server may close one at any time. A request that the server
/// certainly did not process is sent again, once, on a new connection (RFC 9110 §9.2.2):
///
/// | progress of the request | idempotent method | other method |
/// |---|---|---|
/// | nothing was sent | sent again | sent again |
/// | the connection ended before the response began | sent again | an error |
/// | later | an error | an error |
#[derive(Clone)]
pub struct HyperBackend {
    connector: Connector,
    pool: Pool,
    total: Duration,
}

impl HyperBackend {
    /// A client with a connection pool of its own.
    #[must_use]
    pub fn new(tls: &Tls, timeouts: Timeouts) -> Self {
        Self::with_proxy(tls, timeouts, None)
    }

    /// A client that opens every connection through a proxy. It uses the method CONNECT of an HTTP
    /// proxy for `http://` URLs as well.
    #[must_use]
    pub fn with_proxy(tls: &Tls, timeouts: Timeouts, proxy: Option<Proxy>) -> Self {
        let connector = Connector { tls: tls.client_config(&[]), proxy, limit: timeouts.connect };
        Self { connector, pool: Pool::new(timeouts.idle), total: timeouts.total }
    }

    async fn send_with_retry(
        &self,
        request: Request<Bytes>,
        max_bytes: usize,
    ) -> Result<Response<Bytes>, HttpError> {
        let origin = Origin::of(request.uri()).ok_or(HttpError::NoUrl)?;
        let is_idempotent = request.method().is_idempotent();
        let max_idle = if is_idempotent { Duration::MAX } else { MAX_IDLE_IF_NOT_IDEMPOTENT };
        let connection = match self.pool.take(&origin, max_idle) {
            Some(connection) => connection,
            None => self.connector.connect(&origin).await?,
        };
        match self.send_over(connection, &origin, request.clone(), max_bytes).await {
            Err(Failure { delivery, error }) => {
                let is_harmless = match delivery {
                    Delivery::Unsent => true,
                    Delivery::Unanswered => is_idempotent,
                    Delivery::Processed => false,
                };
                if !is_harmless {
                    return Err(error);
                }
                tracing::debug!(%origin, "the connection closed before the response; sending again");
            }
            Ok(response) => return Ok(response),
        }
        let connection = self.connector.connect(&origin).await?;
        self.send_over(connection, &origin, request, max_bytes)
            .await
            .map_err(|failure| failure.error)
    }

    async fn send_over(
        &self,
        mut connection: Connection,
        origin: &Origin,
        request: Request<Bytes>,
        max_bytes: usize,
    ) -> Result<Response<Bytes>, Failure> {
        let response = connection.send(origin, request).await?;
        let (head, body) = response.into_parts();
        let body = read(body, max_bytes)
            .await
            .map_err(|error| Failure { error, delivery: Delivery::Processed })?;
        if connection.is_ready_within(READY_TIMEOUT).await {
            self.pool.put(origin, connection);
        }
        Ok(Response::from_parts(head, body))
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
        overdue::timeout(total, self.send_with_retry(request, limits.max_bytes))
            .await
            .unwrap_or(Err(HttpError::TimedOut))
    }
}

impl fmt::Debug for HyperBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HyperBackend").field("total", &self.total).finish_non_exhaustive()
    }
}

async fn read(mut body: Incoming, limit: usize) -> Result<Bytes, HttpError> {
    let too_large = HttpError::TooLarge { limit };
    if body.size_hint().lower() > limit as u64 {
        return Err(too_large);
    }
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| HttpError::Closed { source: Some(Cause::new(error)) })?;
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
