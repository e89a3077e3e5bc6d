//! Skips an element that is not kept.
//!
//! An element that exceeds a limit is not read, but its end must be found and its form checked.
//! This takes constant memory for any length and depth: the names of the outermost [`NAMES`] open
//! elements are kept as hashes, and further inside tags are counted. UTF-8, characters, nesting of
//! tags, quotes, references and markup that XMPP forbids are checked; names of attributes and
//! namespaces are not.

use super::characters;
use super::error::{XmlError, XmlErrorKind as Kind};
use super::reference;
use crate::xml::is_space;

/// Number of open elements whose names are compared.
const NAMES: usize = 1_024;

/// Bytes of the longest reference, as for the parser.
const LONGEST: usize = 64;

/// Position in the element.
#[derive(Clone, Copy, Debug)]
enum Place {
    /// Before the element, or in character data.
    Text,
    /// A reference, in character data or in a value with this quote.
    Reference(Option<u8>),
    /// The byte after `<`.
    Markup,
    /// The name of a start tag.
    Name,
    /// A start tag after its name; whether the last byte was `/`.
    Tag(bool),
    /// An attribute value with this quote.
    Value(u8),
    /// The name of an end tag.
    EndName,
    /// After the name of an end tag.
    EndTag,
    /// A CDATA section, after this number of `]`, at most two.
    Cdata(u8),
    /// After the element.
    End,
}

/// The number of bytes that were taken, or the fault at this offset.
type Step = Result<usize, (Kind, usize)>;

/// Initial value of a hash (FNV-1a, 64 bits).
const HASH: u64 = 0xCBF2_9CE4_8422_2325;

/// Finds the end of one element, independently of how its bytes arrive.
#[derive(Debug)]
pub(crate) struct Passer {
    place: Place,
    /// Number of open elements.
    depth: usize,
    /// Hashes of the names of the outermost open elements.
    names: Vec<u64>,
    /// Hash of the current name.
    name: u64,
    /// The incomplete markup or reference.
    piece: Vec<u8>,
    /// The incomplete character.
    partial: Vec<u8>,
    /// Number of bytes so far.
    passed: usize,
    longest: usize,
}

impl Passer {
    /// A passer for an element of at most `longest` bytes.
    pub(crate) const fn new(longest: usize) -> Self {
        Self {
            place: Place::Text,
            depth: 0,
            names: Vec::new(),
            name: 0,
            piece: Vec::new(),
            partial: Vec::new(),
            passed: 0,
            longest,
        }
    }

    /// Takes the next bytes. Returns how many of them belong to the element if it ends in them.
    ///
    /// # Errors
    /// When the element is not restricted XML or too long. The error does not depend on the chunks.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Result<Option<usize>, XmlError> {
        let allowed = &bytes[..bytes.len().min(self.longest - self.passed)];
        let before = self.passed;
        let end = self.feed_characters(allowed)?;
        if end.is_none() && allowed.len() < bytes.len() {
            return Err(XmlError::new(Kind::TooLarge, self.longest));
        }
        Ok(end.map(|end| end - before))
    }

    /// Passes on whole characters only. The result counts from the start of the element.
    fn feed_characters(&mut self, bytes: &[u8]) -> Result<Option<usize>, XmlError> {
        let mut rest = bytes;
        while !self.partial.is_empty() {
            let Some((&byte, after)) = rest.split_first() else {
                return Ok(None);
            };
            self.partial.push(byte);
            self.passed += 1;
            rest = after;
            let partial = std::mem::take(&mut self.partial);
            match std::str::from_utf8(&partial) {
                Ok(_) => self.pass(&partial, self.passed - partial.len())?,
                Err(error) if error.error_len().is_none() => {
                    self.partial = partial;
                    continue;
                }
                Err(_) => {
                    let start = self.passed - partial.len();
                    return Err(XmlError::new(Kind::InvalidUtf8, start));
                }
            };
        }
        let start = self.passed;
        let (whole, is_cut) = match std::str::from_utf8(rest) {
            Ok(_) => (rest, true),
            Err(error) => (&rest[..error.valid_up_to()], error.error_len().is_none()),
        };
        if let Some(end) = self.pass(whole, start)? {
            self.passed = end;
            return Ok(Some(end));
        }
        if !is_cut {
            return Err(XmlError::new(Kind::InvalidUtf8, start + whole.len()));
        }
        self.partial.extend_from_slice(&rest[whole.len()..]);
        self.passed += rest.len();
        Ok(None)
    }

    /// Scans text that starts `start` bytes after the start of the element.
    fn pass(&mut self, text: &[u8], start: usize) -> Result<Option<usize>, XmlError> {
        let illegal = characters::check(text).err();
        let legal = &text[..illegal.unwrap_or(text.len())];
        let mut at = 0;
        while at < legal.len() {
            at = match self.step(&legal[at..]) {
                Ok(taken) => at + taken,
                Err((kind, offset)) => return Err(XmlError::new(kind, start + at + offset)),
            };
            if matches!(self.place, Place::End) {
                return Ok(Some(start + at));
            }
        }
        match illegal {
            Some(at) => Err(XmlError::new(Kind::IllegalCharacter, start + at)),
            None => Ok(None),
        }
    }

    /// Advances in `rest`, which is not empty, by at least one byte or to another place.
    fn step(&mut self, rest: &[u8]) -> Step {
        let byte = rest[0];
        match self.place {
            Place::Text => self.text(rest),
            Place::Reference(quote) => self.reference(byte, quote).map_err(|kind| (kind, 0)),
            Place::Markup => self.markup(byte).map_err(|kind| (kind, 0)),
            Place::Name => {
                let end = name_end(rest);
                self.hash(&rest[..end]);
                match rest.get(end) {
                    Some(b'"' | b'\'' | b'<' | b'&' | b'=') => Err((Kind::MalformedTag, end)),
                    Some(_) => {
                        self.place = Place::Tag(false);
                        Ok(end)
                    }
                    None => Ok(end),
                }
            }
            Place::Tag(slash) => self.tag(rest, slash),
            Place::Value(quote) => {
                let Some(end) = memchr::memchr3(quote, b'<', b'&', rest) else {
                    return Ok(rest.len());
                };
                match rest[end] {
                    b'<' => return Err((Kind::LessThanInAttribute, end)),
                    b'&' => self.start_piece(b'&', Place::Reference(Some(quote))),
                    _ => self.place = Place::Tag(false),
                }
                Ok(end + 1)
            }
            Place::EndName => {
                let end = name_end(rest);
                self.hash(&rest[..end]);
                if end < rest.len() {
                    self.place = Place::EndTag;
                }
                Ok(end)
            }
            Place::EndTag => match byte {
                b'>' => self.close(),
                _ if is_space(byte) => Ok(1),
                _ => Err((Kind::MismatchedTag, 0)),
            },
            Place::Cdata(brackets) => Ok(self.cdata(rest, brackets)),
            Place::End => Err((Kind::TrailingContent, 0)),
        }
    }

    fn text(&mut self, rest: &[u8]) -> Step {
        if self.depth == 0 && rest[0] != b'<' {
            return Err((Kind::TextOutsideRoot, 0));
        }
        let Some(end) = memchr::memchr2(b'<', b'&', rest) else {
            return Ok(rest.len());
        };
        match rest[end] {
            b'<' => self.start_piece(b'<', Place::Markup),
            byte => self.start_piece(byte, Place::Reference(None)),
        }
        Ok(end + 1)
    }

    fn start_piece(&mut self, byte: u8, place: Place) {
        self.piece.clear();
        self.piece.push(byte);
        self.place = place;
    }

    fn reference(&mut self, byte: u8, quote: Option<u8>) -> Result<usize, Kind> {
        self.piece.push(byte);
        if byte == b';' {
            let text = std::str::from_utf8(&self.piece).map_err(|_| Kind::MalformedReference)?;
            reference::read(text)?;
            self.place = quote.map_or(Place::Text, Place::Value);
        } else if self.piece.len() >= LONGEST {
            return Err(Kind::MalformedReference);
        }
        Ok(1)
    }

    fn markup(&mut self, byte: u8) -> Result<usize, Kind> {
        self.piece.push(byte);
        self.place = match *self.piece {
            [b'<', b'/'] if self.depth == 0 => return Err(Kind::MismatchedTag),
            [b'<', b'/'] => {
                self.name = HASH;
                Place::EndName
            }
            [b'<', b'!', ..] if starts_cdata(&self.piece)? => match self.depth {
                0 => return Err(Kind::TextOutsideRoot),
                _ => Place::Cdata(0),
            },
            [b'<', b'!', ..] => Place::Markup,
            [b'<', b'?'] => return Err(Kind::ProcessingInstruction),
            [_, b'A'..=b'Z' | b'a'..=b'z' | b'_' | 0x80..] => {
                self.name = HASH;
                self.hash(&[byte]);
                Place::Name
            }
            _ => return Err(Kind::MalformedName),
        };
        Ok(1)
    }

    fn tag(&mut self, rest: &[u8], slash: bool) -> Step {
        let end = memchr::memchr3(b'>', b'"', b'\'', rest).unwrap_or(rest.len());
        let before = &rest[..end];
        if let Some(at) = memchr::memchr(b'<', before) {
            return Err((Kind::MalformedTag, at));
        }
        let slash = before.last().map_or(slash, |&last| last == b'/');
        match rest.get(end) {
            None => {
                self.place = Place::Tag(slash);
                return Ok(end);
            }
            Some(b'>') if slash => self.place = self.after_element(),
            Some(b'>') => {
                if self.names.len() < NAMES {
                    self.names.push(self.name);
                }
                self.depth += 1;
                self.place = Place::Text;
            }
            Some(&quote) => self.place = Place::Value(quote),
        }
        Ok(end + 1)
    }

    fn close(&mut self) -> Step {
        if self.depth == self.names.len() && self.names.pop() != Some(self.name) {
            return Err((Kind::MismatchedTag, 0));
        }
        self.depth -= 1;
        self.place = self.after_element();
        Ok(1)
    }

    fn cdata(&mut self, rest: &[u8], brackets: u8) -> usize {
        let next = match rest[0] {
            b']' => Place::Cdata((brackets + 1).min(2)),
            b'>' if brackets == 2 => Place::Text,
            _ => Place::Cdata(0),
        };
        self.place = next;
        match next {
            Place::Cdata(0) => memchr::memchr(b']', rest).unwrap_or(rest.len()),
            _ => 1,
        }
    }

    /// The place after the end of an element.
    const fn after_element(&self) -> Place {
        match self.depth {
            0 => Place::End,
            _ => Place::Text,
        }
    }

    fn hash(&mut self, name: &[u8]) {
        const PRIME: u64 = 0x0100_0000_01B3;
        for &byte in name {
            self.name = (self.name ^ u64::from(byte)).wrapping_mul(PRIME);
        }
    }
}

/// The end of a name that starts at or before the start of `text`.
fn name_end(text: &[u8]) -> usize {
    text.iter()
        .position(|&byte| {
            is_space(byte) || matches!(byte, b'/' | b'>' | b'"' | b'\'' | b'<' | b'&' | b'=')
        })
        .unwrap_or(text.len())
}

/// Whether markup that begins with `<!` starts a CDATA section; `false` also when more bytes are
/// needed.
///
/// # Errors
/// When it starts other markup.
pub(crate) fn starts_cdata(markup: &[u8]) -> Result<bool, Kind> {
    const CDATA: &[u8] = b"<![CDATA[";
    const DOCTYPE: &[u8] = b"<!DOCTYPE";
    const COMMENT: &[u8] = b"<!--";
    let starts = |word: &[u8]| {
        let known = markup.len().min(word.len());
        markup[..known].eq_ignore_ascii_case(&word[..known])
    };
    let kind = if starts(COMMENT) {
        (markup.len() >= COMMENT.len()).then_some(Kind::Comment)
    } else if starts(DOCTYPE) {
        (markup.len() >= DOCTYPE.len()).then_some(Kind::Doctype)
    } else if markup.starts_with(CDATA) {
        return Ok(true);
    } else if CDATA.starts_with(markup) {
        None
    } else {
        Some(Kind::MalformedMarkup)
    };
    match kind {
        Some(kind) => Err(kind),
        None => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    const LONGEST_ELEMENT: usize = 1 << 20;

    /// Feeds the bytes in chunks of this size.
    fn fed(text: &[u8], size: usize) -> Result<Option<usize>, XmlError> {
        let mut passer = Passer::new(LONGEST_ELEMENT);
        let mut before = 0;
        for chunk in text.chunks(size) {
            if let Some(end) = passer.feed(chunk)? {
                return Ok(Some(before + end));
            }
            before += chunk.len();
        }
        Ok(None)
    }

    fn passed(text: &str) -> Result<Option<usize>, Kind> {
        let whole = fed(text.as_bytes(), text.len().max(1));
        for size in [1, 2, 3, 5, 7] {
            assert_eq!(fed(text.as_bytes(), size), whole, "{text:?} by {size}");
        }
        whole.map_err(|error| error.kind)
    }

    #[test]
    fn an_element_ends_where_it_is_closed_however_its_bytes_arrive() {
        for element in [
            "<a/>",
            "<a></a>",
            "<a b='>' c=\"/\"><d/>text &amp; &#x20AC; \u{20AC}<e f='&lt;/'></e ></a\n>",
            "<p:a><![CDATA[</p:a>]] >]]]></p:a>",
            "<\u{e9}l\u{e9}ment></\u{e9}l\u{e9}ment>",
            "<a ></a>",
            "<a b='1'/>",
        ] {
            let text = format!("{element}<next/>");
            assert_eq!(passed(&text), Ok(Some(element.len())), "{element}");
            for end in 0..element.len() {
                if element.is_char_boundary(end) {
                    assert_eq!(passed(&element[..end]), Ok(None), "{}", &element[..end]);
                }
            }
        }
    }

    #[test]
    fn what_is_no_restricted_xml_is_refused_with_its_reason() {
        for (text, expected) in rows(include_str!("../../fixtures/text/skipped_elements.txt")) {
            assert_eq!(format!("{:?}", passed(&text).unwrap_err()), expected, "{text:?}");
        }
        let long = format!("<a>&{};</a>", "x".repeat(100));
        assert_eq!(passed(&long), Err(Kind::MalformedReference));
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_found_at_the_same_offset_at_every_chunking() {
        for text in [&b"<a>\xFF</a>"[..], b"<a>\xE2\x82</a>", b"<a b='\xC3'/>", b"<a></a \xE2>"] {
            let whole = fed(text, text.len()).unwrap_err();
            for size in 1..text.len() {
                assert_eq!(fed(text, size).unwrap_err(), whole, "{text:?}");
            }
        }
    }

    #[test]
    fn memory_stays_the_same_however_deep_and_long_an_element_is() {
        let mut passer = Passer::new(usize::MAX);
        for _ in 0..200_000 {
            assert_eq!(passer.feed(b"<a b='c'>").unwrap(), None);
        }
        assert!(passer.names.capacity() <= NAMES);
        for _ in 1..200_000 {
            assert_eq!(passer.feed(b"</a>").unwrap(), None);
        }
        for _ in 0..1_000 {
            assert_eq!(passer.feed(&[b'x'; 1_000]).unwrap(), None);
        }
        assert_eq!(passer.feed(b"</a><next/>").unwrap(), Some(4));
        let kept = passer.piece.capacity() + passer.partial.capacity();
        assert!(kept <= 2 * LONGEST, "{kept}");
    }

    #[test]
    fn an_element_longer_than_allowed_is_an_error_at_the_same_byte() {
        let text = b"<a>0123456789</a>";
        for size in 1..=text.len() {
            let mut passer = Passer::new(text.len() - 1);
            let error = text.chunks(size).find_map(|chunk| passer.feed(chunk).err());
            assert_eq!(error, Some(XmlError::new(Kind::TooLarge, text.len() - 1)));
        }
        assert_eq!(Passer::new(text.len()).feed(text).unwrap(), Some(text.len()));
    }
}
