//! Copies of messages for the account's other sessions (XEP-0280).
//!
//! Wire form: [`mfly_proto::payload::carbons`]. What is copied arrives as
//! [`Event::Message`](super::Event::Message) with [`Message::carbon`](super::Message::carbon).

use super::session::Session;
use crate::error::Result;
use mfly_proto::payload::carbons::EnableCarbons;

impl Session {
    /// Asks for copies, for this connection: after [`Event::Connected`](super::Event::Connected)
    /// that was not resumed, ask again. Not needed unless
    /// [`Account::carbons`](super::Account::carbons) was switched off.
    ///
    /// # Errors
    /// [`RequestRefused`](crate::ErrorKind::RequestRefused) where the server has no carbons;
    /// otherwise see [`ErrorKind`](crate::ErrorKind).
    pub async fn enable_carbons(&self) -> Result<()> {
        self.request(&EnableCarbons).await
    }
}
