//! When an account was last online (XEP-0012).
//!
//! Wire form: [`mfly_proto::payload::last_seen`].

use super::session::Session;
use crate::error::Result;
use mfly_proto::jid::BareJid;
use mfly_proto::payload::last_seen::{GetLastSeen, LastSeen};

impl Session {
    /// When an account was last online: seconds ago, 0 while online. Of a server: how long it has
    /// been running.
    ///
    /// # Errors
    /// [`RequestRefused`](crate::ErrorKind::RequestRefused) when the account is unknown or may not
    /// be seen: most servers tell only those who see its presence. Otherwise see
    /// [`ErrorKind`](crate::ErrorKind).
    pub async fn last_seen(&self, user: &BareJid) -> Result<LastSeen> {
        self.request(&GetLastSeen::new(user.clone())).await
    }
}
