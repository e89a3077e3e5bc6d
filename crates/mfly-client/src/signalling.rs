//! A connection to the signalling server: events out, events in.
//!
//! WebSocket first; long-polling when the server refuses that. The packets are `mfly-proto`'s,
//! frames move by `mfly-transport`, polls by the HTTP backend of the app.

mod link;

use crate::app::App;
use crate::error::{Error, ErrorKind, Result};
use crate::machine::DisconnectReason;
use futures_util::FutureExt as _;
use link::Link;
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

/// How long the server may take to greet, and to take a packet.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where a signalling server is, and how to reach it.
#[derive(Clone)]
pub(crate) struct Endpoint {
    address: Address,
    url: BaseUrl,
    options: Options,
    backend: Arc<dyn HttpBackend>,
    polling_only: bool,
}

impl Endpoint {
    /// Reads `https://host[:port]`.
    pub(crate) fn new(app: &App, url: &str, polling_only: bool) -> Result<Self> {
        let refuse = |reason| InvalidArgument::new("socketUrl", reason);
        let base = BaseUrl::new(url).map_err(|error| refuse(error.reason))?;
        let (_, rest) = base.as_str().split_once("://").unwrap_or_default();
        if rest.contains('/') {
            // socket.io would take a path for a namespace.
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

/// An open connection.
pub(crate) struct Signalling {
    link: Link,
    pending: VecDeque<EnginePacket>,
    interval: Duration,
    timeout: Duration,
    ping_at: Instant,
    pong_by: Option<Instant>,
    acks: u64,
}

impl Signalling {
    /// Connects and waits for the greeting.
    ///
    /// # Errors
    /// When the server cannot be reached, refuses, or is none.
    pub(crate) async fn connect(endpoint: &Endpoint) -> Result<Self> {
        let mut link = Link::open(endpoint).await?;
        let greeting = overdue::timeout(PATIENCE, link.receive()).await;
        let mut pending: VecDeque<_> = greeting.map_err(late)??.into();
        let Some(EnginePacket::Open(handshake)) = pending.pop_front() else {
            return Err(ErrorKind::UnexpectedAnswer.into());
        };
        link.greeted(&handshake);
        Ok(Self {
            link,
            pending,
            interval: handshake.ping_interval,
            timeout: handshake.ping_timeout,
            ping_at: Instant::now() + handshake.ping_interval,
            pong_by: None,
            acks: 0,
        })
    }

    /// The next event or acknowledgement. May be cancelled.
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
                received = self.link.receive() => self.pending.extend(received?),
                () = tokio::time::sleep_until(due) => {
                    // What waits in the socket was said in time.
                    overdue::settle(due).await;
                    if let Some(received) = self.link.receive().now_or_never() {
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

    /// Says goodbye, briefly.
    pub(crate) async fn close(mut self) {
        let _ = self.send(EnginePacket::Close).await;
        self.link.close().await;
    }

    async fn send(&mut self, packet: EnginePacket) -> Result<()> {
        overdue::timeout(PATIENCE, self.link.send(packet)).await.map_err(late)?
    }
}

/// The connection is lost, for this reason.
fn lost(reason: DisconnectReason) -> Error {
    let kind = ErrorKind::ConnectionLost { cause: Box::new(reason.clone()) };
    Error::new(kind, reason)
}

fn late(elapsed: tokio::time::error::Elapsed) -> Error {
    Error::new(ErrorKind::Timeout, elapsed)
}
