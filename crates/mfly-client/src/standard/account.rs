//! Who connects, to where, and how.

use super::connecting::Connecting;
use crate::connector::Connector;
use crate::machine::{KeepaliveConfig, KnownServer, ReconnectPolicy, RedirectPolicy};
use crate::timeouts::Timeouts;
use mfly_proto::framing::ReceiveLimits;
use mfly_proto::jid::BareJid;
use mfly_proto::sasl::scram::ITERATIONS;
use mfly_proto::sasl::{MechanismKind, MechanismPolicy};
use mfly_proto::secret::Password;
use mfly_transport::{Proxy, StartTls, Tls};
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

/// An account on an XMPP server, and how to connect it.
///
/// It can be kept and connected again; clones share nothing but the connector.
#[derive(Clone)]
#[must_use = "call connect"]
pub struct Account {
    pub(super) jid: BareJid,
    pub(super) authentication: Authentication,
    pub(super) address: Option<String>,
    pub(super) connector: Option<Arc<dyn Connector>>,
    pub(super) tls: Option<Tls>,
    pub(super) timeouts: Timeouts,
    pub(super) proxy: Option<Proxy>,
    pub(super) start_tls: StartTls,
    pub(super) mechanisms: MechanismPolicy,
    pub(super) iterations: RangeInclusive<u32>,
    pub(super) known: Option<KnownServer>,
    pub(super) accepts_weaker: bool,
    pub(super) allow_cleartext: bool,
    pub(super) resource: Option<String>,
    pub(super) pipelined: bool,
    pub(super) redirects: RedirectPolicy,
    pub(super) reconnect: ReconnectPolicy,
    pub(super) keepalive: KeepaliveConfig,
    pub(super) attempts: u32,
    pub(super) request_timeout: Duration,
    pub(super) fail_fast: bool,
    pub(super) event_capacity: usize,
    pub(super) presence: bool,
    pub(super) carbons: bool,
    pub(super) limits: ReceiveLimits,
}

/// How the server is to know who connects.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Authentication {
    /// With a password: by SCRAM where the server can, otherwise by PLAIN if the policy allows it.
    Password(Password),
    /// The connection itself says who it is, most often by a client certificate (SASL EXTERNAL).
    External,
    /// Not at all: the server makes up an address (SASL ANONYMOUS, RFC 4505).
    Anonymous,
}

impl Account {
    /// An account with a password.
    pub fn new(jid: BareJid, password: Password) -> Self {
        Self::with_authentication(jid, Authentication::Password(password))
    }

    /// An account that its connection identifies, most often by a certificate:
    /// [`Tls::with_identity`](crate::Tls::with_identity).
    pub fn external(jid: BareJid) -> Self {
        Self::with_authentication(jid, Authentication::External)
    }

    /// A guest of this server, `domain` alone. [`Session::jid`](super::Session::jid) tells the
    /// address that it got.
    pub fn anonymous(domain: BareJid) -> Self {
        Self::with_authentication(domain, Authentication::Anonymous)
    }

    /// An account that is known in this way.
    pub fn with_authentication(jid: BareJid, authentication: Authentication) -> Self {
        let mechanisms = match &authentication {
            Authentication::Password(_) => MechanismPolicy::password(),
            Authentication::External => MechanismPolicy::external(),
            Authentication::Anonymous => MechanismPolicy::anonymous(),
        };
        Self {
            jid,
            authentication,
            address: None,
            connector: None,
            tls: None,
            timeouts: Timeouts::default(),
            proxy: None,
            start_tls: StartTls::default(),
            mechanisms,
            iterations: ITERATIONS,
            known: None,
            accepts_weaker: false,
            allow_cleartext: false,
            resource: None,
            pipelined: true,
            redirects: RedirectPolicy::default(),
            reconnect: ReconnectPolicy::default(),
            keepalive: KeepaliveConfig::default(),
            attempts: 1,
            request_timeout: Duration::from_secs(15),
            fail_fast: false,
            event_capacity: 256,
            presence: true,
            carbons: true,
            limits: ReceiveLimits::default(),
        }
    }

    /// Connects to this address instead of looking for the domain's own: `xmpp://host[:port]`
    /// (STARTTLS), `xmpps://host[:port]` (TLS from the start), `wss://host[:port]/path`, or
    /// `ws://…` within this machine.
    pub fn address(mut self, address: &str) -> Self {
        self.address = Some(address.to_owned());
        self
    }

    /// Makes the connections in another way. Address, TLS, proxy and time-outs then mean nothing.
    pub fn connector(mut self, connector: Arc<dyn Connector>) -> Self {
        self.connector = Some(connector);
        self
    }

    /// Which servers to trust. Unless set, those that the operating system trusts.
    pub fn tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// How long each step of reaching the server may take.
    pub fn timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Goes through a proxy.
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = Some(proxy);
        self
    }

    /// Whether an `xmpp://` connection is secured. Default: it is, or there is none. A connection
    /// that is not takes [`Account::allow_cleartext`], or an address within this machine.
    pub fn start_tls(mut self, start_tls: StartTls) -> Self {
        self.start_tls = start_tls;
        self
    }

    /// Which ways to authenticate will do. Default, with a password: the strongest SCRAM that both
    /// sides can, bound to the TLS connection if possible; PLAIN where a server has nothing better,
    /// and never over clear text.
    pub fn mechanisms(mut self, policy: MechanismPolicy) -> Self {
        self.mechanisms = policy;
        self
    }

    /// Authenticates by this mechanism or not at all.
    pub fn pin_mechanism(mut self, mechanism: MechanismKind) -> Self {
        self.mechanisms = self.mechanisms.pinned(mechanism);
        self
    }

    /// How many rounds of its hash SCRAM may take: too few and the password could be guessed from
    /// what is said, too many and this machine is kept busy. Default: 4,096 to 600,000.
    pub fn scram_iterations(mut self, iterations: RangeInclusive<u32>) -> Self {
        self.iterations = iterations;
        self
    }

    /// What an earlier session found out about the server
    /// ([`Session::known_server`](super::Session::known_server)). Ignored if it is about another
    /// domain.
    pub fn known_server(mut self, known: Option<KnownServer>) -> Self {
        self.known = known;
        self
    }

    /// Whether the server may offer weaker mechanisms than an earlier login used. Default `false`:
    /// it is refused, because an attacker in between could make it seem so, and after five such
    /// offers in a row the session ends with
    /// [`LoginFailure::MechanismRefused`](crate::LoginFailure::MechanismRefused), which names both.
    /// Servers do change, for example with the form in which they keep passwords: ask the user or
    /// the operator, then connect with `true` once. What is used then is remembered from then on.
    /// [`Account::mechanisms`] bounds it in any case.
    ///
    /// A server that vouches for its offer (XEP-0474) is held to it whatever is set here. What is
    /// remembered is a least, not a pin: stronger mechanisms are used as soon as they are offered.
    pub fn accept_weaker(mut self, accept: bool) -> Self {
        self.accepts_weaker = accept;
        self
    }

    /// Whether clear text may leave this machine. Messages can then be read on the way; a password
    /// still does not go that way as it is. Default `false`.
    pub fn allow_cleartext(mut self, allow: bool) -> Self {
        self.allow_cleartext = allow;
        self
    }

    /// The resource to ask for. Without one the session makes one up and keeps it over reconnects.
    pub fn resource(mut self, resource: &str) -> Self {
        self.resource = Some(resource.to_owned());
        self
    }

    /// Whether steps that follow from each other leave together, which saves round trips. What the
    /// server then says is checked all the same. Default `true`.
    pub fn pipelined(mut self, pipelined: bool) -> Self {
        self.pipelined = pipelined;
        self
    }

    /// Which pointers to another server are followed. Default: those within the own domain.
    pub fn redirects(mut self, policy: RedirectPolicy) -> Self {
        self.redirects = policy;
        self
    }

    /// When and how often to connect again after a loss. Default: for ever, with growing waits up
    /// to a minute.
    pub fn reconnect(mut self, policy: ReconnectPolicy) -> Self {
        self.reconnect = policy;
        self
    }

    /// When a silent server counts as gone. Default: 30 s of silence, then 10 s to answer.
    pub fn keepalive(mut self, keepalive: KeepaliveConfig) -> Self {
        self.keepalive = keepalive;
        self
    }

    /// How many attempts may fail before the first connection counts as impossible. Default 1.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// How long each request may take. Default 15 s.
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = timeout;
        self
    }

    /// Whether a request that is made while the session reconnects fails at once, with
    /// [`NotConnected`](crate::ErrorKind::NotConnected). Otherwise it waits for the next
    /// connection, until its own deadline; 128 may wait at a time. Default `false`. For single
    /// calls: [`Session::with_fail_fast`](super::Session::with_fail_fast).
    pub fn fail_fast(mut self, fail_fast: bool) -> Self {
        self.fail_fast = fail_fast;
        self
    }

    /// How many events each subscription holds before it loses the oldest. Default 256.
    pub fn event_capacity(mut self, capacity: usize) -> Self {
        self.event_capacity = capacity;
        self
    }

    /// Whether each connection announces itself as available. Without that the server sends no
    /// messages and no presence, until [`Session::set_presence`](super::Session::set_presence).
    /// Default `true`.
    pub fn initial_presence(mut self, announce: bool) -> Self {
        self.presence = announce;
        self
    }

    /// Whether each connection asks for copies of what other sessions of the account send and
    /// receive (XEP-0280). Default `true`.
    pub fn carbons(mut self, enable: bool) -> Self {
        self.carbons = enable;
        self
    }

    /// How much the session accepts from the server at once; [`ReceiveLimits`] says what the
    /// defaults fit and what raising them costs. What exceeds a limit is skipped
    /// ([`Event::StanzaSkipped`](super::Event::StanzaSkipped)), or fails the request that it
    /// answers ([`AnswerTooLarge`](crate::ErrorKind::AnswerTooLarge)).
    ///
    /// With [`Account::connector`], give the connections the same limits.
    pub fn limits(mut self, limits: ReceiveLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Connects; await it. Dropping the future gives up.
    ///
    /// # Errors
    /// Awaiting fails with [`InvalidArgument`](crate::ErrorKind::InvalidArgument),
    /// [`InvalidCredentials`](crate::ErrorKind::InvalidCredentials),
    /// [`Network`](crate::ErrorKind::Network), or as [`ErrorKind`](crate::ErrorKind) lists.
    pub fn connect(&self) -> Connecting {
        Connecting::new(self.clone())
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("jid", &self.jid)
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}
