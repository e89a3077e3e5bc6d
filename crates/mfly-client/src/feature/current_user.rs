//! Who the session's user is. Nothing is sent.
//!
//! Official names: `getCurrentUserJid`, `getJid`, `getAvailableFeatures`.

use crate::error::Result;
use crate::session::Session;
use crate::user::AsUser;
use mfly_api::Features;
use mfly_proto::jid::{BareJid, UserId};

impl Session {
    /// The user's id.
    #[must_use]
    pub fn user(&self) -> &UserId {
        &self.context().user
    }

    /// The user's address, without resource as the official SDK has it. With it: [`Session::jid`].
    #[doc(alias = "getCurrentUserJid")]
    #[must_use]
    pub fn current_user(&self) -> BareJid {
        self.context().account().clone()
    }

    /// The address of a user of this server.
    ///
    /// # Errors
    /// When an address of another server is given.
    #[doc(alias = "getJid")]
    pub fn address_of<U: AsUser + ?Sized>(&self, user: &U) -> Result<BareJid> {
        self.context().address(user)
    }

    /// What the plan includes.
    #[doc(alias = "getAvailableFeatures")]
    #[must_use]
    pub fn features(&self) -> Features {
        self.context().features
    }
}
