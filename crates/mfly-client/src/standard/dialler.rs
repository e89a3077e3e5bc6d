//! Reaching the account's server: at the address that was given, or at one of the domain's.

use crate::app::check_clear_text;
use crate::connector::{self, Connector, ConnectorError, Dialled};
use crate::error::Result;
use crate::machine::Redirect;
use async_trait::async_trait;
#[cfg(feature = "srv")]
use mfly_transport::srv;
use mfly_transport::{Address, Options, TransportError, TriedAddresses};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Dials the account's server.
pub(super) struct Dialler {
    target: Target,
    options: Options,
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
    pub(super) fn new(domain: &str, address: Option<&str>, mut options: Options) -> Result<Self> {
        let target = match address {
            Some(address) => {
                let address: Address = address.parse()?;
                check_clear_text(&address, options.allow_cleartext)?;
                Target::Address(address)
            }
            None => Target::of(domain)?,
        };
        // Whatever the host: it has to prove that it serves the domain (RFC 6120 §13.7.2.1).
        options.domain = Some(domain.to_owned());
        options.tried = Some(TriedAddresses::default());
        Ok(Self { target, options, step_by_step: AtomicBool::new(false) })
    }

    /// The host that is asked for, if it was named.
    pub(super) fn host(&self) -> Option<&str> {
        match &self.target {
            Target::Address(address) => Some(address.host()),
            #[cfg(feature = "srv")]
            Target::Domain { .. } => None,
        }
    }

    /// How long reaching a server may take.
    pub(super) fn total_timeout(&self) -> Duration {
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
    ) -> Result<Dialled, TransportError> {
        match self {
            // Clear text may be fine for messages, but never for a password.
            Self::Address(address) => connector::dial(address, redirect, options, false).await,
            #[cfg(feature = "srv")]
            Self::Domain { domain, direct_tls, .. } if redirect.is_some() => {
                let like = Address::tcp(domain, PORT, direct_tls.load(Ordering::Relaxed))?;
                connector::dial(&like, redirect, options, false).await
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

#[async_trait]
impl Connector for Dialler {
    async fn connect(&self, redirect: Option<&Redirect>) -> Result<Dialled, ConnectorError> {
        let mut options = self.options.clone();
        options.expect_start_tls &= !self.step_by_step.load(Ordering::Relaxed);
        let dialled = self.target.connect(redirect, &options).await;
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
