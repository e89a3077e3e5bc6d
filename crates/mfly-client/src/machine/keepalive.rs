//! Detection of dead connections.
//!
//! Everything that the server sends shows that the connection works. After a silence the server is
//! pinged (XEP-0199); if it sends nothing soon after, the connection counts as dead. The official
//! SDK sends no pings and notices a dead connection after 140 s at best, or never when the server
//! does not ping.
//!
//! A server may go on sending and yet answer nothing. So a request of the app that times out is
//! followed by a ping that has to be answered itself: otherwise the connection is closed.

use super::timers::{Timer, Timers};
use std::time::{Duration, Instant};

/// When the server is pinged and how long its answer may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeepaliveConfig {
    /// Silence after which the server is pinged. Default 30 s, at least 10 ms.
    pub idle: Duration,
    /// How long the server may stay silent after the ping. Default 10 s.
    pub answer: Duration,
}

/// Shortest silence after which a server is pinged.
const MIN_IDLE: Duration = Duration::from_millis(10);

impl Default for KeepaliveConfig {
    fn default() -> Self {
        Self { idle: Duration::from_secs(30), answer: Duration::from_secs(10) }
    }
}

/// The keepalive of a connection, which sets its timers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keepalive(KeepaliveConfig);

impl Keepalive {
    /// Applies the least silence. Without it, pings and their answers would follow each other as
    /// fast as the network allows.
    pub(super) fn new(config: KeepaliveConfig) -> Self {
        Self(KeepaliveConfig { idle: config.idle.max(MIN_IDLE), ..config })
    }

    /// The server sent something.
    pub(super) fn on_received(self, now: Instant, timers: &mut Timers) {
        timers.stop(Timer::Pong);
        timers.set(Timer::Idle, now, self.0.idle);
    }

    /// How long the answer to a ping may take that checks whether the server answers at all.
    pub(super) const fn answer_timeout(self) -> Duration {
        self.0.answer
    }

    /// The server was silent for long and is being pinged. Returns the deadline of the answer.
    pub(super) fn on_ping(self, now: Instant, timers: &mut Timers) -> Instant {
        timers.set(Timer::Pong, now, self.0.answer)
    }
}
