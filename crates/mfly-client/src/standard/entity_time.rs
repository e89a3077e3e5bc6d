//! What time it is elsewhere (XEP-0202).
//!
//! Wire form: [`mfly_proto::payload::entity_time`].

use super::session::Session;
use crate::error::Result;
use mfly_proto::jid::{BareJid, Jid};
use mfly_proto::payload::entity_time::{EntityTime, EntityTimeQuery};

impl Session {
    /// What time it is at the own server, or at somebody else's.
    ///
    /// # Errors
    /// [`RequestRefused`](crate::ErrorKind::RequestRefused) where nobody answers that; otherwise see
    /// [`ErrorKind`](crate::ErrorKind).
    pub async fn entity_time(&self, of: Option<&Jid>) -> Result<EntityTime> {
        // Without an address some servers take the question as one to the account, which has no clock.
        let to = match of {
            Some(of) => of.clone(),
            None => BareJid::new(self.jid().domain())?.into(),
        };
        self.request(&EntityTimeQuery { to: Some(to) }).await
    }
}
