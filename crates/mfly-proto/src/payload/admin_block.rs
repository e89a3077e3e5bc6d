//! Push: an administrator blocked or unblocked a user or a group.
//!
//! `<message from="host" to="u1@host"><admin_block block_status="1" jid="u2@host"
//! chat_type="chat"/></message>`
//!
//! Source: observed: Web SDK 4.25.10. Fixture: `admin_block/push`.

use crate::decode::{DecodeError, require};
use crate::jid::UserReference;
use crate::lenient::flag;
use crate::xml::{Element, Writer};

/// Push: an administrator blocked or unblocked a user or a group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminBlock {
    /// The user or group, which may be the own account.
    pub target: UserReference,
    /// `true` for a block, `false` for an unblock.
    pub blocked: bool,
    /// `chat` for a user, `groupchat` for a group, as the server spells it.
    pub chat_type: String,
}

impl AdminBlock {
    /// Reads an `<admin_block/>`.
    ///
    /// # Errors
    /// When an attribute is missing or invalid.
    pub fn read(element: Element<'_>) -> Result<Self, DecodeError> {
        let invalid = |field| DecodeError::InvalidValue { element: "admin_block", field };
        let status = require(element, "admin_block", "block_status")?;
        let blocked = flag(&status).ok_or(invalid("block_status"))?;
        let target = require(element, "admin_block", "jid")?;
        Ok(Self {
            target: UserReference::new(target.trim()).map_err(|_| invalid("jid"))?,
            blocked,
            chat_type: element.attr("chat_type").unwrap_or_default().into_owned(),
        })
    }

    /// Writes the `<admin_block/>`.
    pub fn write(&self, writer: &mut Writer<'_>) {
        writer.element("admin_block", |w| {
            w.attr("block_status", if self.blocked { "1" } else { "0" });
            w.attr("chat_type", &self.chat_type);
            w.attr("jid", self.target.as_str());
        });
    }
}
