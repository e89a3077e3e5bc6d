//! Bind 2 (XEP-0386): a resource, and what is to be enabled for the session, along with the
//! authentication.
//!
//! ```text
//! C: <authenticate …><bind xmlns="urn:xmpp:bind:0"><tag>mfly</tag>
//!      <enable xmlns="urn:xmpp:carbons:2"/><inactive xmlns="urn:xmpp:csi:0"/></bind></authenticate>
//! S: <success …><authorization-identifier>u1@host/mfly.42</authorization-identifier>
//!      <bound xmlns="urn:xmpp:bind:0"/></success>
//! ```
//! Source: XEP-0386 §3.2; XEP-0280 §4 and XEP-0352 §3 for what is enabled. The server makes up the
//! resource; the tag is usually a part of it, and so contacts may see it.

use crate::decode::DecodeError;
use crate::ns;
use crate::xml::{Element, Writer};

/// Asks for a resource. Part of [`Authenticate`](crate::sasl2::Authenticate).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bind {
    /// A short name of the program, which may become part of the resource.
    pub tag: Option<String>,
    /// Copies of the messages of the account's other sessions (XEP-0280).
    pub carbons: bool,
    /// The session begins with nobody looking (XEP-0352).
    pub inactive: bool,
}

impl Bind {
    /// Whether the element is a `<bind/>` of this kind.
    #[must_use]
    pub fn is(element: Element<'_>) -> bool {
        element.is(ns::BIND2, "bind")
    }

    /// Reads a `<bind/>`; features that are not known are passed over.
    ///
    /// # Errors
    /// When the element is another one.
    pub fn read(element: Element<'_>) -> Result<Self, DecodeError> {
        if !Self::is(element) {
            return Err(DecodeError::UnexpectedElement { expected: "bind" });
        }
        let tag = element.child(ns::BIND2, "tag");
        Ok(Self {
            tag: tag.map(|tag| tag.text().into_owned()),
            carbons: element.child(ns::CARBONS, "enable").is_some(),
            inactive: element.child(ns::CLIENT_STATE, "inactive").is_some(),
        })
    }

    /// Writes the `<bind/>`.
    pub fn write(&self, writer: &mut Writer<'_>) {
        writer.element("bind", |w| {
            w.attr("xmlns", ns::BIND2);
            if let Some(tag) = &self.tag {
                w.text_element("tag", tag);
            }
            let features = [
                (self.carbons, "enable", ns::CARBONS),
                (self.inactive, "inactive", ns::CLIENT_STATE),
            ];
            for (_, name, ns) in features.into_iter().filter(|(wanted, ..)| *wanted) {
                w.element(name, |w| w.attr("xmlns", ns));
            }
        });
    }
}

/// A resource was bound, and what was asked for is enabled. Part of
/// [`Success`](crate::sasl2::Success), which names the address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bound;

impl Bound {
    /// Whether the element is a `<bound/>`.
    #[must_use]
    pub fn is(element: Element<'_>) -> bool {
        element.is(ns::BIND2, "bound")
    }

    /// Reads a `<bound/>`; what it says of features that are not known is passed over.
    ///
    /// # Errors
    /// When the element is another one.
    pub fn read(element: Element<'_>) -> Result<Self, DecodeError> {
        if Self::is(element) {
            Ok(Self)
        } else {
            Err(DecodeError::UnexpectedElement { expected: "bound" })
        }
    }

    /// Writes the `<bound/>`.
    pub fn write(self, writer: &mut Writer<'_>) {
        writer.element("bound", |w| w.attr("xmlns", ns::BIND2));
    }
}
