//! Namespace declarations that an element inherits from a parent outside of its text.
//!
//! Over TCP a stanza is a child of the stream header, which was received earlier. The declarations
//! of the header are inserted into the start tag of the stanza: its text is copied anyway, and it
//! can then be used alone.

use super::characters::{is_space, name_end};
use super::element::Element;
use super::limits::Limits;
use memchr::memmem::Finder;

/// The namespace declarations of an element whose children are read one by one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Inherited {
    declarations: Vec<Declaration>,
}

#[derive(Clone, Debug)]
struct Declaration {
    /// Empty for the default namespace.
    prefix: String,
    /// The inserted text: ` xmlns:prefix="name"`.
    text: String,
    /// Finds uses of the prefix; `None` for the default namespace, which is always inherited.
    used: Option<Finder<'static>>,
}

// Each declaration has a bit in a word.
const _: () = assert!(Limits::NAMESPACES <= u64::BITS as usize);

impl Inherited {
    /// No inherited declarations.
    pub(crate) const NONE: Self = Self { declarations: Vec::new() };

    /// The declarations that the children of `element` inherit.
    pub(crate) fn of(element: Element<'_>) -> Self {
        let mut declarations = Vec::new();
        element.declarations(|prefix, quoted| {
            let text = match prefix {
                "" => format!(" xmlns={quoted}"),
                _ => format!(" xmlns:{prefix}={quoted}"),
            };
            declarations.push(Declaration {
                prefix: prefix.to_owned(),
                text,
                used: (!prefix.is_empty())
                    .then(|| Finder::new(format!("{prefix}:").as_bytes()).into_owned()),
            });
        });
        Self { declarations }
    }

    /// The text of an element with the declarations that it uses and does not override; `None` when
    /// there are none, and for texts that are no element, which the parser refuses.
    pub(super) fn declare(&self, text: &[u8]) -> Option<Declared> {
        if self.declarations.is_empty() {
            return None;
        }
        let text = std::str::from_utf8(text).ok()?;
        let tag = text.trim_ascii_start().strip_prefix('<')?;
        let at = qualified_name_end(text, text.len() - tag.len())?;
        let overridden = self.overridden(text, at);
        let missing = || {
            let declarations = self.declarations.iter().enumerate();
            declarations
                .filter(|(index, declaration)| {
                    overridden & (1 << index) == 0 && declaration.is_used(text)
                })
                .map(|(_, declaration)| declaration.text.as_str())
        };
        let added = missing().map(str::len).sum();
        if added == 0 {
            return None;
        }
        let mut whole = String::with_capacity(text.len() + added);
        whole.push_str(&text[..at]);
        missing().for_each(|declaration| whole.push_str(declaration));
        whole.push_str(&text[at..]);
        Some(Declared { text: whole, at, added })
    }

    /// A bit for each declaration that is overridden in the start tag whose name ends at `at`.
    fn overridden(&self, text: &str, mut at: usize) -> u64 {
        let mut overridden = 0;
        while let Some((name, _, end)) = attribute(text, at) {
            if let Some(prefix) = declared_prefix(name) {
                for (index, declaration) in self.declarations.iter().enumerate() {
                    overridden |= u64::from(declaration.prefix == prefix) << index;
                }
            }
            at = end;
        }
        overridden
    }
}

impl Declaration {
    /// Whether the text may use the prefix. The default namespace counts as used.
    fn is_used(&self, text: &str) -> bool {
        match &self.used {
            Some(prefix) => prefix.find(text.as_bytes()).is_some(),
            None => true,
        }
    }
}

/// An element with inserted declarations.
pub(super) struct Declared {
    pub(super) text: String,
    /// Offset of the insertion.
    at: usize,
    /// Number of inserted bytes.
    pub(super) added: usize,
}

impl Declared {
    /// The offset in the original text.
    pub(super) const fn original(&self, position: usize) -> usize {
        if position <= self.at {
            position
        } else {
            self.at + (position - self.at).saturating_sub(self.added)
        }
    }
}

/// Name, raw value and end of the attribute at `at`, before which white space may stand; `None`
/// when there is no well-formed attribute.
pub(super) fn attribute(text: &str, at: usize) -> Option<(&str, &str, usize)> {
    let bytes = text.as_bytes();
    let skip = |at: usize| at + bytes[at..].iter().take_while(|&&byte| is_space(byte)).count();
    let start = skip(at);
    let mut end = name_end(text, start)?;
    if bytes.get(end) == Some(&b':') {
        end = name_end(text, end + 1)?;
    }
    let equals = skip(end);
    let open = skip(bytes[equals..].starts_with(b"=").then_some(equals + 1)?);
    let quote = *bytes.get(open).filter(|byte| matches!(byte, b'"' | b'\''))?;
    let close = open + 1 + memchr::memchr(quote, &bytes[open + 1..])?;
    Some((&text[start..end], &text[open + 1..close], close + 1))
}

/// The prefix that an attribute of this name declares.
fn declared_prefix(name: &str) -> Option<&str> {
    match name.strip_prefix("xmlns")? {
        "" => Some(""),
        prefix => prefix.strip_prefix(':'),
    }
}

/// The end of an element's name that starts at `start`, if it is well formed.
pub(super) fn qualified_name_end(text: &str, start: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut end = name_end(text, start)?;
    if bytes.get(end) == Some(&b':') {
        end = name_end(text, end + 1)?;
    }
    let next = *bytes.get(end)?;
    (is_space(next) || matches!(next, b'/' | b'>')).then_some(end)
}
