//! The user's settings on the server.
//!
//! ```xml
//! <iq id type="set" xmlns="jabber:client"><query archive="1" status="user_settings" xmlns="jabber:iq:user_activities"/></iq>
//! ```
//! Wire form: [`mfly_proto::payload::settings`]. Official names: `getUserSettings`,
//! `updateUserSettings`, `userSettingsListener`.

use crate::error::Result;
use crate::session::Session;
use mfly_proto::payload::settings::{GetSettings, Settings, UpdateSettings};

impl Session {
    /// The settings.
    ///
    /// # Errors
    /// When the request fails; see [`ErrorKind`](crate::ErrorKind).
    #[doc(alias = "getUserSettings")]
    pub async fn settings(&self) -> Result<Settings> {
        self.request(&GetSettings).await
    }

    /// Changes whether archived chats stay archived when a message arrives.
    ///
    /// # Errors
    /// When the request fails; see [`ErrorKind`](crate::ErrorKind).
    #[doc(alias = "updateUserSettings")]
    pub async fn update_settings(&self, archive: bool) -> Result<()> {
        self.request(&UpdateSettings { archive }).await
    }
}
