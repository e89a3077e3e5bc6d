//! The flat table behind a parsed element: names and values are ranges of the input.
//!
//! Elements stand in document order, so that an element's descendants follow it directly and
//! nothing needs recursion, neither to walk nor to drop.

/// A range of bytes of the input (or of [`Table::decoded`]). Inputs are shorter than 4 GiB.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) start: u32,
    pub(super) end: u32,
}

impl Span {
    pub(super) const EMPTY: Self = Self { start: 0, end: 0 };

    /// The range `start..end`; the reader has refused inputs whose offsets do not fit.
    #[inline]
    pub(super) const fn new(start: usize, end: usize) -> Self {
        Self { start: start as u32, end: end as u32 }
    }

    /// The part of `text` in this range.
    #[inline]
    pub(super) fn of(self, text: &str) -> &str {
        text.get(self.start as usize..self.end as usize).unwrap_or_default()
    }

    /// Whether the range of `text` is `expected`. Comparing lengths first is fastest.
    #[inline]
    pub(super) fn holds(self, text: &str, expected: &str) -> bool {
        (self.end - self.start) as usize == expected.len()
            && self.bytes_of(text.as_bytes()) == expected.as_bytes()
    }

    /// The part of `bytes` in this range.
    #[inline]
    pub(super) fn bytes_of(self, bytes: &[u8]) -> &[u8] {
        bytes.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

/// The form of an element's character data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextKind {
    /// No character data.
    None,
    /// One run that can be borrowed unchanged.
    Plain,
    /// Several runs, references, CDATA or carriage returns.
    Mixed,
}

/// One element of the table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    /// From `<` to the end of the last `>`.
    pub(super) source: Span,
    /// Name without its prefix.
    pub(super) name: Span,
    /// Index of the namespace: see [`Table::namespace`].
    pub(super) namespace: u32,
    /// First attribute in [`Table::attributes`], and the one after the last.
    pub(super) attributes: Span,
    /// Innermost namespace declaration in scope, or [`NONE`].
    pub(super) scope: u32,
    /// Index after the last descendant, which is that of the next sibling, if there is one.
    pub(super) after: u32,
    /// From the first run of own character data to the end of the last.
    pub(super) text: Span,
    pub(super) text_kind: TextKind,
}

impl Node {
    /// An element without name, for a view of an empty table.
    pub(super) const NOTHING: Self = Self {
        source: Span::EMPTY,
        name: Span::EMPTY,
        namespace: NO_NAMESPACE,
        attributes: Span::EMPTY,
        scope: NONE,
        after: 0,
        text: Span::EMPTY,
        text_kind: TextKind::None,
    };
}

/// One attribute that is not a namespace declaration.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attribute {
    /// Start of the whole name; the prefix ends before `name` starts.
    pub(super) start: u32,
    /// Name without its prefix.
    pub(super) name: Span,
    /// Value as written, without quotes.
    pub(super) value: Span,
    pub(super) namespace: u32,
    /// Whether the value holds references, or white space to be normalised.
    pub(super) escaped: bool,
}

/// One namespace declaration. Declarations in scope form a chain from the innermost outwards.
#[derive(Clone, Copy, Debug)]
pub(super) struct Binding {
    /// Empty for the default namespace, but always within the declaring tag.
    pub(super) prefix: Span,
    /// The name as written, without quotes.
    pub(super) uri: Span,
    /// The name in [`Table::decoded`], when it was written with references.
    pub(super) decoded: Option<Span>,
    /// The next declaration outwards, or [`NONE`].
    pub(super) outer: u32,
    /// Declarations in scope, this one included.
    pub(super) count: u32,
}

/// The value for no index.
pub(super) const NONE: u32 = u32::MAX;
/// Namespace index of "no namespace".
pub(super) const NO_NAMESPACE: u32 = 0;
/// Namespace index of the prefix `xml`, which is never declared.
pub(super) const XML_NAMESPACE: u32 = 1;
/// Namespace index of the first declaration.
pub(super) const FIRST_BINDING: u32 = 2;

/// The structure of one parsed text, without the text itself.
#[derive(Clone, Debug)]
pub(super) struct Table {
    pub(super) nodes: Vec<Node>,
    pub(super) attributes: Vec<Attribute>,
    pub(super) bindings: Vec<Binding>,
    /// Namespace names that were written with references.
    pub(super) decoded: String,
}

impl Table {
    /// The empty table.
    pub(super) const EMPTY: Self = Self {
        nodes: Vec::new(),
        attributes: Vec::new(),
        bindings: Vec::new(),
        decoded: String::new(),
    };

    /// Removes the content and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.nodes.clear();
        self.attributes.clear();
        self.bindings.clear();
        self.decoded.clear();
    }

    /// The namespace name behind an index.
    #[inline]
    pub(super) fn namespace<'a>(&'a self, text: &'a str, index: u32) -> &'a str {
        match index {
            NO_NAMESPACE => "",
            XML_NAMESPACE => crate::ns::XML,
            _ => self
                .bindings
                .get((index - FIRST_BINDING) as usize)
                .map_or("", |binding| self.uri(text, binding)),
        }
    }

    /// The namespace name of a declaration.
    #[inline]
    pub(super) fn uri<'a>(&'a self, text: &'a str, binding: &Binding) -> &'a str {
        match binding.decoded {
            Some(decoded) => decoded.of(&self.decoded),
            None => binding.uri.of(text),
        }
    }

    /// The declarations in scope from `innermost` outwards, with their indices.
    pub(super) fn scope(&self, innermost: u32) -> impl Iterator<Item = (u32, &Binding)> {
        let at = |index: u32| self.bindings.get(index as usize).map(|binding| (index, binding));
        std::iter::successors(at(innermost), move |(_, binding)| at(binding.outer))
    }

    /// The namespace that `prefix` is bound to in the scope that starts at `innermost`.
    #[inline]
    pub(super) fn resolve(&self, bytes: &[u8], innermost: u32, prefix: &[u8]) -> Option<u32> {
        if prefix == b"xml" {
            return Some(XML_NAMESPACE);
        }
        self.scope(innermost)
            .find(|(_, binding)| binding.prefix.bytes_of(bytes) == prefix)
            .map(|(index, _)| index + FIRST_BINDING)
    }
}
