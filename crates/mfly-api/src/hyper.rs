//! The default HTTP client.

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
use connection::{Connection, Connector, Failure, Fate};
use http_body_util::BodyExt as _;
use mfly_transport::{Proxy, Tls, overdue};
use pool::Pool;
use std::fmt;
use std::time::Duration;

/// A connection that rested for longer is not trusted with a request that must not happen twice:
/// its server may be closing it at this moment, and then no one could tell what became of the
/// request.
const RESTED: Duration = Duration::from_secs(1);

/// How long an answered connection may take to be ready for the next request. One that takes longer
/// still sends the last request, and is closed.
const SETTLING: Duration = Duration::from_millis(100);

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
///
/// Connections are kept for the next request, and a server may close one at any moment. What
/// certainly was not processed is sent again, once, on a fresh connection (RFC 9110 §9.2.2):
///
/// | what happened to a request | idempotent method | other |
/// |---|---|---|
/// | no byte of it left | sent again | sent again |
/// | the connection ended before any byte of an answer | sent again | an error |
/// | anything later | an error | an error |
#[derive(Clone)]
pub struct HyperBackend {
    connector: Connector,
    pool: Pool,
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
        let rest = if is_idempotent { Duration::MAX } else { RESTED };
        let connection = match self.pool.take(&origin, rest) {
            Some(connection) => connection,
            None => self.connector.connect(&origin).await?,
        };
        match self.send_over(connection, &origin, request.clone(), max_bytes).await {
            Err(Failure { fate, error }) => {
                let is_harmless = match fate {
                    Fate::Unsent => true,
                    Fate::Unanswered => is_idempotent,
                    Fate::Processed => false,
                };
                if !is_harmless {
                    return Err(error);
                }
                tracing::debug!(%origin, "the connection closed before the answer; sending once more");
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
            .map_err(|error| Failure { error, fate: Fate::Processed })?;
        if connection.is_ready_within(SETTLING).await {
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
