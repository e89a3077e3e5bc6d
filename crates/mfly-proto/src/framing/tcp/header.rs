//! The two ends of a stream over TCP, and what its elements inherit.

use super::{names_a_stream, tag_name};
use crate::framing::reader::Received;
use crate::framing::{Frame, Open};
use crate::ns;
use crate::xml::{Document, Element, Inherited, Limits, Writer, XmlError, XmlErrorKind, is_space};
use std::borrow::Cow;

/// The closing stream tag, for a header as [`write_header`] writes it.
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

/// What the latest stream header means for the frames after it.
#[derive(Clone, Debug)]
pub(in crate::framing) struct StreamContext {
    inherited: Inherited,
    /// Name of the header with its prefix; the closing tag must have the same. Empty before the first header.
    name: String,
}

impl StreamContext {
    /// Before the first header.
    pub(in crate::framing) const NONE: Self = Self {
        inherited: Inherited::NONE,
        name: String::new(),
    };
}

/// Tells what a frame that is not white space is.
pub(in crate::framing) fn read(
    frame: Frame,
    limits: &Limits,
    context: &mut StreamContext,
) -> Result<Received, XmlError> {
    let text = frame.as_bytes();
    let tag = without_declaration(text);
    if let Some(end_tag) = tag.strip_prefix(b"</") {
        let name = tag_name(end_tag);
        let rest = &end_tag[name.len()..];
        let closes = rest
            .strip_suffix(b">")
            .is_some_and(|space| space.iter().all(|&byte| is_space(byte)));
        if !closes || name.is_empty() || name != context.name.as_bytes() {
            return Err(XmlError::new(XmlErrorKind::MismatchedTag, 0));
        }
        return Ok(Received::Close {
            see_other_uri: None,
        });
    }
    if tag
        .strip_prefix(b"<")
        .is_some_and(|tag| names_a_stream(tag_name(tag)))
    {
        return header(tag, limits, context).map(Received::Open);
    }
    Document::parse_within(frame.into_bytes(), limits, &context.inherited).map(Received::Element)
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

/// Reads a header, which is half an element only: closed, it is a whole one.
fn header(tag: &[u8], limits: &Limits, context: &mut StreamContext) -> Result<Open, XmlError> {
    let Some(open) = tag.strip_suffix(b">") else {
        return Err(XmlError::new(XmlErrorKind::Truncated, tag.len()));
    };
    let closed = [open, b"/>"].concat();
    let document = Document::parse(closed, limits)?;
    let root = document.root();
    if root.ns() != ns::STREAM {
        return Err(XmlError::new(XmlErrorKind::WrongStreamNamespace, 0));
    }
    let open = read_header(root);
    let is_version_1 = open
        .version
        .as_deref()
        .is_some_and(|version| version.trim().starts_with("1."));
    if !is_version_1 {
        return Err(XmlError::new(XmlErrorKind::WrongStreamVersion, 0));
    }
    context.inherited = Inherited::of(root);
    context.name = String::from_utf8_lossy(tag_name(&tag[1..])).into_owned();
    Ok(open)
}

fn read_header(root: Element<'_>) -> Open {
    let attribute = |name| root.attr(name).map(Cow::into_owned);
    Open {
        from: attribute("from"),
        id: attribute("id"),
        lang: root.attr_ns(ns::XML, "lang").map(Cow::into_owned),
        to: attribute("to"),
        version: attribute("version"),
    }
}
