//! The clock of a server or of another entity (XEP-0202).
//!
//! Wire form: [`mfly_proto::payload::standard::entity_time`].

use super::session::Session;
use crate::error::Result;
use mfly_proto::jid::Jid;
use mfly_proto::payload::standard::entity_time::{EntityTime, GetEntityTime};

impl Session {
    /// The time of the own server, or of another entity.
    ///
    /// # Errors
    /// [`RequestRefused`](crate::ErrorKind::RequestRefused) where the entity does not support it;
    /// otherwise see [`ErrorKind`](crate::ErrorKind).
    pub async fn entity_time(&self, of: Option<&Jid>) -> Result<EntityTime> {
        // Servers need not answer in the own account's name: ejabberd does not.
        let to = of.cloned().map_or_else(|| self.server(), Ok)?;
        self.request(&GetEntityTime { to: Some(to) }).await
    }
}
