//! Namespace declarations that an element inherits from outside of its text.
//!
//! Over TCP a stanza is a child of the stream header, which came long before it. What the header declares is written
//! into the stanza's own start tag: the text has to be copied anyway, and whatever is made of it later stands alone.

use super::characters::{is_space, name_end};
use super::element::Element;
use memchr::memmem::Finder;

/// The namespace declarations of an element whose children come one by one.
#[derive(Clone, Debug, Default)]
pub struct Inherited {
    declarations: Vec<Declaration>,
}

#[derive(Clone, Debug)]
struct Declaration {
    /// Empty for the default namespace.
    prefix: String,
    /// ` xmlns:prefix="name"`, as it is inserted.
    text: String,
    /// Looks for uses of the prefix; none for the default namespace, which is always inherited.
    used: Option<Finder<'static>>,
}

impl Inherited {
    /// Nothing is inherited.
    pub const NONE: Self = Self {
        declarations: Vec::new(),
    };

    /// What the children of `element` inherit from it.
    #[must_use]
    pub fn of(element: Element<'_>) -> Self {
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

    /// Where declarations belong into the text of an element, and which: those it uses and does not override.
    ///
    /// Of a text that is no element nothing needs to be known: it is refused with them as without.
    pub(super) fn missing<'a>(&'a self, text: &'a str) -> (usize, impl Iterator<Item = &'a str>) {
        let name = match text.trim_ascii_start().strip_prefix('<') {
            Some(tag) => qualified_name_end(text, text.len() - tag.len()),
            None => None,
        };
        let name = name.unwrap_or(text.len());
        let declared = self.declared(text, name);
        let missing = self
            .declarations
            .iter()
            .enumerate()
            .filter(move |(index, declaration)| {
                let is_overridden = declared & (1_u64 << (index & 63)) != 0;
                let is_used = || {
                    declaration
                        .used
                        .as_ref()
                        .is_none_or(|prefix| prefix.find(text.as_bytes()).is_some())
                };
                name < text.len() && !is_overridden && is_used()
            })
            .map(|(_, declaration)| declaration.text.as_str());
        (name, missing)
    }

    /// A bit for each declaration that the start tag repeats, whose name ends at `at`.
    fn declared(&self, text: &str, mut at: usize) -> u64 {
        let bytes = text.as_bytes();
        let mut declared = 0;
        loop {
            let spaces = bytes
                .get(at..)
                .unwrap_or_default()
                .iter()
                .take_while(|&&byte| is_space(byte))
                .count();
            let start = at + spaces;
            let Some(end) = qualified_name_end(text, start) else {
                return declared;
            };
            if let Some(prefix) = declared_prefix(&text[start..end]) {
                for (index, declaration) in self.declarations.iter().enumerate() {
                    if declaration.prefix == prefix {
                        declared |= 1 << (index & 63);
                    }
                }
            }
            let Some(open) = bytes[end..]
                .iter()
                .position(|byte| matches!(byte, b'"' | b'\'' | b'>'))
            else {
                return declared;
            };
            let quote = bytes[end + open];
            let value = end + open + 1;
            match memchr::memchr(quote, bytes.get(value..).unwrap_or_default()) {
                Some(close) if quote != b'>' => at = value + close + 1,
                _ => return declared,
            }
        }
    }
}

/// The prefix that an attribute of this name declares.
fn declared_prefix(name: &str) -> Option<&str> {
    match name.strip_prefix("xmlns")? {
        "" => Some(""),
        prefix => prefix.strip_prefix(':'),
    }
}

fn qualified_name_end(text: &str, start: usize) -> Option<usize> {
    let end = name_end(text, start)?;
    match text.as_bytes().get(end) {
        Some(b':') => name_end(text, end + 1),
        _ => Some(end),
    }
}
