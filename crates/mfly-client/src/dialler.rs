//! The connector of every session without one of its own: it reaches the server at a given address,
//! or at one of the domain's.

use crate::connector::{self, Connector, ConnectorError, Dialled};
use crate::error::Result;
use crate::machine::{Config, Redirect};
use async_trait::async_trait;
use mfly_proto::argument::InvalidArgument;
#[cfg(feature = "srv")]
use mfly_transport::srv;
use mfly_transport::{Address, Options, Scheme, TransportError, TriedAddresses};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Dials the server of one account.
pub(crate) struct Dialler {
    target: Target,
    options: Options,
    /// Whether a connection in clear text may carry the password.
    clear_is_confidential: bool,
    /// Set when asking for STARTTLS without waiting for the offer did not work.
    step_by_step: AtomicBool,
}

enum Target {
    Address(Address),
    /// Wherever the domain's SRV records lead.
    #[cfg(feature = "srv")]
    Domain {
        domain: String,
        resolver: Option<Box<srv::Resolver>>,
        /// Whether the last connection had TLS from the start.
        direct_tls: AtomicBool,
    },
}

/// Where a domain's server is when nothing else is known (RFC 6120 §3.2.2).
const PORT: u16 = 5222;

impl Dialler {
    /// Dials this address.
    pub(crate) fn to_address(domain: &str, address: Address, options: Options) -> Self {
        Self::new(domain, Target::Address(address), options)
    }

    /// Dials wherever the domain's server is.
    ///
    /// # Errors
    /// When the domain cannot be dialled.
    pub(crate) fn to_domain(domain: &str, options: Options) -> Result<Self> {
        Ok(Self::new(domain, Target::of(domain)?, options))
    }

    fn new(domain: &str, target: Target, mut options: Options) -> Self {
        // The server must prove that it serves the domain, whatever its host (RFC 6120 §13.7.2.1).
        options.domain = Some(domain.to_owned());
        options.tried = Some(TriedAddresses::default());
        Self { target, options, clear_is_confidential: false, step_by_step: AtomicBool::new(false) }
    }

    /// Lets the password cross clear text where the options allow clear text at all. For platform
    /// sessions: the password of a live licence is sealed.
    pub(crate) fn with_sealed_password(mut self) -> Self {
        self.clear_is_confidential = self.options.allow_cleartext;
        self
    }

    /// Tells the machine the host that is asked for and how long reaching it may take.
    pub(crate) fn into_connector(self, config: &mut Config) -> Arc<dyn Connector> {
        #[cfg_attr(not(feature = "srv"), expect(irrefutable_let_patterns, reason = "one target"))]
        if let Target::Address(address) = &self.target {
            config.home.push(address.host().to_owned());
        }
        config.connect_timeout = config.connect_timeout.max(self.total_timeout());
        Arc::new(self)
    }

    /// How long reaching a server may take.
    fn total_timeout(&self) -> Duration {
        let one = connector::total_timeout(self.options.timeouts);
        match &self.target {
            Target::Address(_) => one,
            // Looking up, and some servers that do not answer.
            #[cfg(feature = "srv")]
            Target::Domain { .. } => one.saturating_mul(4),
        }
    }
}

impl Target {
    #[cfg(feature = "srv")]
    fn of(domain: &str) -> Result<Self> {
        // Refused here and not at each attempt.
        Address::tcp(domain, PORT, false)?;
        Ok(Self::Domain {
            domain: domain.to_owned(),
            resolver: srv::Resolver::system().ok().map(Box::new),
            direct_tls: AtomicBool::new(false),
        })
    }

    #[cfg(not(feature = "srv"))]
    fn of(domain: &str) -> Result<Self> {
        Ok(Self::Address(Address::tcp(domain, PORT, false)?))
    }

    async fn connect(
        &self,
        redirect: Option<&Redirect>,
        options: &Options,
        clear_is_confidential: bool,
    ) -> Result<Dialled, TransportError> {
        match self {
            Self::Address(address) => {
                connector::dial(address, redirect, options, clear_is_confidential).await
            }
            #[cfg(feature = "srv")]
            Self::Domain { domain, direct_tls, .. } if redirect.is_some() => {
                let like = Address::tcp(domain, PORT, direct_tls.load(Ordering::Relaxed))?;
                connector::dial(&like, redirect, options, clear_is_confidential).await
            }
            #[cfg(feature = "srv")]
            Self::Domain { domain, resolver, direct_tls } => {
                let connection = srv::connect_domain(domain, options, resolver.as_deref()).await?;
                let security = connection.security();
                let has_alpn = security.is_some_and(|security| security.alpn.is_some());
                direct_tls.store(has_alpn, Ordering::Relaxed);
                let confidential = security.is_some();
                Ok(Dialled::new(connection, confidential))
            }
        }
    }
}

/// Refuses an XMPP address that would carry clear text beyond this machine.
pub(crate) fn check_clear_text(address: &Address, allowed: bool) -> Result<(), InvalidArgument> {
    // TCP is secured by STARTTLS.
    if address.scheme() != Scheme::Ws || address.is_loopback() || allowed {
        return Ok(());
    }
    Err(InvalidArgument::new(
        "address",
        "ws:// would send passwords unprotected; use wss://, xmpps:// or xmpp://, or allow cleartext",
    ))
}

#[async_trait]
impl Connector for Dialler {
    async fn connect(&self, redirect: Option<&Redirect>) -> Result<Dialled, ConnectorError> {
        let mut options = self.options.clone();
        options.expect_start_tls &= !self.step_by_step.load(Ordering::Relaxed);
        let dialled = self.target.connect(redirect, &options, self.clear_is_confidential).await;
        if matches!(dialled, Err(TransportError::StartTls { .. })) {
            self.step_by_step.store(true, Ordering::Relaxed);
        }
        Ok(dialled?)
    }

    fn succeeded(&self) {
        if let Some(tried) = &self.options.tried {
            tried.clear();
        }
    }
}
