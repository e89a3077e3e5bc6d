//! Telling the people behind the app something.
//!
//! `POST /moderation/feedback {"title":…,"description":…}`. Wire form:
//! [`mfly_api::endpoint::feedback`]. Official name: `sendFeedback`.

use crate::error::Result;
use crate::session::Session;
use mfly_api::endpoint::feedback;

impl Session {
    /// Sends feedback.
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) when a text is empty; otherwise see
    /// [`ErrorKind`](crate::ErrorKind).
    #[doc(alias = "sendFeedback")]
    pub async fn send_feedback(&self, title: &str, description: &str) -> Result<()> {
        self.send(&feedback::Request::new(title, description)?).await
    }
}
