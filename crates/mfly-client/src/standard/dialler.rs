//! Reaching the account's server.

use crate::app::check_clear_text;
use crate::connector::{Connector, ConnectorError, Dialled};
use crate::error::Result;
use crate::session::Redirect;
use async_trait::async_trait;
use mfly_transport::{Address, Options};
use std::time::Duration;

/// Dials the address that was given, or those of the domain.
pub(super) struct Dialler {
    address: Address,
    options: Options,
}

impl Dialler {
    pub(super) fn new(domain: &str, address: Option<&str>, options: Options) -> Result<Self> {
        let address: Address = match address {
            Some(address) => address.parse()?,
            None => format!("wss://{domain}/xmpp-websocket").parse()?,
        };
        check_clear_text(&address, options.allow_cleartext)?;
        Ok(Self { address, options })
    }

    /// The host that is asked for, if it was named.
    pub(super) fn host(&self) -> Option<&str> {
        Some(self.address.host())
    }

    /// How long reaching a server may take.
    pub(super) fn patience(&self) -> Duration {
        let timeouts = self.options.timeouts;
        timeouts
            .dial
            .saturating_add(timeouts.tls)
            .saturating_add(timeouts.handshake)
    }
}

#[async_trait]
impl Connector for Dialler {
    async fn connect(&self, redirect: Option<&Redirect>) -> Result<Dialled, ConnectorError> {
        let address = match redirect {
            Some(redirect) => redirect.address(&self.address)?,
            None => self.address.clone(),
        };
        let connection = mfly_transport::connect(&address, &self.options).await?;
        let confidential =
            address.is_tls() || address.is_loopback() || self.options.allow_cleartext;
        Ok(Dialled::new(connection, confidential))
    }
}
