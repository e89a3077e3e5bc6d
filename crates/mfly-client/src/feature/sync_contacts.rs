//! Making a registered user a contact.
//!
//! `POST /contacts/sandbox/syncContacts`. Wire form: [`mfly_api::endpoint::sync_contacts`].
//! Official name: `syncContacts`.

use crate::error::Result;
use crate::session::Session;
use mfly_api::endpoint::sync_contacts;
use mfly_proto::jid::UserIdentifier;

impl Session {
    /// Makes the user registered as `identifier` a contact.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    #[doc(alias = "syncContacts")]
    pub async fn sync_contacts(&self, identifier: &UserIdentifier) -> Result<()> {
        let licence_key = self.context().licence_key.clone();
        self.send(&sync_contacts::Request::new(identifier.clone(), licence_key)).await
    }
}
