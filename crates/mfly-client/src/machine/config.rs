//! The configuration of a session.

use super::backoff::ReconnectPolicy;
use super::keepalive::KeepaliveConfig;
use super::known_server::KnownServer;
use super::redirect::RedirectPolicy;
use mfly_proto::framing::ReceiveLimits;
use mfly_proto::jid::BareJid;
use mfly_proto::sasl::MechanismPolicy;
use mfly_proto::sasl::scram::ITERATIONS;
use std::ops::RangeInclusive;
use std::time::Duration;

/// The configuration of a session. The defaults of [`Config::platform`] are those of the official
/// SDK, with limits where it has none.
#[derive(Clone, Debug)]
pub struct Config {
    /// The own account; its domain is the host that the stream is opened to. An account without
    /// local part is a guest, whose address the server assigns.
    pub account: BareJid,
    /// Which pushes are understood, and from which senders they are accepted.
    pub dialect: Dialect,
    /// The resource part of the session's address.
    pub resource: Resource,
    /// Whether each connection announces itself as available.
    pub presence: bool,
    /// Whether each connection asks for copies of messages of the account's other sessions
    /// (XEP-0280).
    pub carbons: bool,
    /// Which authentication mechanisms are allowed. The platform's password changes with each
    /// attempt, which only PLAIN can carry.
    pub mechanisms: MechanismPolicy,
    /// Whether a mechanism may be used that is weaker than that of an earlier login.
    pub accepts_weaker: bool,
    /// The iteration counts of SCRAM that are accepted.
    pub iterations: RangeInclusive<u32>,
    /// Whether SASL2 (XEP-0388) is used where it is offered.
    pub sasl2: bool,
    /// What the server offered to an earlier session.
    pub known: Option<KnownServer>,
    /// Whether steps of logging in are sent together to save round trips. The official SDK sends
    /// them one by one.
    pub pipelined: bool,
    /// Which redirects to another server are followed.
    pub redirects: RedirectPolicy,
    /// The hosts that count as the own domain: the account's, and the host of the address that the
    /// session connects to.
    pub home: Vec<String>,
    /// Failed attempts at the first connection after which the session ends. Default 1.
    pub first_attempts: u32,
    /// When and how often the session connects again.
    pub reconnect: ReconnectPolicy,
    /// When the server is pinged, and how long its answer may take.
    pub keepalive: KeepaliveConfig,
    /// Time limit of making a connection, below the stream. Default 60 s; not less than the sum of
    /// the transport's own limits.
    pub connect_timeout: Duration,
    /// Time limit of each of opening the stream, authentication and binding. Default 15 s.
    pub phase_timeout: Duration,
    /// How long the server may take to close its side of the stream. Default 5 s.
    pub close_timeout: Duration,
    /// Requests that may wait for an answer at one time. Default 1,024.
    pub max_requests: usize,
    /// Whether the `from` of the server's stream header has to be the account's domain.
    pub check_stream_from: bool,
    /// Requests that may wait for a connection at one time. They are sent together once it is made,
    /// so the driver's write queue has to hold them. Default 128.
    pub max_waiting: usize,
    /// Limits of what is read from the server.
    pub limits: ReceiveLimits,
}

/// The extensions of XMPP that a session understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// The platform's extensions.
    Platform,
    /// None: RFC 6121 and XEPs alone.
    Standard,
}

/// How the resource part of a session's address is chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resource {
    /// The prefix and a UUID, new for each connection. The official SDK: `Web-`.
    OfConnection(String),
    /// The prefix and a UUID that the whole session keeps: a new connection replaces the one
    /// before, whose loss the server may not have noticed yet.
    OfSession(String),
    /// Exactly this resource, even if another session uses it.
    Exactly(String),
}

impl Config {
    /// The defaults for this account of the platform.
    pub fn platform(account: BareJid) -> Self {
        Self {
            home: vec![account.domain().to_owned()],
            account,
            dialect: Dialect::Platform,
            resource: Resource::OfConnection("Web-".to_owned()),
            presence: true,
            carbons: true,
            mechanisms: MechanismPolicy::plain(),
            accepts_weaker: false,
            iterations: ITERATIONS,
            sasl2: false,
            known: None,
            pipelined: false,
            redirects: RedirectPolicy::default(),
            first_attempts: 1,
            reconnect: ReconnectPolicy::default(),
            keepalive: KeepaliveConfig::default(),
            connect_timeout: Duration::from_secs(60),
            phase_timeout: Duration::from_secs(15),
            close_timeout: Duration::from_secs(5),
            max_requests: 1024,
            check_stream_from: true,
            max_waiting: 128,
            limits: ReceiveLimits::default(),
        }
    }

    /// The defaults for this account of any server.
    pub fn standard(account: BareJid) -> Self {
        Self {
            dialect: Dialect::Standard,
            resource: Resource::OfSession("mfly-".to_owned()),
            mechanisms: MechanismPolicy::password(),
            sasl2: true,
            pipelined: true,
            ..Self::platform(account)
        }
    }
}
