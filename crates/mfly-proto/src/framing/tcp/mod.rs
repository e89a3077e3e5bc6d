//! XMPP over TCP (RFC 6120 §4): two long XML documents, one in each direction.
//!
//! ```xml
//! <?xml version='1.0'?><stream:stream xmlns="jabber:client" xmlns:stream="http://etherx.jabber.org/streams" to="host" version="1.0">
//! <iq …/> <presence/> …
//! </stream:stream>
//! ```
//! [`Splitter`] cuts one direction into frames; [`FrameReader`](super::FrameReader) reads each of
//! them with the namespaces of its stream header.

mod declaration;
mod error;
mod header;
mod scanner;
mod splitter;

pub use error::SplitError;
pub use header::{FOOTER, write_header};
pub(super) use header::{StreamContext, read};
pub use splitter::Splitter;

use crate::xml::is_space;

/// The name of a tag, from behind `<` or `</` to white space, `/` or `>`.
fn tag_name(tag: &[u8]) -> &[u8] {
    let end = tag.iter().position(|&byte| is_space(byte) || matches!(byte, b'/' | b'>'));
    &tag[..end.unwrap_or(tag.len())]
}

/// A name without its prefix.
fn local_name(name: &[u8]) -> &[u8] {
    match memchr::memchr(b':', name) {
        Some(colon) => &name[colon + 1..],
        None => name,
    }
}

/// Whether a name, with or without prefix, is the name of a stream header.
fn names_a_stream(name: &[u8]) -> bool {
    local_name(name) == b"stream"
}
