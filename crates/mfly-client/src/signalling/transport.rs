//! The transports of packets: each in a WebSocket message, or several in the body of a poll.

use super::{Endpoint, lost};
use crate::error::{Error, ErrorKind, Result};
use crate::machine::DisconnectReason;
use bytes::Bytes;
use futures_util::{SinkExt as _, StreamExt as _};
use http::{Method, Request, header};
use mfly_api::ApiError;
use mfly_api::http::{self as api_http, Cleartext, HttpBackend, ResponseLimits, retry_after};
use mfly_proto::signalling::engine_io::{Handshake, Packet, decode_payload, encode_payload};
use mfly_proto::signalling::{MAX_BYTES, SignallingError};
use mfly_transport::{Connection, Options, SubProtocol, TransportError, connect, overdue};
use std::sync::Arc;
use std::time::{Duration, SystemTime};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// How long an HTTP request with packets may take.
const POST: Duration = Duration::from_secs(10);

/// The transport of packets.
pub(super) enum Transport {
    WebSocket(Box<Connection>),
    Polling(Polling),
}

/// Long-polling: one task polls, packets are posted beside it.
pub(super) struct Polling {
    http: Http,
    url: String,
    payloads: mpsc::Receiver<Result<Vec<Packet>>>,
    payload_sender: Option<mpsc::Sender<Result<Vec<Packet>>>>,
    task: Option<JoinHandle<()>>,
}

impl Transport {
    /// Connects. The first packet to be received is the handshake.
    pub(super) async fn open(endpoint: &Endpoint) -> Result<Self> {
        if !endpoint.polling_only {
            let sub_protocol = SubProtocol::Unnamed;
            let options = Options { sub_protocol, ..endpoint.options.clone() };
            match connect(&endpoint.address, &options).await {
                Ok(connection) => return Ok(Self::WebSocket(Box::new(connection))),
                Err(error @ TransportError::Handshake { .. }) => {
                    tracing::debug!(%error, "no WebSocket for signalling; polling instead");
                }
                Err(error) => return Err(Error::network(error)),
            }
        }
        let url = endpoint.url.join("/socket.io/?EIO=3&transport=polling");
        let (sender, payloads) = mpsc::channel(4);
        let http = Http {
            backend: Arc::clone(&endpoint.backend),
            cleartext: endpoint.options.allow_cleartext.into(),
        };
        let first = http.get(&url, POST).await;
        // The channel is empty, so sending cannot fail.
        let _ = sender.try_send(first);
        Ok(Self::Polling(Polling { http, url, payloads, payload_sender: Some(sender), task: None }))
    }

    /// Starts the polling task after the handshake. A WebSocket needs none.
    pub(super) fn start_polling(&mut self, handshake: &Handshake) {
        let Self::Polling(polling) = self else { return };
        polling.url = format!("{}&sid={}", polling.url, handshake.sid);
        // The answer to a ping ends a poll at the latest.
        let limit = handshake.ping_interval * 2 + handshake.ping_timeout;
        if let Some(sender) = polling.payload_sender.take() {
            let (http, url) = (polling.http.clone(), polling.url.clone());
            polling.task = Some(tokio::spawn(async move {
                loop {
                    let payload = http.get(&url, limit).await;
                    let is_over = payload.is_err();
                    if sender.send(payload).await.is_err() || is_over {
                        return;
                    }
                }
            }));
        }
    }

    /// Waits for the next packets. Cancelling the wait loses nothing.
    pub(super) async fn receive(&mut self) -> Result<Vec<Packet>> {
        match self {
            Self::WebSocket(connection) => match connection.next().await {
                Some(Ok(frame)) => Ok(vec![Packet::decode(frame.as_str()).map_err(malformed)?]),
                Some(Err(error)) => Err(broken(error)),
                None => Err(lost(DisconnectReason::closed(connection.close_reason().cloned()))),
            },
            Self::Polling(polling) => match polling.payloads.recv().await {
                Some(payload) => payload,
                None => Err(lost(DisconnectReason::ClosedByServer)),
            },
        }
    }

    pub(super) async fn send(&mut self, packet: Packet) -> Result<()> {
        match self {
            Self::WebSocket(connection) => {
                connection.send(packet.encode().into()).await.map_err(broken)
            }
            Self::Polling(polling) => {
                let body = encode_payload([&packet]);
                let request = request(Method::POST, &polling.url, body.into())?;
                polling.http.send(request, POST).await.map(drop)
            }
        }
    }

    pub(super) async fn close(&mut self) {
        if let Self::WebSocket(connection) = self {
            let _ = connection.close().await;
        }
    }
}

impl Drop for Polling {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

/// The HTTP client of polls and posts.
#[derive(Clone)]
struct Http {
    backend: Arc<dyn HttpBackend>,
    cleartext: Cleartext,
}

impl Http {
    async fn get(&self, url: &str, limit: Duration) -> Result<Vec<Packet>> {
        let request = request(Method::GET, url, Bytes::new())?;
        let body = self.send(request, limit).await?;
        let text = std::str::from_utf8(&body)
            .map_err(|error| Error::new(ErrorKind::UnexpectedAnswer, error))?;
        decode_payload(text).map_err(malformed)
    }

    async fn send(&self, request: Request<Bytes>, limit: Duration) -> Result<Bytes> {
        let mut limits = ResponseLimits::JSON;
        limits.max_bytes = MAX_BYTES;
        limits.timeout = Some(limit);
        let sending = api_http::send(&*self.backend, request, limits, self.cleartext);
        let response = overdue::timeout(limit, sending)
            .await
            .map_err(|elapsed| Error::new(ErrorKind::Timeout, elapsed))?
            .map_err(ApiError::from)?;
        let delay = retry_after(response.headers(), SystemTime::now());
        match response.status() {
            status if status.is_success() => Ok(response.into_body()),
            status => Err(ApiError::Http { status: status.as_u16(), retry_after: delay }.into()),
        }
    }
}

fn request(method: Method, url: &str, body: Bytes) -> Result<Request<Bytes>> {
    Request::builder()
        .method(method)
        .uri(url)
        .header(header::CONTENT_TYPE, "text/plain;charset=UTF-8")
        .body(body)
        .map_err(|error| Error::new(ErrorKind::UnexpectedAnswer, error))
}

fn broken(error: TransportError) -> Error {
    lost(DisconnectReason::ConnectionBroken(Arc::new(error)))
}

fn malformed(error: SignallingError) -> Error {
    Error::new(ErrorKind::UnexpectedAnswer, error)
}
