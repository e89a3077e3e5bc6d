//! Limits of a server: memory, connections, sessions.

use super::Builder;
use crate::core::memory::Memory;
use crate::core::world::Settings;
use crate::net::admission::Limits;
use std::time::Duration;

pub(crate) const MAX_SESSIONS: usize = 10_000;

/// The default limit of connections of a kind of port that have not logged in.
pub(crate) const MAX_UNAUTHENTICATED: usize = 4096;

pub(crate) const LOGIN_DEADLINE: Duration = Duration::from_secs(30);

/// File descriptors that the process needs beside its connections.
const RESERVED_DESCRIPTORS: usize = 256;

/// Kinds of ports: HTTP and XMPP over TCP, each with and without TLS.
const PORTS: usize = 4;

#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) memory: Memory,
    sessions: usize,
    /// Connections of each kind of port that have not logged in.
    unauthenticated: usize,
    /// Connections from one address to a kind of port that have not logged in.
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
    pub(super) fn admission(&self) -> Limits {
        Limits {
            of_listener: self.unauthenticated,
            of_address: self.of_address.unwrap_or(self.unauthenticated.div_ceil(2)),
            // A session may have a second connection, for REST.
            known: self.sessions.saturating_mul(2),
            deadline: self.login_deadline,
        }
    }

    /// Sets the limits that the core enforces.
    pub(super) fn apply(&self, settings: &mut Settings) {
        settings.max_sessions = self.sessions;
        settings.max_streams = self.streams();
        settings.handshake_deadline = self.login_deadline;
    }

    /// The largest number of file descriptors that the process needs.
    pub(super) fn descriptors(&self) -> usize {
        self.streams().saturating_add(self.sessions).saturating_add(RESERVED_DESCRIPTORS)
    }

    fn streams(&self) -> usize {
        let strangers = self.unauthenticated.saturating_mul(PORTS);
        self.sessions.saturating_add(strangers)
    }
}

impl Builder {
    /// Limits the memory that is used for clients. Default: [`Memory::DEFAULT_LIMITS`].
    pub fn memory_limits(mut self, limits: Memory) -> Self {
        self.bounds.memory = limits;
        self
    }

    /// Limits the sessions at a time; further ones are refused with `resource-constraint`. Default:
    /// 10,000. The process's limit of open files is raised as far as necessary and allowed.
    pub fn max_sessions(mut self, count: usize) -> Self {
        self.bounds.sessions = count;
        self
    }

    /// Limits the connections of each kind of port that have not logged in. A new connection
    /// replaces the one that has been idle for longest; if there is none, it is refused with HTTP
    /// 503 or `resource-constraint`. Default: 4,096.
    pub fn max_unauthenticated(mut self, count: usize) -> Self {
        self.bounds.unauthenticated = count.max(1);
        self
    }

    /// Limits the connections from one address to a kind of port that have not logged in. Default:
    /// half of [`Builder::max_unauthenticated`].
    pub fn max_unauthenticated_of_address(mut self, count: usize) -> Self {
        self.bounds.of_address = Some(count.max(1));
        self
    }

    /// Limits how long a connection may take until its first request, or until it has logged in.
    /// Default: 30 seconds.
    pub fn login_deadline(mut self, deadline: Duration) -> Self {
        self.bounds.login_deadline = deadline;
        self
    }
}
