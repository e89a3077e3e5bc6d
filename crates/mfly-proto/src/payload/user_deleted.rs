//! Push: an account was deleted.
//!
//! `<message from="host" to="u1@host"><user_deleted user="u2@host"/></message>`
//!
//! Source: observed: Web SDK 4.25.10. Fixture: `user_deleted/push`.

use crate::decode::{DecodeError, require};
use crate::jid::UserReference;
use crate::xml::{Element, Writer};

/// Push: an account was deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserDeleted {
    /// The deleted account.
    pub user: UserReference,
}

impl UserDeleted {
    /// Reads a `<user_deleted/>`.
    ///
    /// # Errors
    /// When it does not name a user.
    pub fn read(element: Element<'_>) -> Result<Self, DecodeError> {
        let user = require(element, "user_deleted", "user")?;
        let invalid = DecodeError::InvalidValue { element: "user_deleted", field: "user" };
        Ok(Self { user: UserReference::new(user.trim()).map_err(|_| invalid)? })
    }

    /// Writes the `<user_deleted/>`.
    pub fn write(&self, writer: &mut Writer<'_>) {
        writer.element("user_deleted", |w| w.attr("user", self.user.as_str()));
    }
}
