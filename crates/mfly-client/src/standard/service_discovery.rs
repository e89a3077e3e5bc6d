//! What a server, or anybody else, is and can do (XEP-0030).
//!
//! Wire form: [`mfly_proto::payload::standard::service_discovery`].

use super::session::Session;
use crate::error::Result;
use mfly_proto::jid::Jid;
use mfly_proto::payload::standard::service_discovery::{GetInfo, Info};

impl Session {
    /// What this address is and can do: a domain, an account or a session.
    ///
    /// # Errors
    /// [`RequestRefused`](crate::ErrorKind::RequestRefused) where nobody answers that; otherwise
    /// see [`ErrorKind`](crate::ErrorKind).
    pub async fn info(&self, of: &Jid) -> Result<Info> {
        let to = Some(of.clone());
        self.request(&GetInfo { to, node: None }).await
    }
}
