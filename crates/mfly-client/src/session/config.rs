//! What a session is told at its start.

use super::keepalive::KeepaliveConfig;
use super::reconnect::ReconnectPolicy;
use mfly_proto::jid::BareJid;
use mfly_proto::xml::Limits;
use std::time::Duration;

/// Everything that shapes a session. The defaults of [`Config::new`] behave as the official SDK does, or
/// better where it has no limit at all.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// The own account; its domain is the host that the stream is opened to.
    pub(crate) account: BareJid,
    /// What the resource starts with; a UUID follows. The official SDK: `Web-`.
    pub(crate) resource_prefix: String,
    /// Attempts before the first connection counts as impossible. Default 1.
    pub(crate) first_attempts: u32,
    /// When and how often to connect again.
    pub(crate) reconnect: ReconnectPolicy,
    /// Whether the server is still there.
    pub(crate) keepalive: KeepaliveConfig,
    /// Bound on dialling, TLS and WebSocket handshake together, in case the transport has none. Default 60 s; not
    /// less than the transport's own bounds together.
    pub(crate) connect_timeout: Duration,
    /// Bound on each of opening, authenticating and binding. Default 15 s.
    pub(crate) phase_timeout: Duration,
    /// How long the server may take to close its side. Default 5 s.
    pub(crate) close_timeout: Duration,
    /// Requests that may wait for an answer at one time. Default 1,024.
    pub(crate) max_requests: usize,
    /// Bounds on each received frame.
    pub(crate) limits: Limits,
}

impl Config {
    /// The defaults for this account.
    pub(crate) fn new(account: BareJid) -> Self {
        Self {
            account,
            resource_prefix: "Web-".to_owned(),
            first_attempts: 1,
            reconnect: ReconnectPolicy::default(),
            keepalive: KeepaliveConfig::default(),
            connect_timeout: Duration::from_secs(60),
            phase_timeout: Duration::from_secs(15),
            close_timeout: Duration::from_secs(5),
            max_requests: 1024,
            limits: Limits::default(),
        }
    }
}
