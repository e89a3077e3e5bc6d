//! The header and footer of a stream over TCP, and the namespaces that elements inherit.

use super::{names_a_stream, tag_name};
use crate::framing::reader::Received;
use crate::framing::{Frame, Open};
use crate::ns;
use crate::xml::{Inherited, Parser, Writer, XmlError, XmlErrorKind, is_space};
use bytes::Bytes;
use std::borrow::Cow;

/// The closing stream tag for a header written by [`write_header`].
pub const FOOTER: &str = "</stream:stream>";

/// Appends the XML declaration and the stream header (RFC 6120 §4.2).
pub fn write_header(open: &Open, buffer: &mut Vec<u8>) {
    buffer.extend_from_slice(b"<?xml version='1.0'?>");
    Writer::new(buffer).start("stream:stream", |w| {
        w.attr("xmlns", ns::CLIENT);
        w.attr("xmlns:stream", ns::STREAM);
        w.attr_opt("from", open.from.as_deref());
        w.attr_opt("id", open.id.as_deref());
        w.attr_opt("to", open.to.as_deref());
        w.attr_opt("version", open.version.as_deref());
        w.attr_opt("xml:lang", open.lang.as_deref());
    });
}

/// Declarations of the latest stream header for the frames after it.
#[derive(Clone, Debug)]
pub(in crate::framing) struct StreamContext {
    inherited: Inherited,
    /// Name of the header with its prefix, which the closing tag must repeat. Empty before the
    /// first header.
    name: String,
}

impl StreamContext {
    /// The state before the first header.
    pub(in crate::framing) const NONE: Self =
        Self { inherited: Inherited::NONE, name: String::new() };
}

/// Reads a frame that is not white space. The error returns the text of a refused element.
pub(in crate::framing) fn read(
    frame: Frame,
    parser: &mut Parser,
    context: &mut StreamContext,
) -> Result<Received, (XmlError, Bytes)> {
    let unowned = |error| (error, Bytes::new());
    let tag = without_declaration(frame.as_bytes());
    if let Some(end_tag) = tag.strip_prefix(b"</") {
        return footer(end_tag, context).map_err(unowned);
    }
    let is_header = tag.strip_prefix(b"<").is_some_and(|tag| names_a_stream(tag_name(tag)));
    if is_header {
        return header(tag, parser, context).map(Received::Open).map_err(unowned);
    }
    parser.own(frame.into_bytes(), &context.inherited).map(Received::Element)
}

/// Skips an XML declaration, which a splitter has dropped already.
fn without_declaration(text: &[u8]) -> &[u8] {
    if !text.starts_with(b"<?xml") {
        return text;
    }
    match memchr::memmem::find(text, b"?>") {
        Some(end) => text[end + 2..].trim_ascii_start(),
        None => text,
    }
}

/// Reads a header. It is only a start tag, and parsed as an empty element.
fn header(tag: &[u8], parser: &mut Parser, context: &mut StreamContext) -> Result<Open, XmlError> {
    let Some(start) = tag.strip_suffix(b">") else {
        return Err(XmlError::new(XmlErrorKind::Truncated, tag.len()));
    };
    let closed = [start, b"/>"].concat();
    let root = parser.parse(&closed)?;
    if root.ns() != ns::STREAM {
        return Err(XmlError::new(XmlErrorKind::WrongStreamNamespace, 0));
    }
    let attribute = |name| root.attr(name).map(Cow::into_owned);
    let open = Open {
        from: attribute("from"),
        id: attribute("id"),
        lang: root.attr_ns(ns::XML, "lang").map(Cow::into_owned),
        to: attribute("to"),
        version: attribute("version"),
    };
    if !open.version.as_deref().is_some_and(is_version_1) {
        return Err(XmlError::new(XmlErrorKind::WrongStreamVersion, 0));
    }
    context.inherited = Inherited::of(root);
    context.name = String::from_utf8_lossy(tag_name(&tag[1..])).into_owned();
    Ok(open)
}

/// Whether the major version is 1: versions are numbers, and minor versions are compatible (RFC
/// 6120 §4.7.5).
fn is_version_1(version: &str) -> bool {
    let number = |text: &str| text.parse::<u16>().ok();
    version
        .split_once('.')
        .is_some_and(|(major, minor)| number(major) == Some(1) && number(minor).is_some())
}

/// Reads the rest of a closing tag, whose name must be that of the latest header.
fn footer(end_tag: &[u8], context: &StreamContext) -> Result<Received, XmlError> {
    let rest = end_tag
        .strip_prefix(context.name.as_bytes())
        .filter(|_| !context.name.is_empty())
        .and_then(|rest| rest.strip_suffix(b">"));
    match rest {
        Some(rest) if rest.iter().all(|&byte| is_space(byte)) => {
            Ok(Received::Close { see_other_uri: None })
        }
        _ => Err(XmlError::new(XmlErrorKind::MismatchedTag, 0)),
    }
}
