//! Pings (XEP-0199).
//!
//! Wire form: [`mfly_proto::payload::ping`]. Pings of others are answered by the session itself.

use super::session::Session;
use crate::error::Result;
use mfly_proto::jid::Jid;
use mfly_proto::payload::ping::Ping;

impl Session {
    /// Pings the own server, or another entity by its full address.
    ///
    /// # Errors
    /// [`Timeout`](crate::ErrorKind::Timeout) without an answer in time; otherwise see
    /// [`ErrorKind`](crate::ErrorKind).
    pub async fn ping(&self, to: Option<&Jid>) -> Result<()> {
        self.request(&Ping { to: to.cloned() }).await
    }
}
