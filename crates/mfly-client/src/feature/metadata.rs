//! Up to three named values that an app attaches to its user.
//!
//! `GET /users/getMetaData`, `PUT /users/updateMetaData`. Wire form:
//! [`mfly_api::endpoint::metadata`]. Official names: `getMetaData`, `updateMetaData`.

use crate::error::Result;
use crate::session::Session;
use mfly_api::Metadata;
use mfly_api::endpoint::metadata;

impl Session {
    /// The own user's metadata.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    #[doc(alias = "getMetaData")]
    pub async fn metadata(&self) -> Result<Metadata> {
        Ok(self.send(&metadata::GetRequest).await?.metadata)
    }

    /// Replaces the own user's metadata and returns what is stored now.
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for values that cannot be sent;
    /// otherwise see [`ErrorKind`](crate::ErrorKind).
    #[doc(alias = "updateMetaData")]
    pub async fn update_metadata(&self, metadata: &Metadata) -> Result<Metadata> {
        Ok(self.send(&metadata::UpdateRequest::new(metadata.clone())?).await?.metadata)
    }
}
