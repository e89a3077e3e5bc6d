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
    /// `<iq/>`
    Iq(Iq<'a>),
    /// `<presence/>`
    Presence(Presence),
    /// `<message/>`
    Message(Message<'a>),
}

impl<'a> Stanza<'a> {
    /// Reads a stanza; `Ok(None)` when the element is not one.
    ///
    /// A stanza without namespace is taken as one of `jabber:client`, as the official SDK does.
    ///
    /// # Errors
    /// When it is a stanza whose envelope cannot be read.
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

/// An optional address attribute.
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
