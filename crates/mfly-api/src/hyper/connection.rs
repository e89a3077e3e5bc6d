//! A connection to one origin, used for one request at a time.

use super::socket::{IdleCheck, Socket};
use super::upload::Upload;
use crate::http::{Cause, HttpError};
use crate::origin::Origin;
use ::http::header::HOST;
use ::http::{HeaderValue, Request, Response, Uri};
use ::hyper::body::Incoming;
use ::hyper::client::conn::http1::{self, SendRequest};
use bytes::Bytes;
use hyper_util::rt::TokioIo;
use mfly_proto::argument::InvalidArgument;
use mfly_transport::{Proxy, Stage, TransportError, dial_tcp, overdue};
use std::error::Error as _;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

/// The settings for opening connections.
#[derive(Clone)]
pub(super) struct Connector {
    pub(super) tls: Arc<ClientConfig>,
    pub(super) proxy: Option<Proxy>,
    /// The time limit of dialling, and of the TLS handshake.
    pub(super) limit: Duration,
}

/// An open connection. Dropping it closes the connection.
pub(super) struct Connection {
    sender: SendRequest<Upload>,
    check: Arc<IdleCheck>,
    /// Whether a response was received before.
    is_used: bool,
}

/// The failure of a request, and how far the request got.
pub(super) struct Failure {
    pub(super) error: HttpError,
    pub(super) delivery: Delivery,
}

/// How far a failed request got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Delivery {
    /// No byte was sent.
    Unsent,
    /// The connection ended before the response began. The server may have processed the request.
    Unanswered,
    /// The server began its response, or violated the protocol.
    Processed,
}

impl Connector {
    pub(super) async fn connect(&self, origin: &Origin) -> Result<Connection, HttpError> {
        let host = origin.host();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let tcp = dial_tcp(host, origin.port(), self.proxy.as_ref(), self.limit)
            .await
            .map_err(|error| unreachable(origin, error))?;
        let check = Arc::<IdleCheck>::default();
        let socket = Socket::new(tcp, check.clone());
        let sender = if origin.is_tls() {
            let stream = overdue::timeout(self.limit, self.secure(host, socket))
                .await
                .unwrap_or(Err(TransportError::TimedOut { stage: Stage::Tls }))
                .map_err(|error| unreachable(origin, error))?;
            open(stream).await?
        } else {
            open(socket).await?
        };
        Ok(Connection { sender, check, is_used: false })
    }

    async fn secure(
        &self,
        host: &str,
        socket: Socket,
    ) -> Result<TlsStream<Socket>, TransportError> {
        let name = ServerName::try_from(host.to_owned()).map_err(|_| {
            InvalidArgument::new("url", "host: no certificate can be made for this name")
        })?;
        TlsConnector::from(self.tls.clone())
            .connect(name, socket)
            .await
            .map_err(|error| TransportError::from_tls(host, error))
    }
}

/// Starts HTTP on a byte stream, in a task that ends with the connection.
async fn open(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) -> Result<SendRequest<Upload>, HttpError> {
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(refused)?;
    tokio::spawn(async move {
        // The sender of a request gets the error as well.
        if let Err(error) = connection.await {
            tracing::trace!(%error, "the connection ended");
        }
    });
    Ok(sender)
}

/// The origin of a connection that could not be opened.
#[derive(Debug, Error)]
#[error("no connection to {origin}")]
struct Unreachable {
    origin: Origin,
    source: TransportError,
}

fn unreachable(origin: &Origin, source: TransportError) -> HttpError {
    refused(Unreachable { origin: origin.clone(), source })
}

fn refused(error: impl std::error::Error + Send + Sync + 'static) -> HttpError {
    HttpError::Connect { source: Cause::new(error) }
}

impl Connection {
    /// Whether the connection is known to have ended.
    pub(super) fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    /// Waits until the next request can be sent. `false` if the connection cannot send another one.
    pub(super) async fn is_ready_within(&mut self, limit: Duration) -> bool {
        self.is_used = true;
        matches!(tokio::time::timeout(limit, self.sender.ready()).await, Ok(Ok(())))
    }

    /// Sends a request, whose URI is absolute, and waits for the head of the response.
    pub(super) async fn send(
        &mut self,
        origin: &Origin,
        mut request: Request<Bytes>,
    ) -> Result<Response<Incoming>, Failure> {
        if let Err(error) = set_host(origin, &mut request) {
            let delivery = Delivery::Processed;
            return Err(Failure { error, delivery });
        }
        if self.is_used {
            self.check.arm();
        }
        let sending = self.sender.try_send_request(Upload::of(request));
        sending.await.map_err(|mut failure| {
            let is_unsent = failure.take_message().is_some() || self.check.has_refused();
            let error = failure.into_error();
            let delivery = match () {
                () if is_unsent => Delivery::Unsent,
                () if ended_early(&error) => Delivery::Unanswered,
                () => Delivery::Processed,
            };
            let source = Some(Cause::new(error));
            let error = HttpError::Closed { source };
            Failure { error, delivery }
        })
    }
}

/// Moves the host from the URI to the header `Host` (RFC 9112 §3.2.1).
fn set_host(origin: &Origin, request: &mut Request<Bytes>) -> Result<(), HttpError> {
    let host = HeaderValue::from_str(&origin.authority()).map_err(refused)?;
    request.headers_mut().insert(HOST, host);
    let target = request.uri().path_and_query().cloned();
    *request.uri_mut() = target.map_or_else(|| Uri::from_static("/"), Uri::from);
    Ok(())
}

/// Whether the connection ended before the response began.
fn ended_early(error: &::hyper::Error) -> bool {
    let io_kind =
        error.source().and_then(|source| source.downcast_ref::<io::Error>()).map(io::Error::kind);
    error.is_incomplete_message()
        || error.is_canceled()
        || error.is_closed()
        || matches!(
            io_kind,
            Some(
                io::ErrorKind::ConnectionReset
                    | io::ErrorKind::ConnectionAborted
                    | io::ErrorKind::BrokenPipe
                    | io::ErrorKind::NotConnected
                    | io::ErrorKind::UnexpectedEof
            )
        )
}
