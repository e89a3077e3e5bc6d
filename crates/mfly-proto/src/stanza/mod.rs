//! The three stanzas (RFC 6120 §8) and their errors.

pub mod error;
pub mod iq;
pub mod message;
pub mod presence;

use crate::decode::DecodeError;
use crate::jid::Jid;
use crate::ns;
use crate::xml::Element;

pub use error::{ErrorCondition, ErrorKind, StanzaError};
pub use iq::{Iq, IqKind, IqRequest, Reply};
pub use message::{Carbon, Message, MessageKind};
pub use presence::{Presence, PresenceKind, Show};

/// A top-level element of a stream after authentication.
#[derive(Clone, Debug)]
pub enum Stanza<'a> {
    /// A request, result or error: `<iq/>`.
    Iq(Iq<'a>),
    /// A presence: `<presence/>`.
    Presence(Presence),
    /// A message: `<message/>`.
    Message(Message<'a>),
}

impl<'a> Stanza<'a> {
    /// Reads a stanza; `Ok(None)` for any other element.
    ///
    /// A stanza without namespace is read like one of `jabber:client`, as by the official SDK.
    ///
    /// # Errors
    /// When the attributes of a stanza are malformed.
    pub fn read(element: Element<'a>) -> Result<Option<Self>, DecodeError> {
        if !matches!(element.ns(), ns::CLIENT | "") {
            return Ok(None);
        }
        Ok(Some(match element.name() {
            "iq" => Self::Iq(Iq::read(element)?),
            "presence" => Self::Presence(Presence::read(element)?),
            "message" => Self::Message(Message::read(element)?),
            _ => return Ok(None),
        }))
    }
}

/// The value of an optional address attribute.
fn address(
    element: Element<'_>,
    name: &'static str,
    field: &'static str,
) -> Result<Option<Jid>, DecodeError> {
    element
        .attr(field)
        .map(|value| Jid::new(&value))
        .transpose()
        .map_err(|_| DecodeError::InvalidValue { element: name, field })
}
