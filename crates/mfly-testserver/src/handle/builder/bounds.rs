//! How much a server takes on: memory, connections, sessions.

use super::Builder;
use crate::core::memory::Memory;
use crate::core::world::Settings;
use crate::net::admission::Limits;
use std::time::Duration;

/// How many sessions there may be unless another number is given.
pub(crate) const MAX_SESSIONS: usize = 10_000;

/// How many connections of a port may not have logged in, unless another number is given.
pub(crate) const MAX_UNAUTHENTICATED: usize = 4096;

/// How long logging in may take, unless something else is said.
pub(crate) const LOGIN_DEADLINE: Duration = Duration::from_secs(30);

/// Files that a process opens beside its connections.
const RESERVED_DESCRIPTORS: usize = 256;

/// How many ports a server has at most.
const PORTS: usize = 4;

/// The bounds of a server.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) memory: Memory,
    sessions: usize,
    /// Of each port.
    unauthenticated: usize,
    /// Of each address at a port.
    of_address: Option<usize>,
    login_deadline: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            memory: Memory::DEFAULT_LIMITS,
            sessions: MAX_SESSIONS,
            unauthenticated: MAX_UNAUTHENTICATED,
            of_address: None,
            login_deadline: LOGIN_DEADLINE,
        }
    }
}

impl Bounds {
    /// Who may connect.
    pub(super) fn admission(&self) -> Limits {
        Limits {
            of_listener: self.unauthenticated,
            of_address: self.of_address.unwrap_or(self.unauthenticated.div_ceil(2)),
            // Every session may have a connection for its requests, too.
            known: self.sessions.saturating_mul(2),
            deadline: self.login_deadline,
        }
    }

    /// What the core has to know of it.
    pub(super) fn apply(&self, settings: &mut Settings) {
        settings.max_sessions = self.sessions;
        settings.max_streams = self.streams();
        settings.handshake_deadline = self.login_deadline;
    }

    /// How many files the process may have to open.
    pub(super) fn descriptors(&self) -> usize {
        self.streams().saturating_add(self.sessions).saturating_add(RESERVED_DESCRIPTORS)
    }

    fn streams(&self) -> usize {
        let strangers = self.unauthenticated.saturating_mul(PORTS);
        self.sessions.saturating_add(strangers)
    }
}

impl Builder {
    /// How many bytes may be kept for clients. Default: [`Memory::DEFAULT_LIMITS`].
    #[must_use]
    pub fn memory_limits(mut self, limits: Memory) -> Self {
        self.bounds.memory = limits;
        self
    }

    /// How many sessions there may be at a time; further ones are refused with
    /// `resource-constraint`. Default: 10,000. The limit of files that this process may open is
    /// raised as far as that needs and the system lets it.
    #[must_use]
    pub fn max_sessions(mut self, count: usize) -> Self {
        self.bounds.sessions = count;
        self
    }

    /// How many connections that have not logged in each port may have at a time. Those that were
    /// idle for longest make room; further ones are answered with HTTP 503 or
    /// `resource-constraint`. Default: 4,096.
    #[must_use]
    pub fn max_unauthenticated(mut self, count: usize) -> Self {
        self.bounds.unauthenticated = count.max(1);
        self
    }

    /// How many of these may come from one address. Default: half of them.
    #[must_use]
    pub fn max_unauthenticated_of_address(mut self, count: usize) -> Self {
        self.bounds.of_address = Some(count.max(1));
        self
    }

    /// How long a connection may take until its first request, or until it has logged in. Default:
    /// 30 seconds.
    #[must_use]
    pub fn login_deadline(mut self, deadline: Duration) -> Self {
        self.bounds.login_deadline = deadline;
        self
    }
}
