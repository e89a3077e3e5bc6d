//! The connection to the signalling server, which exchanges socket.io events.
//!
//! It uses a WebSocket, or long-polling when the server refuses that. `mfly-proto` encodes the
//! packets, `mfly-transport` carries the frames, and the app's HTTP backend the polls.

mod transport;

use crate::app::App;
use crate::error::{Error, ErrorKind, Result};
use crate::machine::DisconnectReason;
use futures_util::FutureExt as _;
use mfly_api::BaseUrl;
use mfly_api::http::HttpBackend;
use mfly_proto::argument::InvalidArgument;
use mfly_proto::signalling::MAX_BYTES;
use mfly_proto::signalling::engine_io::Packet as EnginePacket;
use mfly_proto::signalling::socket_io::{Kind, Packet, ROOT};
use mfly_transport::{Address, Options, overdue};
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;
use transport::Transport;

/// How long the server may take to send its handshake, and to take a packet.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The address of a signalling server, and the options of reaching it.
#[derive(Clone)]
pub(crate) struct Endpoint {
    address: Address,
    url: BaseUrl,
    options: Options,
    backend: Arc<dyn HttpBackend>,
    polling_only: bool,
}

impl Endpoint {
    /// Reads an address of the form `https://host[:port]`.
    pub(crate) fn new(app: &App, url: &str, polling_only: bool) -> Result<Self> {
        let refuse = |reason| InvalidArgument::new("socketUrl", reason);
        let base = BaseUrl::new(url).map_err(|error| refuse(error.reason))?;
        let (_, rest) = base.as_str().split_once("://").unwrap_or_default();
        if rest.contains('/') {
            // socket.io clients take a path for a namespace.
            return Err(refuse("pass scheme, host and port only, without a path".into()).into());
        }
        let shared = app.shared();
        if !(base.is_tls() || base.is_loopback() || shared.transport.allow_cleartext) {
            let reason =
                "http:// would send passwords unprotected; use https://, or allow cleartext";
            return Err(refuse(reason.into()).into());
        }
        let scheme = if base.is_tls() { "wss" } else { "ws" };
        let address = format!("{scheme}://{rest}/socket.io/?EIO=3&transport=websocket");
        let mut options = shared.transport.clone();
        options.limits.hard_bytes = MAX_BYTES;
        Ok(Self {
            address: address.parse()?,
            url: base,
            options,
            backend: Arc::clone(&shared.backend),
            polling_only,
        })
    }
}

/// An open connection to a signalling server.
pub(crate) struct Signalling {
    transport: Transport,
    pending: VecDeque<EnginePacket>,
    interval: Duration,
    timeout: Duration,
    ping_at: Instant,
    pong_by: Option<Instant>,
    acks: u64,
}

impl Signalling {
    /// Connects and waits for the Engine.IO handshake.
    ///
    /// # Errors
    /// When the server cannot be reached, refuses, or is no signalling server.
    pub(crate) async fn connect(endpoint: &Endpoint) -> Result<Self> {
        let mut transport = Transport::open(endpoint).await?;
        let first = overdue::timeout(TIMEOUT, transport.receive()).await;
        let mut pending: VecDeque<_> = first.map_err(timed_out)??.into();
        let Some(EnginePacket::Open(handshake)) = pending.pop_front() else {
            return Err(ErrorKind::UnexpectedAnswer.into());
        };
        transport.start_polling(&handshake);
        Ok(Self {
            transport,
            pending,
            interval: handshake.ping_interval,
            timeout: handshake.ping_timeout,
            ping_at: Instant::now() + handshake.ping_interval,
            pong_by: None,
            acks: 0,
        })
    }

    /// Waits for the next event or acknowledgement. Cancelling the wait loses nothing.
    ///
    /// # Errors
    /// When the connection is lost, or the server breaks the protocol.
    pub(crate) async fn next(&mut self) -> Result<Kind> {
        loop {
            while let Some(packet) = self.pending.pop_front() {
                match packet {
                    EnginePacket::Message(text) => {
                        let packet = Packet::decode(&text)
                            .map_err(|error| Error::new(ErrorKind::UnexpectedAnswer, error))?;
                        if packet.namespace != ROOT {
                            continue;
                        }
                        match packet.kind {
                            Kind::Connect => {}
                            Kind::Disconnect => return Err(lost(DisconnectReason::ClosedByServer)),
                            Kind::Error(_) => return Err(ErrorKind::UnexpectedAnswer.into()),
                            kind => return Ok(kind),
                        }
                    }
                    EnginePacket::Pong(_) => {
                        self.pong_by = None;
                        self.ping_at = Instant::now() + self.interval;
                    }
                    EnginePacket::Close => return Err(lost(DisconnectReason::ClosedByServer)),
                    EnginePacket::Ping(data) => self.send(EnginePacket::Pong(data)).await?,
                    EnginePacket::Open(_) => return Err(ErrorKind::UnexpectedAnswer.into()),
                    EnginePacket::Upgrade | EnginePacket::Noop => {}
                }
            }
            let due = self.pong_by.unwrap_or(self.ping_at);
            tokio::select! {
                received = self.transport.receive() => self.pending.extend(received?),
                () = tokio::time::sleep_until(due) => {
                    // A packet that is in the socket already came in time.
                    overdue::settle(due).await;
                    if let Some(received) = self.transport.receive().now_or_never() {
                        self.pending.extend(received?);
                        continue;
                    }
                    if self.pong_by.is_some() {
                        tracing::debug!("the signalling server fell silent");
                        return Err(lost(DisconnectReason::PeerSilent));
                    }
                    self.pong_by = Some(Instant::now() + self.timeout);
                    self.send(EnginePacket::Ping(String::new())).await?;
                }
            }
        }
    }

    /// Sends an event.
    ///
    /// # Errors
    /// When the connection is lost.
    pub(crate) async fn emit(&mut self, name: &str, argument: Value) -> Result<()> {
        let event = Packet::event(name, vec![argument]);
        self.send(EnginePacket::Message(event.encode())).await
    }

    /// Sends an event and returns the number that its acknowledgement will have.
    ///
    /// # Errors
    /// When the connection is lost.
    pub(crate) async fn ask(&mut self, name: &str, argument: Value) -> Result<u64> {
        let id = self.acks;
        self.acks += 1;
        let event = Packet::root(Kind::Event {
            name: name.to_owned(),
            arguments: vec![argument],
            id: Some(id),
        });
        self.send(EnginePacket::Message(event.encode())).await?;
        Ok(id)
    }

    /// Sends the closing packet and closes the connection.
    pub(crate) async fn close(mut self) {
        let _ = self.send(EnginePacket::Close).await;
        self.transport.close().await;
    }

    async fn send(&mut self, packet: EnginePacket) -> Result<()> {
        overdue::timeout(TIMEOUT, self.transport.send(packet)).await.map_err(timed_out)?
    }
}

/// The error for a connection that was lost for this reason.
fn lost(reason: DisconnectReason) -> Error {
    let kind = ErrorKind::ConnectionLost { cause: Box::new(reason.clone()) };
    Error::new(kind, reason)
}

fn timed_out(elapsed: tokio::time::error::Elapsed) -> Error {
    Error::new(ErrorKind::Timeout, elapsed)
}
