//! Is somebody there (XEP-0199)?
//!
//! Wire form: [`mfly_proto::payload::ping`]. Pings of others are answered by the session itself.

use super::session::Session;
use crate::error::Result;
use mfly_proto::jid::Jid;
use mfly_proto::payload::ping::Ping;

impl Session {
    /// Asks for a sign of life: the own server, or somebody by their full address.
    ///
    /// # Errors
    /// When none comes in time; otherwise see [`ErrorKind`](crate::ErrorKind).
    pub async fn ping(&self, to: Option<&Jid>) -> Result<()> {
        self.request(&Ping { to: to.cloned() }).await
    }
}
