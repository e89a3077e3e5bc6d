//! XMPP over WebSocket (RFC 7395): `<open/>` and `<close/>` instead of stream tags.

use crate::decode::{DecodeError, expect};
use crate::ns;
use crate::xml::{Element, Writer};

pub use super::open::Open;

/// The client's closing frame, as the official SDK writes it.
pub const CLIENT_CLOSE: &str = r#"<close xmlns="urn:ietf:params:xml:ns:xmpp-framing"/>"#;

/// The server's closing frame. The official SDK recognises this spelling only, blank included.
pub const SERVER_CLOSE: &str = r#"<close xmlns="urn:ietf:params:xml:ns:xmpp-framing" />"#;

impl Open {
    /// Writes `<open to="…" version="1.0" xmlns="…"/>`.
    pub fn write(&self, buffer: &mut Vec<u8>) {
        Writer::new(buffer).element("open", |w| {
            w.attr_opt("from", self.from.as_deref());
            w.attr_opt("id", self.id.as_deref());
            w.attr_opt("to", self.to.as_deref());
            w.attr_opt("version", self.version.as_deref());
            w.attr_opt("xml:lang", self.lang.as_deref());
            w.attr("xmlns", ns::FRAMING);
        });
    }

    /// Reads an `<open/>`.
    ///
    /// # Errors
    /// When the element has another name or namespace.
    pub fn read(element: Element<'_>) -> Result<Self, DecodeError> {
        expect(element, ns::FRAMING, "open")?;
        let attribute = |name| element.attr(name).map(std::borrow::Cow::into_owned);
        Ok(Self {
            from: attribute("from"),
            id: attribute("id"),
            lang: element.attr_ns(ns::XML, "lang").map(std::borrow::Cow::into_owned),
            to: attribute("to"),
            version: attribute("version"),
        })
    }
}

/// The meaning of one frame over WebSocket.
#[derive(Clone, Debug)]
pub enum Incoming<'a> {
    /// The opening of the stream: `<open/>`.
    Open(Open),
    /// The end of the stream: `<close/>`.
    Close {
        /// The address to use instead, if there is one (RFC 7395 §3.6.1).
        see_other_uri: Option<String>,
    },
    /// Any other element.
    Element(Element<'a>),
}

impl<'a> Incoming<'a> {
    /// Tells the elements of the framing from content.
    ///
    /// # Errors
    /// When an `<open/>` cannot be read.
    pub fn read(element: Element<'a>) -> Result<Self, DecodeError> {
        Ok(match (element.ns(), element.name()) {
            (ns::FRAMING, "open") => Self::Open(Open::read(element)?),
            (ns::FRAMING, "close") => Self::Close {
                see_other_uri: element.attr("see-other-uri").map(std::borrow::Cow::into_owned),
            },
            _ => Self::Element(element),
        })
    }
}
