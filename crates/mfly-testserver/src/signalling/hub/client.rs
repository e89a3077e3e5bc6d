//! One client of the signalling server.

use super::Approval;
use crate::core::memory::Held;
use mfly_proto::signalling::engine_io::Packet;
use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// The default of the official server 2.x.
pub(super) const PING_INTERVAL: Duration = Duration::from_secs(25);
pub(super) const PING_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a new client may take until its first poll or packet.
pub(super) const FIRST: Duration = Duration::from_secs(10);

/// A client, its packets and its code.
pub(super) struct Client {
    pub(super) outbox: VecDeque<(Packet, Held)>,
    /// Bytes of the packets in `outbox`.
    pub(super) waiting: usize,
    pub(super) address: Option<IpAddr>,
    /// Whether it has sent or polled again after its greeting.
    pub(super) has_returned: bool,
    pub(super) wake: Arc<Notify>,
    pub(super) is_websocket: bool,
    pub(super) is_polled: bool,
    pub(super) is_upgrading: bool,
    /// Whether its queue was too long. The client will be closed.
    pub(super) is_stalled: bool,
    /// The client's name in events, which is its first code.
    pub(super) name: String,
    pub(super) code: Option<Code>,
    pub(super) approval: Option<Approval>,
    pub(super) heard: Instant,
}

/// A code that can be approved until it expires.
pub(super) struct Code {
    pub(super) id: String,
    pub(super) expires: Instant,
}

/// The memory of a packet's text.
pub(super) fn text_bytes(packet: &Packet) -> usize {
    match packet {
        Packet::Ping(data) | Packet::Pong(data) | Packet::Message(data) => data.capacity(),
        Packet::Open(handshake) => handshake.sid.capacity(),
        Packet::Close | Packet::Upgrade | Packet::Noop => 0,
    }
}

impl Client {
    /// Whether the client has fetched its greeting.
    pub(super) fn is_greeted(&self) -> bool {
        !matches!(self.outbox.front(), Some((Packet::Open(_), _)))
    }

    /// Takes all packets that wait for the client.
    pub(super) fn take(&mut self) -> Vec<(Packet, Held)> {
        self.waiting = 0;
        std::mem::take(&mut self.outbox).into()
    }

    pub(super) fn silent_at(&self) -> Instant {
        if self.is_stalled {
            self.heard
        } else if self.has_returned || self.is_polled {
            self.heard + PING_INTERVAL + PING_TIMEOUT
        } else {
            self.heard + FIRST
        }
    }
}
