//! Who connects, to where, and how.

use super::connecting::Connecting;
use crate::connector::Connector;
use crate::machine::{Config, KnownServer};
use crate::options::{DialOptions, SessionOptions, dial_options, session_options};
use mfly_proto::jid::BareJid;
use mfly_proto::sasl::{MechanismKind, MechanismPolicy};
use mfly_proto::secret::Password;
use mfly_transport::StartTls;
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;

/// An account on an XMPP server, and how to connect it.
///
/// It can be kept and connected again; clones share nothing but the connector.
#[derive(Clone)]
#[must_use = "call connect"]
pub struct Account {
    pub(super) config: Config,
    pub(super) password: Option<Password>,
    pub(super) address: Option<String>,
    pub(super) connector: Option<Arc<dyn Connector>>,
    pub(super) resource: Option<String>,
    pub(super) dial: DialOptions,
    pub(super) options: SessionOptions,
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

    /// An account that authenticates in this way.
    pub fn with_authentication(jid: BareJid, authentication: Authentication) -> Self {
        let mut config = Config::standard(jid);
        let password = match authentication {
            Authentication::Password(password) => Some(password),
            Authentication::External => {
                config.mechanisms = MechanismPolicy::external();
                None
            }
            Authentication::Anonymous => {
                config.mechanisms = MechanismPolicy::anonymous();
                None
            }
        };
        Self {
            config,
            password,
            address: None,
            connector: None,
            resource: None,
            dial: DialOptions::default(),
            options: SessionOptions::new(true),
        }
    }

    dial_options!();

    session_options!();

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

    /// Whether an `xmpp://` connection is secured. Default: it is, or there is none. A connection
    /// that is not takes [`Account::allow_cleartext`], or an address within this machine.
    pub fn start_tls(mut self, start_tls: StartTls) -> Self {
        self.dial.start_tls = start_tls;
        self
    }

    /// Which ways to authenticate will do. Default, with a password: the strongest SCRAM that both
    /// sides can, bound to the TLS connection if possible; PLAIN where a server has nothing better,
    /// and never over clear text.
    pub fn mechanisms(mut self, policy: MechanismPolicy) -> Self {
        self.config.mechanisms = policy;
        self
    }

    /// Authenticates by this mechanism or not at all.
    pub fn pin_mechanism(mut self, mechanism: MechanismKind) -> Self {
        self.config.mechanisms = self.config.mechanisms.pinned(mechanism);
        self
    }

    /// How many rounds of its hash SCRAM may take: too few and the password could be guessed from
    /// what is said, too many and this machine is kept busy. Default: 4,096 to 600,000.
    pub fn scram_iterations(mut self, iterations: RangeInclusive<u32>) -> Self {
        self.config.iterations = iterations;
        self
    }

    /// What an earlier session found out about the server
    /// ([`Session::known_server`](super::Session::known_server)). Ignored if it is about another
    /// domain.
    pub fn known_server(mut self, known: Option<KnownServer>) -> Self {
        self.config.known = known;
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
        self.config.accepts_weaker = accept;
        self
    }

    /// The resource to ask for. Without one the session makes one up and keeps it over reconnects.
    pub fn resource(mut self, resource: &str) -> Self {
        self.resource = Some(resource.to_owned());
        self
    }

    /// How many events each subscription holds before it loses the oldest. Default 256.
    pub fn event_capacity(mut self, capacity: usize) -> Self {
        self.options.event_capacity = capacity;
        self
    }

    /// Whether each connection announces itself as available. Without that the server sends no
    /// messages and no presence, until [`Session::set_presence`](super::Session::set_presence).
    /// Default `true`.
    pub fn initial_presence(mut self, announce: bool) -> Self {
        self.config.presence = announce;
        self
    }

    /// Whether each connection asks for copies of what other sessions of the account send and
    /// receive (XEP-0280). Default `true`.
    pub fn carbons(mut self, enable: bool) -> Self {
        self.config.carbons = enable;
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
            .field("jid", &self.config.account)
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}
