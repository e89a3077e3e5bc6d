//! One client of the hub.

use super::Approval;
use crate::core::memory::Held;
use mfly_proto::signalling::engine_io::Packet;
use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// The defaults of the official server's 2.x line.
pub(super) const PING_INTERVAL: Duration = Duration::from_secs(25);
pub(super) const PING_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a new client may take until its first poll or packet.
pub(super) const FIRST: Duration = Duration::from_secs(10);

/// A client, its packets and its code.
pub(super) struct Client {
    pub(super) outbox: VecDeque<(Packet, Held)>,
    /// Bytes that wait in it.
    pub(super) waiting: usize,
    pub(super) address: Option<IpAddr>,
    /// It came back after it was greeted.
    pub(super) has_returned: bool,
    pub(super) wake: Arc<Notify>,
    pub(super) is_websocket: bool,
    pub(super) is_polled: bool,
    pub(super) is_upgrading: bool,
    /// It does not fetch its packets.
    pub(super) is_stalled: bool,
    /// What the client is called in events; its first code. Never changes.
    pub(super) name: String,
    pub(super) code: Option<Code>,
    pub(super) approval: Option<Approval>,
    pub(super) heard: Instant,
}

/// What it shows, until it is approved or expires.
pub(super) struct Code {
    pub(super) id: String,
    pub(super) expires: Instant,
}

/// What the text of a packet takes.
pub(super) fn text_bytes(packet: &Packet) -> usize {
    match packet {
        Packet::Ping(data) | Packet::Pong(data) | Packet::Message(data) => data.capacity(),
        Packet::Open(handshake) => handshake.sid.capacity(),
        Packet::Close | Packet::Upgrade | Packet::Noop => 0,
    }
}

impl Client {
    /// Whether it has its greeting.
    pub(super) fn is_greeted(&self) -> bool {
        !matches!(self.outbox.front(), Some((Packet::Open(_), _)))
    }

    /// Everything that waits for it.
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
