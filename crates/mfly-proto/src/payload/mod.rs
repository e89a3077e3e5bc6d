//! The wire facts: one feature a file, with its requests, responses and pushes.
//!
//! Each file starts with the form on the wire and its source. `inferred` marks a guess.
//!
//! [`vcard`], [`roster`], [`blocking`], [`entity_time`] and [`service_discovery`] are those of any
//! XMPP server; where the platform has a form of its own, it has a file of its own: [`profile`],
//! [`friends`], [`block`].

pub mod admin_block;
pub mod bind;
pub mod block;
pub mod blocking;
pub mod carbons;
pub mod entity_time;
pub mod friends;
pub mod last_seen;
pub mod logout;
pub mod ping;
pub mod profile;
pub mod roster;
pub mod service_discovery;
pub mod session;
pub mod settings;
pub mod user_deleted;
pub mod vcard;

use crate::decode::DecodeError;
use crate::xml::Element;

/// Refuses an element that is not the one expected.
fn expect(element: Element<'_>, ns: &str, name: &'static str) -> Result<(), DecodeError> {
    if element.is(ns, name) {
        Ok(())
    } else {
        Err(DecodeError::UnexpectedElement { expected: name })
    }
}

/// A required attribute.
fn require<'a>(
    element: Element<'a>,
    name: &'static str,
    attribute: &'static str,
) -> Result<std::borrow::Cow<'a, str>, DecodeError> {
    element.attr(attribute).ok_or(DecodeError::MissingAttribute { element: name, attribute })
}
