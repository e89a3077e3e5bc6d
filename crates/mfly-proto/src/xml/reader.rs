//! The parser: text to element table.
//!
//! quick-xml cuts the text into tags, text and references. It enforces none of the rules of RFC
//! 6120 §11 and few of XML; they are enforced here, in one pass.

use super::characters::{self, is_space};
use super::document::Document;
use super::element::Element;
use super::error::{XmlError, XmlErrorKind as Kind};
use super::inherited::Inherited;
use super::limits::Limits;
use super::passer::starts_cdata;
use super::reference;
use super::table::{Node, Span, Table, TextKind};
use super::tag::{Scope, TagReader};
use bytes::Bytes;
use quick_xml::Reader;
use quick_xml::errors::{Error, IllFormedError, SyntaxError};
use quick_xml::events::Event;

/// A reusable parser. It keeps the memory of its table, so that it allocates nothing after a while.
#[derive(Clone, Debug)]
pub struct Parser {
    limits: Limits,
    table: Table,
    open: Vec<Open>,
}

/// An element whose end tag is not read yet.
#[derive(Clone, Copy, Debug)]
struct Open {
    node: usize,
    children: usize,
    scope: Scope,
}

impl Parser {
    /// A parser with these limits.
    #[must_use]
    pub const fn new(limits: Limits) -> Self {
        Self { limits, table: Table::EMPTY, open: Vec::new() }
    }

    /// Parses one complete top-level element. The view borrows parser and text.
    ///
    /// White space may surround the element.
    ///
    /// # Errors
    /// When the text is not restricted XML or exceeds the limits.
    pub fn parse<'a>(&'a mut self, text: &'a [u8]) -> Result<Element<'a>, XmlError> {
        let text = self.fill(text, 0)?;
        Ok(Element::new(text, &self.table, 0))
    }

    /// Parses one complete top-level element into a document of its own. The text is copied only if
    /// it is shared.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn document(&mut self, text: impl Into<Bytes>) -> Result<Document, XmlError> {
        self.own(text.into(), &Inherited::NONE).map_err(|(error, _)| error)
    }

    /// Parses one complete element that is a child of an element which was read before, from which
    /// it inherits namespaces. The declarations that it uses are added to its text, so that the
    /// document stands alone; they count as attributes of the element but not as bytes. The text of
    /// a refused element is returned.
    pub(crate) fn own(
        &mut self,
        text: Bytes,
        inherited: &Inherited,
    ) -> Result<Document, (XmlError, Bytes)> {
        // Before the text is searched.
        if text.len() > self.limits.bytes {
            return Err((XmlError::new(Kind::TooLarge, self.limits.bytes), text));
        }
        let Some(declared) = inherited.declare(&text) else {
            return match self.fill(&text, 0) {
                Ok(_) => Document::new(text, self.give_table()).map_err(|e| (e, Bytes::new())),
                Err(error) => Err((error, text)),
            };
        };
        match self.fill(declared.text.as_bytes(), declared.added) {
            Ok(_) => Ok(Document::of(declared.text, self.give_table())),
            Err(error) => {
                let position = declared.original(error.position);
                Err((XmlError { position, ..error }, text))
            }
        }
    }

    /// Changes the limits.
    pub(crate) const fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// The table for a document: a copy of exact size, or, if it is large, the table itself, so
    /// that the parser does not keep the memory of one large element.
    fn give_table(&mut self) -> Table {
        const LARGE: usize = 256;
        if self.table.nodes.len() < LARGE {
            self.table.clone()
        } else {
            std::mem::replace(&mut self.table, Table::EMPTY)
        }
    }

    /// Parses a text and returns its table.
    pub(super) fn parse_owned(mut self, text: &[u8]) -> Result<Table, XmlError> {
        self.fill(text, 0)?;
        Ok(self.table)
    }

    /// Parses into the parser's table; `added` bytes do not count towards the limit.
    fn fill<'a>(&mut self, bytes: &'a [u8], added: usize) -> Result<&'a str, XmlError> {
        self.table.clear();
        self.open.clear();
        let largest = self.limits.bytes.saturating_add(added).min(u32::MAX as usize - 1);
        if bytes.len() > largest {
            return Err(XmlError::new(Kind::TooLarge, largest));
        }
        if bytes.starts_with(b"\xEF\xBB\xBF") {
            return Err(XmlError::new(Kind::ByteOrderMark, 0));
        }
        let text = std::str::from_utf8(bytes).map_err(|error| {
            let kind =
                if error.error_len().is_none() { Kind::Truncated } else { Kind::InvalidUtf8 };
            XmlError::new(kind, error.valid_up_to())
        })?;
        let unusual = characters::check(bytes)
            .map_err(|position| XmlError::new(Kind::IllegalCharacter, position))?;
        let pass = Pass {
            bytes,
            tags: TagReader { text, limits: self.limits, white_space: unusual.white_space },
            bracket: unusual.bracket,
            table: &mut self.table,
            open: &mut self.open,
        };
        pass.run()?;
        Ok(text)
    }
}

/// One pass over one text.
struct Pass<'p> {
    bytes: &'p [u8],
    tags: TagReader<'p>,
    /// Whether the text holds `]`.
    bracket: bool,
    table: &'p mut Table,
    open: &'p mut Vec<Open>,
}

impl Pass<'_> {
    fn run(mut self) -> Result<(), XmlError> {
        let mut reader = Reader::from_str(self.tags.text);
        let config = reader.config_mut();
        // Both are checked against the table instead.
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        let mut start = 0;
        loop {
            let event = reader.read_event();
            let end = reader.buffer_position() as usize;
            // Matched by reference: moving the event is slower.
            match &event {
                Ok(Event::Start(_)) => self.start_tag(start, end, end - 1, true)?,
                Ok(Event::Empty(_)) => self.start_tag(start, end, end - 2, false)?,
                Ok(Event::End(name)) => self.end_tag(name.as_bytes(), start, end)?,
                Ok(Event::Text(_)) => self.text(start, end)?,
                Ok(Event::GeneralRef(_)) => self.reference(start, end)?,
                Ok(Event::CData(_)) => self.cdata(start, end)?,
                Ok(Event::Eof) => return self.finish(end),
                Ok(Event::DocType(_)) => return Err(XmlError::new(Kind::Doctype, start)),
                Ok(Event::Comment(_)) => return Err(XmlError::new(Kind::Comment, start)),
                Ok(Event::PI(_)) => {
                    return Err(XmlError::new(Kind::ProcessingInstruction, start));
                }
                Ok(Event::Decl(_)) => return Err(XmlError::new(Kind::XmlDeclaration, start)),
                Err(error) => return Err(self.refusal(error, start)),
            }
            start = end;
        }
    }

    #[inline]
    fn start_tag(
        &mut self,
        start: usize,
        end: usize,
        stop: usize,
        has_content: bool,
    ) -> Result<(), XmlError> {
        let limits = &self.tags.limits;
        let outer = match self.open.last_mut() {
            Some(parent) => {
                parent.children += 1;
                if parent.children > limits.children {
                    return Err(XmlError::new(Kind::TooManyChildren, start));
                }
                parent.scope
            }
            None if self.table.nodes.is_empty() => Scope::EMPTY,
            None => return Err(XmlError::new(Kind::TrailingContent, start)),
        };
        if self.table.nodes.len() >= limits.elements {
            return Err(XmlError::new(Kind::TooManyElements, start));
        }
        if self.open.len() >= limits.depth {
            return Err(XmlError::new(Kind::TooDeep, start));
        }
        let tag = self.tags.read(self.table, start, stop, outer)?;
        let node = self.table.nodes.len();
        self.table.nodes.push(Node {
            source: Span::new(start, end),
            name: tag.name,
            namespace: tag.namespace,
            attributes: tag.attributes,
            scope: tag.scope.innermost,
            after: node as u32 + 1,
            text: Span::EMPTY,
            text_kind: TextKind::None,
        });
        if has_content {
            self.open.push(Open { node, children: 0, scope: tag.scope });
        }
        Ok(())
    }

    #[inline]
    fn end_tag(&mut self, name: &[u8], start: usize, end: usize) -> Result<(), XmlError> {
        let mismatched = XmlError { kind: Kind::MismatchedTag, position: start };
        let Some(open) = self.open.pop() else {
            return Err(mismatched);
        };
        let after = self.table.nodes.len() as u32;
        let node = &mut self.table.nodes[open.node];
        let opened = Span { start: node.source.start + 1, end: node.name.end };
        if opened.bytes_of(self.bytes) != name {
            return Err(mismatched);
        }
        node.source.end = end as u32;
        node.after = after;
        Ok(())
    }

    #[inline]
    fn text(&mut self, start: usize, end: usize) -> Result<(), XmlError> {
        let run = &self.bytes[start..end];
        if self.open.is_empty() {
            return match run.iter().position(|&byte| !is_space(byte)) {
                Some(index) => Err(self.outside(start + index)),
                None => Ok(()),
            };
        }
        if self.bracket
            && let Some(index) = memchr::memmem::find(run, b"]]>")
        {
            return Err(XmlError::new(Kind::CdataEndInText, start + index));
        }
        let has_line_end = self.tags.white_space && memchr::memchr(b'\r', run).is_some();
        self.add_text(start, end, if has_line_end { TextKind::Mixed } else { TextKind::Plain });
        Ok(())
    }

    fn reference(&mut self, start: usize, end: usize) -> Result<(), XmlError> {
        let source = Span::new(start, end).of(self.tags.text);
        reference::read(source).map_err(|kind| XmlError::new(kind, start))?;
        if self.open.is_empty() {
            return Err(self.outside(start));
        }
        self.add_text(start, end, TextKind::Mixed);
        Ok(())
    }

    fn cdata(&mut self, start: usize, end: usize) -> Result<(), XmlError> {
        if self.open.is_empty() {
            return Err(self.outside(start));
        }
        self.add_text(start, end, TextKind::Mixed);
        Ok(())
    }

    #[inline]
    fn add_text(&mut self, start: usize, end: usize, kind: TextKind) {
        let Some(open) = self.open.last() else { return };
        let node = &mut self.table.nodes[open.node];
        if node.text_kind == TextKind::None {
            node.text = Span::new(start, end);
            node.text_kind = kind;
        } else {
            node.text.end = end as u32;
            node.text_kind = TextKind::Mixed;
        }
    }

    /// Character data outside the top-level element.
    fn outside(&self, position: usize) -> XmlError {
        let is_before = self.table.nodes.is_empty();
        let kind = if is_before { Kind::TextOutsideRoot } else { Kind::TrailingContent };
        XmlError::new(kind, position)
    }

    fn finish(&self, end: usize) -> Result<(), XmlError> {
        if !self.open.is_empty() {
            return Err(XmlError::new(Kind::Truncated, end));
        }
        if self.table.nodes.is_empty() {
            return Err(XmlError::new(Kind::Empty, end));
        }
        Ok(())
    }

    /// The fault that quick-xml found in the event that starts at `start`.
    #[cold]
    fn refusal(&self, error: &Error, start: usize) -> XmlError {
        let rest = self.bytes.get(start..).unwrap_or_default();
        let kind = match error {
            Error::IllFormed(IllFormedError::UnclosedReference) => {
                // Without `;`, the rest of the reference may follow later.
                match rest.get(1..).and_then(|rest| memchr::memchr2(b'&', b'<', rest)) {
                    Some(_) => Kind::MalformedReference,
                    None => Kind::Truncated,
                }
            }
            _ if rest.starts_with(b"<!--") => Kind::Comment,
            _ if rest.starts_with(b"<?xml") => Kind::XmlDeclaration,
            _ if rest.starts_with(b"<?") => Kind::ProcessingInstruction,
            _ if starts_doctype(rest) => Kind::Doctype,
            Error::Syntax(SyntaxError::UnclosedCData) if starts_cdata(rest).is_ok() => {
                Kind::Truncated
            }
            Error::Syntax(SyntaxError::UnclosedCData | SyntaxError::InvalidBangMarkup)
                if rest.len() > b"<!".len() =>
            {
                Kind::MalformedMarkup
            }
            Error::Syntax(_) => Kind::Truncated,
            _ => Kind::MalformedMarkup,
        };
        XmlError::new(kind, start)
    }
}

fn starts_doctype(markup: &[u8]) -> bool {
    markup.get(..9).is_some_and(|start| start.eq_ignore_ascii_case(b"<!DOCTYPE"))
}
