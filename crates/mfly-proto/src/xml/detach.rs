//! Copies one element out of a table into a document of its own.
//!
//! The text is copied with the namespace declarations that it inherits, and the ranges of the table
//! are shifted: there is no second parse, and no error is possible.

use super::element::Element;
use super::table::{Attribute, Binding, FIRST_BINDING, NONE, Node, Span, Table};

impl<'a> Element<'a> {
    /// The source, split behind the name, where declarations can be inserted.
    pub(super) fn split_source(&self) -> (&'a str, &'a str) {
        let (text, _, node, _) = self.parts();
        let Span { start, end } = node.source;
        let cut = node.name.end;
        (Span { start, end: cut }.of(text), Span { start: cut, end }.of(text))
    }

    /// Namespace declarations of ancestors that are in scope, with their indices, innermost first;
    /// without those that are overridden or declare "no namespace".
    pub(super) fn inherited(&self) -> Vec<(u32, &'a Binding)> {
        let (text, table, node, _) = self.parts();
        let mut seen: Vec<&str> = Vec::new();
        let mut inherited = Vec::new();
        for (index, binding) in table.scope(node.scope) {
            let prefix = binding.prefix.of(text);
            if seen.contains(&prefix) {
                continue;
            }
            seen.push(prefix);
            if binding.prefix.start < node.source.start && !table.uri(text, binding).is_empty() {
                inherited.push((index, binding));
            }
        }
        inherited
    }

    /// Every namespace declaration of the element itself: prefix, and name as written with quotes.
    pub(super) fn declarations(&self, mut each: impl FnMut(&'a str, &'a str)) {
        let (text, table, node, _) = self.parts();
        for (_, binding) in table.scope(node.scope) {
            if binding.prefix.start >= node.source.start && !table.uri(text, binding).is_empty() {
                each(binding.prefix.of(text), self.quoted(binding.uri));
            }
        }
    }

    /// A value as written, with its quotes.
    pub(super) fn quoted(&self, value: Span) -> &'a str {
        Span { start: value.start - 1, end: value.end + 1 }.of(self.parts().0)
    }
}

/// Text and table of the element alone.
pub(super) fn detach(element: Element<'_>) -> (String, Table) {
    let (source, table, node, index) = element.parts();
    let inherited = element.inherited();
    let (start_tag, rest) = element.split_source();
    let mut text = String::with_capacity(start_tag.len() + rest.len() + 64 * inherited.len());
    text.push_str(start_tag);

    let mut bindings = Vec::new();
    // The chain starts outermost.
    for (position, (_, binding)) in inherited.iter().enumerate() {
        let prefix = binding.prefix.of(source);
        text.push_str(if prefix.is_empty() { " xmlns" } else { " xmlns:" });
        let prefix_start = text.len();
        text.push_str(prefix);
        let prefix = Span::new(prefix_start, text.len());
        text.push('=');
        let uri_start = text.len() + 1;
        text.push_str(element.quoted(binding.uri));
        bindings.push(Binding {
            prefix,
            uri: Span::new(uri_start, text.len() - 1),
            decoded: binding.decoded,
            outer: (position as u32).checked_sub(1).unwrap_or(NONE),
            count: position as u32 + 1,
        });
    }

    let moved = Move {
        from: node.name.end,
        to: text.len() as u32,
        first_binding: table
            .bindings
            .partition_point(|binding| binding.prefix.start < node.source.start)
            as u32,
        inherited: inherited.iter().map(|(index, _)| *index).collect(),
        first_attribute: node.attributes.start,
        first_node: index,
    };
    text.push_str(rest);

    let declared = table.bindings[moved.first_binding as usize..]
        .iter()
        .take_while(|binding| binding.prefix.start < node.source.end);
    bindings.extend(declared.map(|binding| moved.binding(binding)));
    let nodes = &table.nodes[index as usize..node.after as usize];
    let last_attribute = nodes.last().map_or(0, |last| last.attributes.end);
    let attributes = Span { start: node.attributes.start, end: last_attribute };
    let mut table = Table {
        nodes: nodes.iter().map(|node| moved.node(node)).collect(),
        attributes: table.attributes[attributes.start as usize..attributes.end as usize]
            .iter()
            .map(|attribute| moved.attribute(attribute))
            .collect(),
        bindings,
        decoded: table.decoded.clone(),
    };
    // The top element's start and name stand before the insertion.
    if let Some(top) = table.nodes.first_mut() {
        top.source.start = 0;
        top.name = Span {
            start: node.name.start - node.source.start,
            end: node.name.end - node.source.start,
        };
    }
    (text, table)
}

/// The shift of offsets and indices.
struct Move {
    /// An offset in the old text …
    from: u32,
    /// … and the same place in the new text.
    to: u32,
    first_binding: u32,
    /// Old indices of the declarations that now come first.
    inherited: Vec<u32>,
    first_attribute: u32,
    first_node: u32,
}

impl Move {
    fn offset(&self, offset: u32) -> u32 {
        offset.wrapping_sub(self.from).wrapping_add(self.to)
    }

    fn span(&self, span: Span) -> Span {
        Span { start: self.offset(span.start), end: self.offset(span.end) }
    }

    fn binding_index(&self, old: u32) -> u32 {
        if old == NONE {
            return NONE;
        }
        let inherited = self.inherited.len() as u32;
        if old >= self.first_binding {
            return old - self.first_binding + inherited;
        }
        // A link to an inherited declaration becomes a link to the innermost of them.
        inherited.checked_sub(1).unwrap_or(NONE)
    }

    fn namespace(&self, old: u32) -> u32 {
        let Some(binding) = old.checked_sub(FIRST_BINDING) else {
            return old;
        };
        let inherited = self.inherited.iter().position(|&index| index == binding);
        FIRST_BINDING
            + match inherited {
                Some(position) => position as u32,
                None => self.binding_index(binding),
            }
    }

    fn binding(&self, old: &Binding) -> Binding {
        Binding {
            prefix: self.span(old.prefix),
            uri: self.span(old.uri),
            outer: self.binding_index(old.outer),
            ..*old
        }
    }

    fn attribute(&self, old: &Attribute) -> Attribute {
        Attribute {
            start: self.offset(old.start),
            name: self.span(old.name),
            value: self.span(old.value),
            namespace: self.namespace(old.namespace),
            escaped: old.escaped,
        }
    }

    fn node(&self, old: &Node) -> Node {
        Node {
            source: self.span(old.source),
            name: self.span(old.name),
            namespace: self.namespace(old.namespace),
            attributes: Span {
                start: old.attributes.start - self.first_attribute,
                end: old.attributes.end - self.first_attribute,
            },
            scope: self.binding_index(old.scope),
            after: old.after - self.first_node,
            text: self.span(old.text),
            text_kind: old.text_kind,
        }
    }
}
