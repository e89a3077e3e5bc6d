//! Is the server still there?
//!
//! Anything it sends is a sign of life. After a time without one it is asked with a ping
//! (XEP-0199); without a sign of life soon after, the connection counts as dead. The official SDK
//! never asks and notices a dead connection after 140 s at best, or never when the server does not
//! ping.
//!
//! A server may go on sending and yet answer nothing. So a request of the app that times out is
//! followed by a ping of which only the own answer counts: without it the connection is given up.

use super::timers::{Timer, Timers};
use std::time::{Duration, Instant};

/// When to ask and how long to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeepaliveConfig {
    /// Silence after which the server is asked. Default 30 s, at least 10 ms.
    pub idle: Duration,
    /// How long it may take to make itself heard after that. Default 10 s.
    pub answer: Duration,
}

/// Shortest silence after which a server is asked.
const MIN_IDLE: Duration = Duration::from_millis(10);

impl Default for KeepaliveConfig {
    fn default() -> Self {
        Self { idle: Duration::from_secs(30), answer: Duration::from_secs(10) }
    }
}

/// The deadlines of one connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keepalive(KeepaliveConfig);

impl Keepalive {
    /// Without a least time, pings and their answers would follow each other as fast as the network
    /// allows.
    pub(super) fn new(config: KeepaliveConfig) -> Self {
        Self(KeepaliveConfig { idle: config.idle.max(MIN_IDLE), ..config })
    }

    /// The server was heard.
    pub(super) fn heard(self, now: Instant, timers: &mut Timers) {
        timers.stop(Timer::Pong);
        timers.set(Timer::Idle, now, self.0.idle);
    }

    /// How long the answer to a question may take that is asked to find out whether the server
    /// answers at all.
    pub(super) const fn total_timeout(self) -> Duration {
        self.0.answer
    }

    /// The server was silent for long and is being asked; says when the answer must be there.
    pub(super) fn asked(self, now: Instant, timers: &mut Timers) -> Instant {
        timers.set(Timer::Pong, now, self.0.answer)
    }
}
