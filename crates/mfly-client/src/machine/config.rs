//! What a session is told at its start.

use super::keepalive::KeepaliveConfig;
use super::known_server::KnownServer;
use super::pace::ReconnectPolicy;
use super::redirect::RedirectPolicy;
use mfly_proto::framing::ReceiveLimits;
use mfly_proto::jid::BareJid;
use mfly_proto::sasl::MechanismPolicy;
use mfly_proto::sasl::scram::ITERATIONS;
use std::ops::RangeInclusive;
use std::time::Duration;

/// Everything that shapes a session. The defaults of [`Config::platform`] behave as the official
/// SDK does, or better where it has no limit at all.
#[derive(Clone, Debug)]
pub struct Config {
    /// The own account; its domain is the host that the stream is opened to. Without local part: a
    /// guest, whose address the server makes up.
    pub account: BareJid,
    /// Whose news are understood and believed.
    pub dialect: Dialect,
    /// What the address of the session ends with.
    pub resource: Resource,
    /// Whether each connection announces itself as available.
    pub presence: bool,
    /// Whether each connection asks for copies of the messages of other sessions.
    pub carbons: bool,
    /// Which ways to authenticate will do. The platform's password changes with each attempt, which
    /// only PLAIN can carry.
    pub mechanisms: MechanismPolicy,
    /// Whether a server may offer weaker mechanisms than an earlier login used.
    pub accepts_weaker: bool,
    /// How many rounds of its hash SCRAM may take.
    pub iterations: RangeInclusive<u32>,
    /// Whether SASL2 (XEP-0388) is used where it is offered.
    pub sasl2: bool,
    /// What an earlier session found out about the server.
    pub known: Option<KnownServer>,
    /// Whether steps that follow from each other leave together. The official SDK takes them one by
    /// one.
    pub pipelined: bool,
    /// Which pointers to another server are followed.
    pub redirects: RedirectPolicy,
    /// The hosts that count as the own domain: the account's, and the one that is asked for.
    pub home: Vec<String>,
    /// Attempts before the first connection counts as impossible. Default 1.
    pub first_attempts: u32,
    /// When and how often to connect again.
    pub reconnect: ReconnectPolicy,
    /// Whether the server is still there.
    pub keepalive: KeepaliveConfig,
    /// Bound on everything below the stream together, in case the transport has none. Default 60 s;
    /// not less than the transport's own bounds together.
    pub connect_timeout: Duration,
    /// Bound on each of opening, authenticating and binding. Default 15 s.
    pub phase_timeout: Duration,
    /// How long the server may take to close its side. Default 5 s.
    pub close_timeout: Duration,
    /// Requests that may wait for an answer at one time. Default 1,024.
    pub max_requests: usize,
    /// Whether the sender of the server's stream header has to be the account's domain.
    pub check_stream_from: bool,
    /// Requests that may wait for a connection at one time. They leave together once it stands, so
    /// they have to fit into what the driver queues for the wire. Default 128.
    pub max_waiting: usize,
    /// How much is accepted from the server.
    pub limits: ReceiveLimits,
}

/// What a session speaks besides XMPP itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// The platform's extensions.
    Platform,
    /// Nothing: RFC 6121 and XEPs.
    Standard,
}

/// What the address of a session ends with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resource {
    /// The prefix and a UUID, new for each connection. The official SDK: `Web-`.
    OfConnection(String),
    /// The prefix and a UUID, the same for the whole session: a connection takes the place of the
    /// one before, which the server may not have missed yet.
    OfSession(String),
    /// This, whoever else uses it.
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
