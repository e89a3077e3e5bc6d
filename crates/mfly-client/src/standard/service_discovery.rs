//! The identities and features of a server or another entity (XEP-0030).
//!
//! Wire form: [`mfly_proto::payload::standard::service_discovery`].

use super::session::Session;
use crate::error::Result;
use mfly_proto::jid::Jid;
use mfly_proto::payload::standard::service_discovery::{GetInfo, Info};

impl Session {
    /// The identities and features of an address: a domain, an account or a session.
    ///
    /// # Errors
    /// [`RequestRefused`](crate::ErrorKind::RequestRefused) where the entity does not support it;
    /// otherwise see [`ErrorKind`](crate::ErrorKind).
    pub async fn info(&self, of: &Jid) -> Result<Info> {
        let to = Some(of.clone());
        self.request(&GetInfo { to, node: None }).await
    }
}
