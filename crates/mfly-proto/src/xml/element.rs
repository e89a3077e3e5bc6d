//! A borrowed view of one parsed element.
use super::{Document, Writer};
use std::borrow::Cow;

/// A parsed element; cheap to copy.
#[derive(Clone, Copy)]
pub struct Element<'a> {
    _input: &'a str,
}

impl<'a> Element<'a> {
    /// Local name, without prefix.
    #[must_use]
    pub fn name(&self) -> &'a str {
        todo!()
    }
    /// Resolved namespace; empty when there is none.
    #[must_use]
    pub fn ns(&self) -> &'a str {
        todo!()
    }
    /// Whether name and namespace are these.
    #[must_use]
    pub fn is(&self, _ns: &str, _name: &str) -> bool {
        todo!()
    }
    /// Value of an attribute without namespace.
    #[must_use]
    pub fn attr(&self, _name: &str) -> Option<Cow<'a, str>> {
        todo!()
    }
    /// Value of an attribute in a namespace (for example `xml:lang`).
    #[must_use]
    pub fn attr_ns(&self, _ns: &str, _name: &str) -> Option<Cow<'a, str>> {
        todo!()
    }
    /// All attributes except namespace declarations.
    #[must_use]
    pub fn attributes(&self) -> Attributes<'a> {
        todo!()
    }
    /// First child element with this namespace and name.
    #[must_use]
    pub fn child(&self, _ns: &str, _name: &str) -> Option<Self> {
        todo!()
    }
    /// First child element with this name in any namespace; the official SDK compares names only.
    #[must_use]
    pub fn child_named(&self, _name: &str) -> Option<Self> {
        todo!()
    }
    /// Child elements in document order.
    #[must_use]
    pub fn children(&self) -> Children<'a> {
        todo!()
    }
    /// Own character data, children's excluded, concatenated and unescaped.
    #[must_use]
    pub fn text(&self) -> Cow<'a, str> {
        todo!()
    }
    /// The element's own source text. Namespaces it inherits are not declared in it.
    #[must_use]
    pub fn source(&self) -> &'a str {
        todo!()
    }
    /// An owned copy that stands alone: inherited namespaces are declared on it.
    #[must_use]
    pub fn to_document(&self) -> Document {
        todo!()
    }
    /// Writes the element and all below it, inherited namespaces declared.
    pub fn write_to(&self, _writer: &mut Writer<'_>) {
        todo!()
    }
}

/// Iterator over child elements.
#[derive(Clone)]
pub struct Children<'a> {
    _element: Option<Element<'a>>,
}

impl<'a> Iterator for Children<'a> {
    type Item = Element<'a>;
    fn next(&mut self) -> Option<Self::Item> {
        todo!()
    }
}

/// Iterator over attributes: namespace, local name, unescaped value.
#[derive(Clone)]
pub struct Attributes<'a> {
    _element: Option<Element<'a>>,
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a str, &'a str, Cow<'a, str>);
    fn next(&mut self) -> Option<Self::Item> {
        todo!()
    }
}
