//! Reaching the account's server.

use crate::app::check_clear_text;
use crate::connector::{self, Connector, ConnectorError, Dialled};
use crate::error::Result;
use crate::session::Redirect;
use async_trait::async_trait;
use mfly_transport::{Address, Options, TransportError};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Dials the address that was given, or those of the domain.
pub(super) struct Dialler {
    address: Address,
    options: Options,
    /// Set when asking for STARTTLS without waiting for the offer did not work.
    step_by_step: AtomicBool,
}

/// Where a domain's server is when nothing else is known (RFC 6120 §3.2.2).
const PORT: u16 = 5222;

impl Dialler {
    pub(super) fn new(domain: &str, address: Option<&str>, mut options: Options) -> Result<Self> {
        let address: Address = match address {
            Some(address) => address.parse()?,
            None => Address::tcp(domain, PORT, false)?,
        };
        check_clear_text(&address, options.allow_cleartext)?;
        // Whatever the host: it has to prove that it serves the domain (RFC 6120 §13.7.2.1).
        options.domain = Some(domain.to_owned());
        Ok(Self {
            address,
            options,
            step_by_step: AtomicBool::new(false),
        })
    }

    /// The host that is asked for.
    pub(super) fn host(&self) -> &str {
        self.address.host()
    }

    /// How long reaching a server may take.
    pub(super) fn patience(&self) -> Duration {
        connector::patience(self.options.timeouts)
    }
}

#[async_trait]
impl Connector for Dialler {
    async fn connect(&self, redirect: Option<&Redirect>) -> Result<Dialled, ConnectorError> {
        let mut options = self.options.clone();
        options.expect_start_tls &= !self.step_by_step.load(Ordering::Relaxed);
        let dialled = connector::dial(&self.address, redirect, &options, false).await;
        if matches!(dialled, Err(TransportError::StartTls { .. })) {
            self.step_by_step.store(true, Ordering::Relaxed);
        }
        Ok(dialled?)
    }
}
