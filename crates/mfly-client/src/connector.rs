//! How connections are made: a trait, so that an app can make its own.

use crate::machine::Redirect;
use async_trait::async_trait;
use mfly_transport::{Address, Connection, Options, Timeouts, TransportError};
use std::error::Error;
use std::fmt;
use std::time::Duration;

/// The error of a [`Connector`] that could not connect.
pub type ConnectorError = Box<dyn Error + Send + Sync + 'static>;

/// Makes the connections of one session, the first and each later one.
///
/// Implement it to reach a server in a way of your own: through a tunnel, or in memory for a test.
#[async_trait]
pub trait Connector: Send + Sync {
    /// Makes a connection on which the session can open its stream at once: TLS and everything else
    /// below the stream is set up.
    ///
    /// `redirect` is where the server of an earlier connection pointed, if the session's
    /// [`RedirectPolicy`](crate::RedirectPolicy) allows to go there: use it for this one
    /// connection. Dropping the future cancels the attempt.
    ///
    /// # Errors
    /// When no connection can be made. After a failed attempt, another one follows as the
    /// [`ReconnectPolicy`](crate::ReconnectPolicy) says.
    async fn connect(&self, redirect: Option<&Redirect>) -> Result<Dialled, ConnectorError>;

    /// Called when a session is online on the last connection. Until then the server of that
    /// connection may not answer at all, so a connector that knows several addresses should try the
    /// next one. The default does nothing.
    fn succeeded(&self) {}
}

/// A connection, and what is known about it.
#[non_exhaustive]
pub struct Dialled {
    /// The open connection.
    pub connection: Connection,
    /// Whether the connection is encrypted or does not leave this machine. Passwords are sent only
    /// over such a connection.
    pub confidential: bool,
}

impl Dialled {
    /// Wraps an open connection.
    #[must_use]
    pub const fn new(connection: Connection, confidential: bool) -> Self {
        Self { connection, confidential }
    }
}

/// Dials one address, or where its server pointed. Clear text counts as confidential within this
/// machine, and beyond it only if `open_is_fine`.
///
/// # Errors
/// When no connection can be made.
pub(crate) async fn dial(
    address: &Address,
    redirect: Option<&Redirect>,
    options: &Options,
    open_is_fine: bool,
) -> Result<Dialled, TransportError> {
    let address = match redirect {
        Some(redirect) => &redirect.address(address)?,
        None => address,
    };
    let connection = mfly_transport::connect(address, options).await?;
    let is_encrypted = connection.security().is_some();
    let confidential = is_encrypted || address.is_loopback() || open_is_fine;
    Ok(Dialled::new(connection, confidential))
}

/// The time-outs of all stages together.
pub(crate) fn total_timeout(timeouts: Timeouts) -> Duration {
    let Timeouts { dial, tls, handshake } = timeouts;
    dial.saturating_add(tls).saturating_add(handshake)
}

impl fmt::Debug for Dialled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dialled").field("confidential", &self.confidential).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_outs_of_the_stages_add_up() {
        let timeouts = |dial| Timeouts { dial, ..Timeouts::default() };
        assert_eq!(total_timeout(timeouts(Duration::from_secs(90))), Duration::from_secs(110));
        assert_eq!(total_timeout(timeouts(Duration::MAX)), Duration::MAX);
    }
}
