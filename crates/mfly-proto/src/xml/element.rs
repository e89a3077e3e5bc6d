//! A view of one parsed element.

use super::reference;
use super::table::{Attribute, NO_NAMESPACE, Node, Span, Table, TextKind};
use super::writer::Writer;
use std::borrow::Cow;
use std::fmt;

/// A view of a parsed element, which is cheap to copy.
///
/// Values borrow from the text unless references, CDATA or line ends had to be resolved.
/// `Debug` shows name, namespace and size only: content is private.
#[derive(Clone, Copy)]
pub struct Element<'a> {
    text: &'a str,
    table: &'a Table,
    node: &'a Node,
    index: u32,
}

impl<'a> Element<'a> {
    /// The element at `index`. Every table of the reader has a top element.
    #[inline]
    pub(super) fn new(text: &'a str, table: &'a Table, index: u32) -> Self {
        static NOTHING: Node = Node::NOTHING;
        let node = table.nodes.get(index as usize).unwrap_or(&NOTHING);
        Self { text, table, node, index }
    }

    pub(super) const fn parts(&self) -> (&'a str, &'a Table, &'a Node, u32) {
        (self.text, self.table, self.node, self.index)
    }

    /// Local name, without prefix.
    #[must_use]
    pub fn name(&self) -> &'a str {
        self.node.name.of(self.text)
    }

    /// Resolved namespace; empty when there is none.
    #[must_use]
    pub fn ns(&self) -> &'a str {
        self.table.namespace(self.text, self.node.namespace)
    }

    /// Whether the element has this namespace and name.
    #[must_use]
    pub fn is(&self, ns: &str, name: &str) -> bool {
        self.node.name.holds(self.text, name) && self.ns() == ns
    }

    /// Value of an attribute without namespace.
    #[must_use]
    pub fn attr(&self, name: &str) -> Option<Cow<'a, str>> {
        self.attribute_table()
            .iter()
            .find(|attribute| {
                attribute.namespace == NO_NAMESPACE && attribute.name.holds(self.text, name)
            })
            .map(|attribute| self.value(attribute))
    }

    /// Value of an attribute in a namespace (for example `xml:lang`).
    #[must_use]
    pub fn attr_ns(&self, ns: &str, name: &str) -> Option<Cow<'a, str>> {
        self.attributes()
            .find(|(found_ns, found_name, _)| *found_ns == ns && *found_name == name)
            .map(|(_, _, value)| value)
    }

    /// All attributes except namespace declarations, in the order of the text.
    #[must_use]
    pub fn attributes(&self) -> Attributes<'a> {
        Attributes { element: *self, rest: self.attribute_table().iter() }
    }

    /// First child element with this namespace and name.
    #[must_use]
    pub fn child(&self, ns: &str, name: &str) -> Option<Self> {
        self.children().find(|child| child.is(ns, name))
    }

    /// First child element with this name in any namespace; the official SDK compares names only.
    #[must_use]
    pub fn child_named(&self, name: &str) -> Option<Self> {
        self.children().find(|child| child.node.name.holds(child.text, name))
    }

    /// The element itself if it has this name, otherwise its first child with this name.
    pub(crate) fn itself_or_child(self, name: &str) -> Option<Self> {
        if self.name() == name { Some(self) } else { self.child_named(name) }
    }

    /// Child elements in document order.
    #[must_use]
    pub fn children(&self) -> Children<'a> {
        Children { text: self.text, table: self.table, next: self.index + 1, end: self.node.after }
    }

    /// The element's character data without that of its children, concatenated and unescaped.
    #[must_use]
    pub fn text(&self) -> Cow<'a, str> {
        match self.node.text_kind {
            TextKind::None => Cow::Borrowed(""),
            TextKind::Plain => Cow::Borrowed(self.node.text.of(self.text)),
            TextKind::Mixed => Cow::Owned(self.mixed_text()),
        }
    }

    /// The element's own source text. Namespaces it inherits are not declared in it.
    #[must_use]
    pub fn source(&self) -> &'a str {
        self.node.source.of(self.text)
    }

    /// Writes the element with its content, with declarations of inherited namespaces.
    pub fn write_to(&self, writer: &mut Writer<'_>) {
        let (start, rest) = self.split_source();
        writer.raw(start);
        for (_, binding) in self.inherited() {
            writer.raw(if binding.prefix.start == binding.prefix.end {
                " xmlns"
            } else {
                " xmlns:"
            });
            writer.raw(binding.prefix.of(self.text));
            writer.raw("=");
            writer.raw(self.quoted(binding.uri));
        }
        writer.raw(rest);
    }

    fn attribute_table(&self) -> &'a [Attribute] {
        let Span { start, end } = self.node.attributes;
        self.table.attributes.get(start as usize..end as usize).unwrap_or_default()
    }

    fn value(&self, attribute: &Attribute) -> Cow<'a, str> {
        let raw = attribute.value.of(self.text);
        if !attribute.escaped {
            return Cow::Borrowed(raw);
        }
        let mut value = String::new();
        reference::decode_attribute(raw, &mut value);
        Cow::Owned(value)
    }

    /// Joins the runs of text between children.
    #[cold]
    fn mixed_text(&self) -> String {
        let Span { start, end } = self.node.text;
        let mut text = String::new();
        let mut at = start;
        for child in self.children() {
            let Span { start: child_start, end: child_end } = child.node.source;
            if child_start > end {
                break;
            }
            if child_start > at {
                decode_run(Span { start: at, end: child_start }.of(self.text), &mut text);
            }
            at = at.max(child_end);
        }
        decode_run(Span { start: at, end }.of(self.text), &mut text);
        text
    }
}

impl fmt::Debug for Element<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Element(<{} xmlns={:?}>, {} bytes)", self.name(), self.ns(), self.source().len())
    }
}

/// Appends character data and CDATA sections.
fn decode_run(run: &str, text: &mut String) {
    const START: usize = "<![CDATA[".len();
    let mut rest = run;
    // Between children, nothing but a section starts with `<`.
    while let Some(start) = memchr::memchr(b'<', rest.as_bytes()) {
        let (before, section) = rest.split_at(start);
        let section = section.get(START..).unwrap_or_default();
        let (content, after) = section.split_once("]]>").unwrap_or((section, ""));
        reference::decode_text(before, text);
        reference::decode_cdata(content, text);
        rest = after;
    }
    reference::decode_text(rest, text);
}

/// Iterator over child elements.
#[derive(Clone)]
pub struct Children<'a> {
    text: &'a str,
    table: &'a Table,
    next: u32,
    end: u32,
}

impl<'a> Iterator for Children<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.next >= self.end {
            return None;
        }
        let child = Element::new(self.text, self.table, self.next);
        self.next = child.node.after;
        Some(child)
    }
}

impl fmt::Debug for Children<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.clone()).finish()
    }
}

/// Iterator over attributes: namespace, local name, unescaped value.
#[derive(Clone, Debug)]
pub struct Attributes<'a> {
    element: Element<'a>,
    rest: std::slice::Iter<'a, Attribute>,
}

impl<'a> Iterator for Attributes<'a> {
    type Item = (&'a str, &'a str, Cow<'a, str>);

    fn next(&mut self) -> Option<Self::Item> {
        let attribute = self.rest.next()?;
        let Element { text, table, .. } = self.element;
        Some((
            table.namespace(text, attribute.namespace),
            attribute.name.of(text),
            self.element.value(attribute),
        ))
    }
}

#[cfg(test)]
mod tests {
    use crate::xml::{Limits, Parser, Writer};
    use std::borrow::Cow;

    #[test]
    fn names_and_attributes_are_resolved_with_the_innermost_declaration() {
        let text = b"<p:a xmlns:p='one' xmlns='two' p:x='1' x='2'>\
            <b xmlns='' p:y='3'/><p:c xmlns:p='three'/><d/></p:a>";
        let mut parser = Parser::new(Limits::default());
        let a = parser.parse(text).unwrap();
        assert!(a.is("one", "a"));
        assert_eq!(a.attr("x").as_deref(), Some("2"));
        assert_eq!(a.attr_ns("one", "x").as_deref(), Some("1"));
        assert_eq!(a.attr_ns("two", "x"), None);
        let names: Vec<_> = a.children().map(|child| (child.ns(), child.name())).collect();
        assert_eq!(names, [("", "b"), ("three", "c"), ("two", "d")]);
        let attributes: Vec<_> = a.attributes().collect();
        assert_eq!(attributes, [("one", "x", "1".into()), ("", "x", "2".into())]);
    }

    #[test]
    fn the_prefix_xml_needs_no_declaration() {
        let mut parser = Parser::new(Limits::default());
        let element = parser.parse(b"<a xml:lang='en'/>").unwrap();
        assert_eq!(element.attr_ns(crate::ns::XML, "lang").as_deref(), Some("en"));
        assert_eq!(element.attr("lang"), None);
    }

    #[test]
    fn children_are_direct_children_only() {
        let mut parser = Parser::new(Limits::default());
        let a = parser.parse(b"<a><b><c/><d><e/></d></b><c xmlns='u'/><f/></a>").unwrap();
        let names: Vec<_> = a.children().map(|child| child.name()).collect();
        assert_eq!(names, ["b", "c", "f"]);
        assert!(a.child("", "c").is_none());
        assert_eq!(a.child_named("c").unwrap().ns(), "u");
        assert_eq!(a.child("", "b").unwrap().source(), "<b><c/><d><e/></d></b>");
    }

    #[test]
    fn values_borrow_unless_they_had_to_be_decoded() {
        let mut parser = Parser::new(Limits::default());
        let a =
            parser.parse(b"<a x='plain' y='a&amp;b' z='a\nb'>text<b>x&lt;y</b><c/></a>").unwrap();
        assert!(matches!(a.attr("x"), Some(Cow::Borrowed("plain"))));
        assert!(matches!(a.text(), Cow::Borrowed("text")));
        assert_eq!(a.attr("y").as_deref(), Some("a&b"));
        assert_eq!(a.attr("z").as_deref(), Some("a b"));
        assert_eq!(a.child_named("b").unwrap().text(), "x<y");
        assert!(matches!(a.child_named("c").unwrap().text(), Cow::Borrowed("")));
    }

    #[test]
    fn text_is_put_together_from_all_runs_without_that_of_children() {
        let text = b"<a><n>no</n>one\r\n<n>no<n/></n><![CDATA[<two>&]]>&#33;<n/>three<n>no</n></a>";
        let mut parser = Parser::new(Limits::default());
        assert_eq!(parser.parse(text).unwrap().text(), "one\n<two>&!three");
    }

    #[test]
    fn an_element_is_written_with_the_namespaces_it_inherits() {
        let mut parser = Parser::new(Limits::default());
        let iq = parser.parse(b"<iq xmlns=\"jabber:client\" id='1'><x a='1'>t</x></iq>").unwrap();
        let mut buffer = Vec::new();
        Writer::new(&mut buffer).element("forwarded", |w| iq.child_named("x").unwrap().write_to(w));
        assert_eq!(
            String::from_utf8(buffer).unwrap(),
            "<forwarded><x xmlns=\"jabber:client\" a='1'>t</x></forwarded>"
        );
    }

    #[test]
    fn a_parser_can_be_used_again_after_success_and_after_failure() {
        let mut parser = Parser::new(Limits::default());
        assert_eq!(parser.parse(b"<a><b/></a>").unwrap().children().count(), 1);
        assert!(parser.parse(b"<a xmlns:p='u'><b>").is_err());
        let c = parser.parse(b"<c/>").unwrap();
        assert_eq!((c.name(), c.ns(), c.children().count()), ("c", "", 0));
        assert!(parser.parse(b"<p:c/>").is_err());
    }
}
