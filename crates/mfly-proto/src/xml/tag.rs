//! Start tags: names, attributes, namespace declarations.
//!
//! quick-xml finds the end of a tag and does not check its inside.

use super::characters::{is_space, name_end};
use super::error::{XmlError, XmlErrorKind as Kind};
use super::limits::Limits;
use super::reference;
use super::scan;
use super::table::{Attribute, Binding, FIRST_BINDING, NO_NAMESPACE, NONE, Span, Table};
use crate::ns;

/// The namespace that `xmlns` itself is bound to (Namespaces §3).
const XMLNS: &str = "http://www.w3.org/2000/xmlns/";

/// The namespace declarations in scope.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scope {
    /// Innermost declaration, or [`NONE`].
    pub(super) innermost: u32,
    /// Namespace of names without prefix.
    pub(super) default: u32,
}

impl Scope {
    /// A scope without declarations.
    pub(super) const EMPTY: Self = Self { innermost: NONE, default: NO_NAMESPACE };
}

/// A name that may have a prefix: `start..local - 1`, then `local..end`.
#[derive(Clone, Copy)]
struct QName {
    start: usize,
    local: usize,
    end: usize,
}

impl QName {
    fn has_prefix(self) -> bool {
        self.local != self.start
    }

    fn prefix(self, bytes: &[u8]) -> &[u8] {
        bytes.get(self.start..self.local.saturating_sub(1)).unwrap_or_default()
    }
}

/// A start tag; its attributes and declarations are in the table.
pub(super) struct StartTag {
    pub(super) name: Span,
    pub(super) namespace: u32,
    pub(super) attributes: Span,
    pub(super) scope: Scope,
}

/// Reads start tags of one text.
pub(super) struct TagReader<'t> {
    pub(super) text: &'t str,
    pub(super) limits: Limits,
    /// Whether the text holds white space other than blanks.
    pub(super) white_space: bool,
}

impl TagReader<'_> {
    /// Reads the tag whose `<` is at `start` and whose attributes end at `stop`, before `>` or
    /// `/>`.
    pub(super) fn read(
        &self,
        table: &mut Table,
        start: usize,
        stop: usize,
        outer: Scope,
    ) -> Result<StartTag, XmlError> {
        let bytes = self.text.as_bytes();
        let name = self.name(start + 1)?;
        let mut attributes = Attributes {
            first: table.attributes.len(),
            first_binding: table.bindings.len(),
            scope: outer,
            seen: 0,
            suspicious: false,
            prefixed: false,
        };
        let mut at = name.end;
        while at < stop {
            if !is_space(bytes[at]) {
                return Err(XmlError::new(Kind::MalformedTag, at));
            }
            at = self.skip_space(at + 1);
            if at >= stop {
                break;
            }
            let (name, value, escaped, end) = self.attribute(at)?;
            if table.attributes.len() - attributes.first + table.bindings.len()
                - attributes.first_binding
                >= self.limits.attributes
            {
                return Err(XmlError::new(Kind::TooManyAttributes, at));
            }
            attributes.add(self, table, name, value, escaped)?;
            at = end;
        }
        if at > stop {
            return Err(XmlError::new(Kind::MalformedTag, start));
        }
        attributes.finish(self, table)?;
        let scope = attributes.scope;
        let namespace =
            if name.has_prefix() { self.resolve(table, name, scope)? } else { scope.default };
        Ok(StartTag {
            name: Span::new(name.local, name.end),
            namespace,
            attributes: Span::new(attributes.first, table.attributes.len()),
            scope,
        })
    }

    #[inline]
    fn skip_space(&self, mut at: usize) -> usize {
        while self.text.as_bytes().get(at).is_some_and(|&byte| is_space(byte)) {
            at += 1;
        }
        at
    }

    #[inline]
    fn name(&self, start: usize) -> Result<QName, XmlError> {
        let malformed = || XmlError::new(Kind::MalformedName, start);
        let bytes = self.text.as_bytes();
        let end = name_end(self.text, start).ok_or_else(malformed)?;
        if bytes.get(end) != Some(&b':') {
            return Ok(QName { start, local: start, end });
        }
        let local = end + 1;
        let end = name_end(self.text, local).ok_or_else(malformed)?;
        if bytes.get(end) == Some(&b':') {
            return Err(malformed());
        }
        Ok(QName { start, local, end })
    }

    /// Reads `name = "value"`: the name, the value, whether it needs decoding, and the end offset.
    #[inline]
    fn attribute(&self, start: usize) -> Result<(QName, Span, bool, usize), XmlError> {
        let bytes = self.text.as_bytes();
        let malformed = |at| XmlError::new(Kind::MalformedTag, at);
        let name = self.name(start)?;
        let equals = self.skip_space(name.end);
        if bytes.get(equals) != Some(&b'=') {
            return Err(malformed(equals));
        }
        let open = self.skip_space(equals + 1);
        let Some(&quote @ (b'"' | b'\'')) = bytes.get(open) else {
            return Err(malformed(open));
        };
        let value = open + 1;
        let mut escaped = false;
        let mut at = value;
        loop {
            at = find(bytes, at, quote).ok_or_else(|| malformed(open))?;
            match bytes[at] {
                b'<' => return Err(XmlError::new(Kind::LessThanInAttribute, at)),
                b'&' => {
                    escaped = true;
                    let (_, length) = reference::read(&self.text[at..])
                        .map_err(|kind| XmlError::new(kind, at))?;
                    at += length;
                }
                _ => break,
            }
        }
        if self.white_space {
            escaped |= bytes[value..at].iter().any(|byte| matches!(byte, b'\t' | b'\n' | b'\r'));
        }
        Ok((name, Span::new(value, at), escaped, at + 1))
    }

    fn resolve(&self, table: &Table, name: QName, scope: Scope) -> Result<u32, XmlError> {
        let prefix = name.prefix(self.text.as_bytes());
        if prefix == b"xmlns" {
            return Err(XmlError::new(Kind::ReservedPrefix, name.start));
        }
        table
            .resolve(self.text.as_bytes(), scope.innermost, prefix)
            .ok_or(XmlError::new(Kind::UnboundPrefix, name.start))
    }
}

/// The first `quote`, `<` or `&` from `start` on.
#[inline]
fn find(bytes: &[u8], start: usize, quote: u8) -> Option<usize> {
    scan::find(
        bytes,
        start,
        |word| scan::equal(word, quote) | scan::equal(word, b'<') | scan::equal(word, b'&'),
        |byte| byte == quote || byte == b'<' || byte == b'&',
    )
}

/// The attributes of one tag while they are being collected.
struct Attributes {
    first: usize,
    first_binding: usize,
    scope: Scope,
    /// Bits of a hash of each name: a bit set twice means that names must be compared.
    seen: u64,
    suspicious: bool,
    prefixed: bool,
}

impl Attributes {
    #[inline]
    fn add(
        &mut self,
        reader: &TagReader<'_>,
        table: &mut Table,
        name: QName,
        value: Span,
        escaped: bool,
    ) -> Result<(), XmlError> {
        let bytes = reader.text.as_bytes();
        let local = &bytes[name.local..name.end];
        if name.has_prefix() {
            if name.prefix(bytes) == b"xmlns" {
                return self.declare(reader, table, name, value, escaped);
            }
            self.prefixed = true;
        } else if local == b"xmlns" {
            return self.declare(reader, table, name, value, escaped);
        }
        let bit =
            1_u64 << ((local[0] ^ local[local.len() - 1].rotate_left(3) ^ local.len() as u8) & 63);
        self.suspicious |= self.seen & bit != 0;
        self.seen |= bit;
        table.attributes.push(Attribute {
            start: name.start as u32,
            name: Span::new(name.local, name.end),
            value,
            namespace: NO_NAMESPACE,
            escaped,
        });
        Ok(())
    }

    fn declare(
        &mut self,
        reader: &TagReader<'_>,
        table: &mut Table,
        name: QName,
        value: Span,
        escaped: bool,
    ) -> Result<(), XmlError> {
        let refuse = |kind| Err(XmlError::new(kind, name.start));
        let bytes = reader.text.as_bytes();
        let prefix = match name.has_prefix() {
            true => Span::new(name.local, name.end),
            false => Span::new(name.end, name.end),
        };
        let decoded = escaped.then(|| {
            let start = table.decoded.len();
            reference::decode_attribute(value.of(reader.text), &mut table.decoded);
            Span::new(start, table.decoded.len())
        });
        let count = match table.bindings.get(self.scope.innermost as usize) {
            Some(outer) => outer.count + 1,
            None => 1,
        };
        if count as usize > Limits::NAMESPACES {
            return refuse(Kind::TooManyNamespaces);
        }
        let binding = Binding { prefix, uri: value, decoded, outer: self.scope.innermost, count };
        let uri = table.uri(reader.text, &binding);
        let prefix = prefix.bytes_of(bytes);
        let is_reserved = match prefix {
            b"xml" => uri != ns::XML,
            b"xmlns" => true,
            b"" => uri == ns::XML || uri == XMLNS,
            _ => uri.is_empty() || uri == ns::XML || uri == XMLNS,
        };
        if is_reserved {
            return refuse(Kind::ReservedPrefix);
        }
        let is_unbinding = uri.is_empty();
        if table.bindings[self.first_binding..]
            .iter()
            .any(|earlier| earlier.prefix.bytes_of(bytes) == prefix)
        {
            return refuse(Kind::DuplicateAttribute);
        }
        let index = table.bindings.len() as u32;
        if prefix.is_empty() {
            self.scope.default = if is_unbinding { NO_NAMESPACE } else { index + FIRST_BINDING };
        }
        self.scope.innermost = index;
        table.bindings.push(binding);
        Ok(())
    }

    /// Resolves prefixes when all declarations of the tag are known, and then searches duplicates.
    #[inline]
    fn finish(&self, reader: &TagReader<'_>, table: &mut Table) -> Result<(), XmlError> {
        if self.prefixed {
            self.resolve(reader, table)?;
        }
        if self.suspicious { self.refuse_duplicates(reader, table) } else { Ok(()) }
    }

    #[cold]
    fn resolve(&self, reader: &TagReader<'_>, table: &mut Table) -> Result<(), XmlError> {
        for index in self.first..table.attributes.len() {
            let Attribute { start, name, .. } = table.attributes[index];
            let name =
                QName { start: start as usize, local: name.start as usize, end: name.end as usize };
            if name.has_prefix() {
                table.attributes[index].namespace = reader.resolve(table, name, self.scope)?;
            }
        }
        Ok(())
    }

    /// Compares all pairs of few attributes; sorts many of them by name first, as the limit may be
    /// high.
    #[cold]
    fn refuse_duplicates(&self, reader: &TagReader<'_>, table: &Table) -> Result<(), XmlError> {
        const FEW: usize = 16;
        let text = reader.text;
        let attributes = &table.attributes[self.first..];
        let compare = |a: &Attribute, b: &Attribute| {
            a.name.of(text).cmp(b.name.of(text)).then_with(|| {
                table.namespace(text, a.namespace).cmp(table.namespace(text, b.namespace))
            })
        };
        let duplicate = if attributes.len() <= FEW {
            attributes.iter().enumerate().find_map(|(index, attribute)| {
                attributes[..index]
                    .iter()
                    .any(|earlier| compare(earlier, attribute).is_eq())
                    .then_some(attribute.start)
            })
        } else {
            let mut sorted: Vec<&Attribute> = attributes.iter().collect();
            sorted.sort_by(|a, b| compare(a, b));
            sorted
                .windows(2)
                .find(|pair| compare(pair[0], pair[1]).is_eq())
                .map(|pair| pair[1].start)
        };
        match duplicate {
            Some(position) => Err(XmlError::new(Kind::DuplicateAttribute, position as usize)),
            None => Ok(()),
        }
    }
}
