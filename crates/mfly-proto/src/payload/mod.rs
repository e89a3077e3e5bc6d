//! The wire facts: one feature a file, with its requests, responses and pushes.
//!
//! Each file starts with the form on the wire and its source. `inferred` marks a guess.
//!
//! [`standard`] holds the payloads of any XMPP server. The other files are the platform's, and those
//! that both kinds of server share ([`bind`], [`carbons`], [`last_seen`], [`ping`], [`session`]).

pub mod admin_block;
pub mod bind;
pub mod block;
pub mod carbons;
pub mod friends;
pub mod last_seen;
pub mod logout;
pub mod ping;
pub mod profile;
pub mod session;
pub mod settings;
pub mod standard;
pub mod user_deleted;

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
