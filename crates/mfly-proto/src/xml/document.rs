//! A parsed element that owns its text.

use super::detach;
use super::element::Element;
use super::error::{XmlError, XmlErrorKind};
use super::limits::Limits;
use super::reader::Parser;
use super::table::Table;
use bytes::Bytes;
use std::fmt;
use std::sync::Arc;

/// One complete element that owns its text. Clones share the text.
///
/// `Debug` shows the top element's name, namespace and size only.
#[derive(Clone)]
pub struct Document(Arc<Owned>);

struct Owned {
    text: String,
    table: Table,
}

impl Document {
    /// Parses one complete element. The text is copied only if it is shared.
    ///
    /// For many documents, [`Parser::document`] is faster.
    ///
    /// # Errors
    /// When the text is not restricted XML or exceeds `limits`.
    pub fn parse(text: impl Into<Bytes>, limits: &Limits) -> Result<Self, XmlError> {
        let text: Bytes = text.into();
        let table = Parser::new(*limits).parse_owned(&text)?;
        Self::new(text, table)
    }

    /// A document of a text and its table.
    pub(super) fn new(text: Bytes, table: Table) -> Result<Self, XmlError> {
        let text = String::from_utf8(Vec::from(text)).map_err(|error| {
            XmlError::new(XmlErrorKind::InvalidUtf8, error.utf8_error().valid_up_to())
        })?;
        Ok(Self::of(text, table))
    }

    pub(super) fn of(text: String, table: Table) -> Self {
        Self(Arc::new(Owned { text, table }))
    }

    /// The top element.
    #[must_use]
    pub fn root(&self) -> Element<'_> {
        Element::new(&self.0.text, &self.0.table, 0)
    }

    /// The text, with white space around the element if there was any.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0.text
    }
}

impl Element<'_> {
    /// A copy with its own text, in which inherited namespaces are declared.
    #[must_use]
    pub fn to_document(&self) -> Document {
        let (text, table) = detach::detach(*self);
        Document::of(text, table)
    }
}

/// Documents are equal when their texts are.
impl PartialEq for Document {
    fn eq(&self, other: &Self) -> bool {
        self.0.text == other.0.text
    }
}

impl Eq for Document {}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Document({:?})", self.root())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &'static str) -> Document {
        Document::parse(text, &Limits::default()).unwrap()
    }

    #[test]
    fn clones_share_one_text() {
        let first = document("<a>b</a>");
        let second = first.clone();
        assert!(std::ptr::eq(first.as_str(), second.as_str()));
        assert_eq!(second.root().text(), "b");
    }

    #[test]
    fn a_detached_child_declares_what_it_inherits_and_nothing_else() {
        let stanza = document(
            "<iq xmlns='jabber:client' xmlns:p='urn:p' xmlns:q='urn:q'>\
             <p:a q:x='1' xmlns:q='urn:other&amp;'><b/></p:a></iq>",
        );
        let child = stanza.root().children().next().unwrap().to_document();
        assert_eq!(
            child.as_str(),
            "<p:a xmlns:p='urn:p' xmlns='jabber:client' q:x='1' xmlns:q='urn:other&amp;'><b/></p:a>"
        );
        let root = child.root();
        assert!(root.is("urn:p", "a"));
        assert_eq!(root.attr_ns("urn:other&", "x").as_deref(), Some("1"));
        assert!(root.child("jabber:client", "b").is_some());
        assert_eq!(root.source(), child.as_str());
    }

    #[test]
    fn a_detached_document_can_be_detached_again() {
        let stanza = document("<a xmlns='u' xmlns:p='v&lt;'><b xmlns:x='w'><p:c/></b></a>");
        let b = stanza.root().child("u", "b").unwrap().to_document();
        let c = b.root().child("v<", "c").unwrap().to_document();
        assert_eq!(c.as_str(), "<p:c xmlns:x='w' xmlns='u' xmlns:p='v&lt;'/>");
        assert!(c.root().is("v<", "c"));
    }

    #[test]
    fn debug_output_shows_no_content() {
        let secret = document("<auth xmlns='u' key='hunter2'>hunter2<a>hunter2</a></auth>");
        let root = secret.root();
        let shown = format!("{secret:?} {:?} {:?}", root.children(), root.attributes());
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(shown.contains("auth"), "{shown}");
    }
}
