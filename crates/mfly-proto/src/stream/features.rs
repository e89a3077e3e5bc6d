//! Stream features (RFC 6120 §4.3.2).
//!
//! `<stream:features xmlns:stream="http://etherx.jabber.org/streams">…</stream:features>`

use crate::decode::DecodeError;
use crate::ns;
use crate::xml::{Element, Writer};

/// What the server offers next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Features {
    /// SASL mechanisms, in the server's order.
    pub mechanisms: Vec<String>,
    /// Resource binding.
    pub bind: bool,
    /// Session establishment: offered and required.
    pub session: bool,
    /// Session establishment is offered but may be skipped.
    pub session_optional: bool,
    /// Stream management, version 3.
    pub stream_management: bool,
}

impl Features {
    /// Whether the element is a features element.
    #[must_use]
    pub fn is(element: Element<'_>) -> bool {
        element.is(ns::STREAM, "features")
    }

    /// Reads the features; what is not understood is passed over.
    ///
    /// # Errors
    /// When the element is another one.
    pub fn read(element: Element<'_>) -> Result<Self, DecodeError> {
        if !Self::is(element) {
            return Err(DecodeError::UnexpectedElement {
                expected: "stream:features",
            });
        }
        let mut features = Self::default();
        for child in element.children() {
            match (child.ns(), child.name()) {
                (ns::SASL, "mechanisms") => {
                    features.mechanisms = child
                        .children()
                        .filter(|mechanism| mechanism.name() == "mechanism")
                        .map(|mechanism| mechanism.text().trim().to_owned())
                        .collect();
                }
                (ns::BIND, "bind") => features.bind = true,
                (ns::SESSION, "session") => {
                    features.session = true;
                    features.session_optional = child.child_named("optional").is_some();
                }
                (ns::STREAM_MANAGEMENT, "sm") => features.stream_management = true,
                _ => {}
            }
        }
        Ok(features)
    }

    /// Writes the features with their own prefix declared, as one WebSocket message needs it.
    pub fn write(&self, buffer: &mut Vec<u8>) {
        Writer::new(buffer).element("stream:features", |w| {
            w.attr("xmlns:stream", ns::STREAM);
            if !self.mechanisms.is_empty() {
                w.element("mechanisms", |w| {
                    w.attr("xmlns", ns::SASL);
                    for mechanism in &self.mechanisms {
                        w.text_element("mechanism", mechanism);
                    }
                });
            }
            if self.bind {
                w.element("bind", |w| w.attr("xmlns", ns::BIND));
            }
            if self.session {
                w.element("session", |w| {
                    w.attr("xmlns", ns::SESSION);
                    if self.session_optional {
                        w.element("optional", |_| {});
                    }
                });
            }
            if self.stream_management {
                w.element("sm", |w| w.attr("xmlns", ns::STREAM_MANAGEMENT));
            }
        });
    }
}
