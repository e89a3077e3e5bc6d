//! The XML declaration that may stand before a stream header (RFC 6120 §11.4, XML 1.0 §2.8).

use super::SplitError;
use crate::xml::{XmlErrorKind, is_space};

const START: &[u8] = b"<?xml";

/// Whether `markup`, which begins with `<?`, is an XML declaration; `None` when more bytes are
/// needed.
pub(super) fn starts(markup: &[u8]) -> Option<bool> {
    let known = markup.len().min(START.len());
    if markup[..known] != START[..known] {
        return Some(false);
    }
    let next = *markup.get(START.len())?;
    Some(is_space(next) || next == b'?')
}

/// Checks a complete declaration, from `<?xml` to `?>`.
///
/// # Errors
/// When it is malformed, or names another version or encoding.
pub(super) fn check(declaration: &[u8]) -> Result<(), SplitError> {
    let malformed = SplitError::Malformed(XmlErrorKind::XmlDeclaration);
    let content =
        declaration.get(START.len()..declaration.len().saturating_sub(2)).ok_or(malformed)?;
    let (version, rest) = attribute(content, b"version").ok_or(malformed)?;
    if version != b"1.0" {
        return Err(malformed);
    }
    let rest = match attribute(rest, b"encoding") {
        Some((encoding, rest)) if encoding.eq_ignore_ascii_case(b"UTF-8") => rest,
        Some(_) => return Err(SplitError::NotUtf8),
        None => rest,
    };
    let rest = match attribute(rest, b"standalone") {
        Some((b"yes" | b"no", rest)) => rest,
        Some(_) => return Err(malformed),
        None => rest,
    };
    if rest.iter().all(|&byte| is_space(byte)) { Ok(()) } else { Err(malformed) }
}

/// Reads ` name = "value"` and returns the value and what follows it.
fn attribute<'a>(text: &'a [u8], name: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let trimmed = text.trim_ascii_start();
    if trimmed.len() == text.len() {
        return None;
    }
    let equals = trimmed.strip_prefix(name)?.trim_ascii_start();
    let value = equals.strip_prefix(b"=")?.trim_ascii_start();
    let (&quote, value) = value.split_first()?;
    if !matches!(quote, b'"' | b'\'') {
        return None;
    }
    let end = memchr::memchr(quote, value)?;
    Some((&value[..end], &value[end + 1..]))
}
