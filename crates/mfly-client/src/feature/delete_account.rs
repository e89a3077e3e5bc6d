//! Deleting the own account.
//!
//! `POST /users/deleteMyAccount {"reason":…,"feedback":…}`. Wire form:
//! [`mfly_api::endpoint::delete_account`]. Official name: `deleteMyAccount`.

use crate::error::Result;
use crate::machine::EndReason;
use crate::session::Session;
use mfly_api::endpoint::delete_account;

impl Session {
    /// Deletes the own account with everything in it, and ends the session with
    /// [`EndReason::AccountDeleted`]. There is no way back.
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) when `reason` is empty; otherwise see
    /// [`ErrorKind`](crate::ErrorKind). The account then still exists, unless the answer was lost.
    #[doc(alias = "deleteMyAccount")]
    pub async fn delete_account(&self, reason: &str, feedback: Option<&str>) -> Result<()> {
        let request = delete_account::Request::new(reason)?.feedback(feedback.unwrap_or_default());
        self.send(&request).await?;
        self.shared().api.clear_token();
        self.end(EndReason::AccountDeleted).await;
        Ok(())
    }
}
