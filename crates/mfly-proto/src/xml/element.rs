//! A borrowed view of one parsed element.

use super::document::Document;
use super::reference;
use super::table::{Attribute, NO_NAMESPACE, Node, Span, Table, TextKind};
use super::writer::Writer;
use std::borrow::Cow;
use std::fmt;

/// A parsed element; cheap to copy.
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
    /// The element at `index`. The reader makes no table without a top element.
    #[inline]
    pub(super) fn new(text: &'a str, table: &'a Table, index: u32) -> Self {
        static NOTHING: Node = Node::NOTHING;
        let node = table.nodes.get(index as usize).unwrap_or(&NOTHING);
        Self {
            text,
            table,
            node,
            index,
        }
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

    /// Whether name and namespace are these.
    #[must_use]
    pub fn is(&self, ns: &str, name: &str) -> bool {
        self.name() == name && self.ns() == ns
    }

    /// Value of an attribute without namespace.
    #[must_use]
    pub fn attr(&self, name: &str) -> Option<Cow<'a, str>> {
        self.attribute_table()
            .iter()
            .find(|attribute| {
                attribute.namespace == NO_NAMESPACE && attribute.name.of(self.text) == name
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
        Attributes {
            element: *self,
            rest: self.attribute_table().iter(),
        }
    }

    /// First child element with this namespace and name.
    #[must_use]
    pub fn child(&self, ns: &str, name: &str) -> Option<Self> {
        self.children().find(|child| child.is(ns, name))
    }

    /// First child element with this name in any namespace; the official SDK compares names only.
    #[must_use]
    pub fn child_named(&self, name: &str) -> Option<Self> {
        self.children().find(|child| child.name() == name)
    }

    /// Child elements in document order.
    #[must_use]
    pub fn children(&self) -> Children<'a> {
        Children {
            text: self.text,
            table: self.table,
            next: self.index + 1,
            end: self.node.after,
        }
    }

    /// Own character data, children's excluded, concatenated and unescaped.
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

    /// An owned copy that stands alone: inherited namespaces are declared on it.
    #[must_use]
    pub fn to_document(&self) -> Document {
        Document::detached(*self)
    }

    /// Writes the element and all below it, inherited namespaces declared.
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
        self.table
            .attributes
            .get(start as usize..end as usize)
            .unwrap_or_default()
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

    /// Puts together the runs of text between children.
    #[cold]
    fn mixed_text(&self) -> String {
        let Span { start, end } = self.node.text;
        let mut text = String::new();
        let mut at = start;
        for child in self.children() {
            let Span {
                start: child_start,
                end: child_end,
            } = child.node.source;
            if child_start > end {
                break;
            }
            if child_start > at {
                decode_run(
                    Span {
                        start: at,
                        end: child_start,
                    }
                    .of(self.text),
                    &mut text,
                );
            }
            at = at.max(child_end);
        }
        decode_run(Span { start: at, end }.of(self.text), &mut text);
        text
    }
}

impl fmt::Debug for Element<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Element(<{} xmlns={:?}>, {} bytes)",
            self.name(),
            self.ns(),
            self.source().len()
        )
    }
}

/// Appends character data and CDATA sections.
fn decode_run(run: &str, text: &mut String) {
    let mut rest = run;
    while let Some((before, section)) = rest.split_once("<![CDATA[") {
        let (content, after) = section.split_once("]]>").unwrap_or((section, ""));
        reference::decode_text(before, text);
        reference::decode_cdata(content, text);
        rest = after;
    }
    reference::decode_text(rest, text);
}

/// Iterator over child elements.
#[derive(Clone, Debug)]
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
