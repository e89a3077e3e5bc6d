//! Finds the end of a frame: knows just enough of XML for that, and looks at every byte once.

use super::{SplitError, declaration, names_a_stream, tag_name};
use crate::xml::{XmlErrorKind as Kind, is_space, starts_cdata};

const CDATA: &[u8] = b"<![CDATA[";
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// A complete part of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// An XML declaration.
    Declaration,
    /// The start tag of a stream.
    Header,
    /// A whole element.
    Element,
    /// The end tag of a stream.
    Footer,
}

/// Position in the stream, between two units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Only white space so far.
    Start,
    /// After an XML declaration: a header must follow.
    Declared,
    /// Between the stream tags.
    Inside,
    /// After the closing tag.
    Closed,
}

/// Position in a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// At the start of a unit, or in character data.
    Text,
    /// A start tag, outside of attribute values.
    StartTag,
    /// An attribute value with this quote.
    Value(u8),
    /// An end tag.
    EndTag,
    /// A CDATA section.
    Cdata,
    /// An XML declaration.
    Declaration,
}

/// Result of one scanning step.
enum Step {
    /// Continue at this offset, in this place.
    To(usize, Place),
    /// The unit ends at this offset.
    Done(Unit, usize),
    /// More bytes are needed; continue at this offset.
    Wait(usize),
}

/// Searches for the end of the unit at the start of the bytes, and continues where it stopped.
#[derive(Debug)]
pub(super) struct Scanner {
    stage: Stage,
    place: Place,
    /// Number of bytes that have been scanned.
    at: usize,
    /// Offset of the name of the latest tag.
    name: usize,
    /// Offsets of the names of the open elements, outermost first.
    open: Vec<usize>,
}

impl Scanner {
    pub(super) const fn new() -> Self {
        Self { stage: Stage::Start, place: Place::Text, at: 0, name: 0, open: Vec::new() }
    }

    pub(super) const fn stage(&self) -> Stage {
        self.stage
    }

    /// Whether the next byte starts a unit.
    pub(super) const fn is_between(&self) -> bool {
        self.at == 0
    }

    /// Ends the current unit: the next byte starts another one.
    pub(super) fn skip_unit(&mut self) {
        (self.at, self.place) = (0, Place::Text);
        self.open = Vec::new();
    }

    /// Whether the current unit, which starts with `bytes`, is an element of the stream.
    pub(super) fn is_in_element(&self, bytes: &[u8]) -> bool {
        self.stage == Stage::Inside
            && match bytes {
                [b'<', b'/' | b'?', ..] => false,
                [b'<', tag @ ..] => !names_a_stream(tag_name(tag)),
                _ => false,
            }
    }

    /// The unit at the start of `bytes` and its end; `None` when it is not complete. Until it is,
    /// `bytes` may only grow from call to call. An element may be nested to `depth`.
    ///
    /// # Errors
    /// When the bytes cannot be the start of a valid stream.
    pub(super) fn advance(
        &mut self,
        bytes: &[u8],
        depth: usize,
    ) -> Result<Option<(Unit, usize)>, SplitError> {
        let (mut at, mut place) = (self.at, self.place);
        loop {
            let step = match place {
                Place::Text => self.text(bytes, at)?,
                Place::StartTag => self.start_tag(bytes, at, depth)?,
                Place::Value(quote) => value(bytes, at, quote)?,
                Place::EndTag => self.end_tag(bytes, at)?,
                Place::Cdata => match find(bytes, at, |rest| memchr::memmem::find(rest, b"]]>")) {
                    Some(end) => Step::To(end + 3, Place::Text),
                    // The end itself may be cut.
                    None => Step::Wait(at.max(bytes.len().saturating_sub(2))),
                },
                Place::Declaration => {
                    match find(bytes, at, |rest| memchr::memmem::find(rest, b"?>")) {
                        Some(end) => Step::Done(Unit::Declaration, end + 2),
                        None => Step::Wait(at.max(bytes.len().saturating_sub(1))),
                    }
                }
            };
            match step {
                Step::To(next, found) => (at, place) = (next, found),
                Step::Done(unit, end) => {
                    (self.at, self.place) = (0, Place::Text);
                    match unit {
                        Unit::Declaration => self.stage = Stage::Declared,
                        Unit::Header => self.stage = Stage::Inside,
                        Unit::Element => {}
                        Unit::Footer => self.stage = Stage::Closed,
                    }
                    return Ok(Some((unit, end)));
                }
                Step::Wait(from) => {
                    (self.at, self.place) = (from, place);
                    return Ok(None);
                }
            }
        }
    }

    /// Scans text, or the start of a unit.
    fn text(&mut self, bytes: &[u8], at: usize) -> Result<Step, SplitError> {
        let is_top = self.open.is_empty();
        let start = if is_top {
            at
        } else {
            match find(bytes, at, |rest| memchr::memchr(b'<', rest)) {
                Some(start) => start,
                None => return Ok(Step::Wait(bytes.len())),
            }
        };
        let markup = bytes.get(start..).unwrap_or_default();
        if is_top && self.stage == Stage::Closed && !markup.is_empty() {
            return Err(SplitError::AfterFooter);
        }
        match *markup {
            [] | [b'<'] => Ok(Step::Wait(start)),
            [b'<', b'/', ..] => {
                self.name = start + 2;
                Ok(Step::To(start + 2, Place::EndTag))
            }
            [b'<', b'!', ..] => match bang(markup, is_top)? {
                true => Ok(Step::To(start + CDATA.len(), Place::Cdata)),
                false => Ok(Step::Wait(start)),
            },
            [b'<', b'?', ..] => match declaration::starts(markup) {
                None => Ok(Step::Wait(start)),
                Some(false) => Err(SplitError::Malformed(Kind::ProcessingInstruction)),
                Some(true) if is_top && self.stage != Stage::Declared => {
                    Ok(Step::To(start + 2, Place::Declaration))
                }
                Some(true) => Err(SplitError::Malformed(Kind::XmlDeclaration)),
            },
            [b'<', b'A'..=b'Z' | b'a'..=b'z' | b'_' | 0x80.., ..] => {
                self.name = start + 1;
                Ok(Step::To(start + 1, Place::StartTag))
            }
            [b'<', ..] => Err(SplitError::Malformed(Kind::MalformedName)),
            [0xFE | 0xFF, ..] => Err(SplitError::NotUtf8),
            _ if markup.starts_with(BYTE_ORDER_MARK) => {
                Err(SplitError::Malformed(Kind::ByteOrderMark))
            }
            _ if BYTE_ORDER_MARK.starts_with(markup) => Ok(Step::Wait(start)),
            _ if self.stage != Stage::Inside => Err(SplitError::NoHeader),
            _ => Err(SplitError::Malformed(Kind::TextOutsideRoot)),
        }
    }

    fn start_tag(&mut self, bytes: &[u8], at: usize, limit: usize) -> Result<Step, SplitError> {
        let Some(end) = find(bytes, at, |rest| memchr::memchr3(b'>', b'"', b'\'', rest)) else {
            return Ok(Step::Wait(bytes.len()));
        };
        if bytes[end] != b'>' {
            return Ok(Step::To(end + 1, Place::Value(bytes[end])));
        }
        let is_closed = bytes[end - 1] == b'/';
        if self.open.is_empty() {
            if names_a_stream(tag_name(&bytes[self.name..=end])) {
                return match is_closed {
                    false => Ok(Step::Done(Unit::Header, end + 1)),
                    // A stream cannot be an empty element.
                    true => Err(SplitError::Malformed(Kind::MalformedTag)),
                };
            }
            if self.stage != Stage::Inside {
                return Err(SplitError::NoHeader);
            }
            if is_closed {
                return Ok(Step::Done(Unit::Element, end + 1));
            }
        }
        if self.open.len() >= limit {
            return Err(SplitError::TooDeep { limit });
        }
        if !is_closed {
            self.open.push(self.name);
        }
        Ok(Step::To(end + 1, Place::Text))
    }

    fn end_tag(&mut self, bytes: &[u8], at: usize) -> Result<Step, SplitError> {
        let Some(end) = find(bytes, at, |rest| memchr::memchr(b'>', rest)) else {
            return Ok(Step::Wait(bytes.len()));
        };
        let name = bytes[self.name..end].trim_ascii_end();
        let Some(open) = self.open.pop() else {
            return match self.stage {
                Stage::Inside if names_a_stream(name) => Ok(Step::Done(Unit::Footer, end + 1)),
                Stage::Inside => Err(SplitError::Malformed(Kind::MismatchedTag)),
                _ => Err(SplitError::NoHeader),
            };
        };
        let is_same = bytes[open..]
            .strip_prefix(name)
            .and_then(|rest| rest.first())
            .is_some_and(|&byte| is_space(byte) || matches!(byte, b'/' | b'>'));
        if !is_same {
            return Err(SplitError::Malformed(Kind::MismatchedTag));
        }
        Ok(match self.open.is_empty() {
            true => Step::Done(Unit::Element, end + 1),
            false => Step::To(end + 1, Place::Text),
        })
    }
}

/// Scans an attribute value. A missing quote is noticed at the next tag.
fn value(bytes: &[u8], at: usize, quote: u8) -> Result<Step, SplitError> {
    match find(bytes, at, |rest| memchr::memchr2(quote, b'<', rest)) {
        Some(end) if bytes[end] == b'<' => Err(SplitError::Malformed(Kind::LessThanInAttribute)),
        Some(end) => Ok(Step::To(end + 1, Place::StartTag)),
        None => Ok(Step::Wait(bytes.len())),
    }
}

fn find(bytes: &[u8], at: usize, search: impl FnOnce(&[u8]) -> Option<usize>) -> Option<usize> {
    search(bytes.get(at..)?).map(|index| at + index)
}

/// Whether `<!` starts a CDATA section; `false` also when more bytes are needed.
fn bang(markup: &[u8], is_top: bool) -> Result<bool, SplitError> {
    match starts_cdata(markup).map_err(SplitError::Malformed)? {
        true if is_top => Err(SplitError::Malformed(Kind::TextOutsideRoot)),
        is_cdata => Ok(is_cdata),
    }
}
