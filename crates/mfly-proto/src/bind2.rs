//! Bind 2 (XEP-0386): binding of a resource, and enabling of features, as part of the
//! authentication.
//!
//! ```text
//! C: <authenticate …><bind xmlns="urn:xmpp:bind:0"><tag>mfly</tag>
//!      <enable xmlns="urn:xmpp:carbons:2"/><inactive xmlns="urn:xmpp:csi:0"/></bind></authenticate>
//! S: <success …><authorization-identifier>u1@host/mfly.42</authorization-identifier>
//!      <bound xmlns="urn:xmpp:bind:0"/></success>
//! ```
//! Source: XEP-0386 §3.2; XEP-0280 §4 and XEP-0352 §3 for the features. The server chooses the
//! resource, which usually contains the tag, so that contacts may see it.

use crate::decode::{DecodeError, expect};
use crate::ns;
use crate::xml::{Element, Writer};

/// Requests a resource. Part of [`Authenticate`](crate::sasl2::Authenticate).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bind {
    /// A short name of the program, which may become part of the resource.
    pub tag: Option<String>,
    /// Copies of the messages of the account's other sessions (XEP-0280).
    pub carbons: bool,
    /// The session begins in the inactive state of client state indication (XEP-0352).
    pub inactive: bool,
}

impl Bind {
    /// Whether the element is a `<bind/>` of Bind 2.
    #[must_use]
    pub fn is(element: Element<'_>) -> bool {
        element.is(ns::BIND2, "bind")
    }

    /// Reads a `<bind/>`; unknown features are ignored.
    ///
    /// # Errors
    /// When the element has another name or namespace.
    pub fn read(element: Element<'_>) -> Result<Self, DecodeError> {
        expect(element, ns::BIND2, "bind")?;
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

empty_element! {
    /// A resource was bound, and the requested features are enabled. Part of
    /// [`Success`](crate::sasl2::Success), which names the address. Its content, such as answers of
    /// features that are not supported here, is ignored.
    Bound = "bound" in ns::BIND2
}
