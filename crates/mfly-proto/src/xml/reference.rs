//! References, line ends and attribute normalisation (XML 1.0 §4.1, §2.11, §3.3.3).
//!
//! References are checked while parsing, so that decoding a value cannot fail.

use super::characters::is_legal;
use super::error::XmlErrorKind;
use super::scan;

/// Bytes of the longest accepted reference: XML allows any number of leading zeros.
const LONGEST: usize = 64;

/// The predefined entity that starts with `&`, and its length with `&` and `;`.
#[inline]
fn predefined(text: &[u8]) -> Option<(char, usize)> {
    match text {
        [b'&', b'q', b'u', b'o', b't', b';', ..] => Some(('"', 6)),
        [b'&', b'a', b'p', b'o', b's', b';', ..] => Some(('\'', 6)),
        [b'&', b'a', b'm', b'p', b';', ..] => Some(('&', 5)),
        [b'&', b'l', b't', b';', ..] => Some(('<', 4)),
        [b'&', b'g', b't', b';', ..] => Some(('>', 4)),
        _ => None,
    }
}

/// The character that the reference at the start of `text` stands for, and the reference's length
/// with `&` and `;`.
///
/// # Errors
/// When it is neither a predefined entity nor the number of a legal character.
#[inline]
pub(super) fn read(text: &str) -> Result<(char, usize), XmlErrorKind> {
    match predefined(text.as_bytes()) {
        Some(found) => Ok(found),
        None => read_other(text),
    }
}

#[cold]
fn read_other(text: &str) -> Result<(char, usize), XmlErrorKind> {
    let end = text
        .bytes()
        .take(LONGEST)
        .position(|byte| byte == b';')
        .ok_or(XmlErrorKind::MalformedReference)?;
    let body = text.get(1..end).unwrap_or_default();
    let Some(number) = body.strip_prefix('#') else {
        let is_name = super::characters::is_qualified_name(body);
        return Err(if is_name {
            XmlErrorKind::UndeclaredEntity
        } else {
            XmlErrorKind::MalformedReference
        });
    };
    let (digits, radix) = match number.strip_prefix('x') {
        Some(digits) => (digits, 16),
        None => (number, 10),
    };
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return Err(XmlErrorKind::MalformedReference);
    }
    u32::from_str_radix(digits, radix)
        .ok()
        .and_then(char::from_u32)
        .filter(|&character| is_legal(character))
        .map(|character| (character, end + 1))
        .ok_or(XmlErrorKind::IllegalCharacter)
}

/// Whether every reference in a raw value is valid.
pub(super) fn are_right(raw: &str) -> bool {
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'&', rest.as_bytes()) {
        match read(&rest[at..]) {
            Ok((_, length)) => rest = &rest[at + length..],
            Err(_) => return false,
        }
    }
    true
}

/// Appends checked character data: references resolved, line ends normalised.
pub(super) fn decode_text(raw: &str, out: &mut String) {
    decode(raw, out, |byte| if byte == b'\r' { Some('\n') } else { None });
}

/// Appends a checked attribute value: references resolved, white space turned into blanks.
pub(super) fn decode_attribute(raw: &str, out: &mut String) {
    decode(raw, out, |byte| matches!(byte, b'\t' | b'\n' | b'\r').then_some(' '));
}

/// Appends the content of a CDATA section: line ends normalised.
pub(super) fn decode_cdata(raw: &str, out: &mut String) {
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'\r', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        out.push('\n');
        rest = &rest[at + 1..];
        rest = rest.strip_prefix('\n').unwrap_or(rest);
    }
    out.push_str(rest);
}

/// Appends `raw`, in which references, and bytes for which `replace` returns a character, are
/// replaced.
#[inline]
fn decode(raw: &str, out: &mut String, replace: impl Fn(u8) -> Option<char>) {
    out.reserve(raw.len());
    let bytes = raw.as_bytes();
    let mut clean = 0;
    let mut at = 0;
    while let Some(found) = find(bytes, at) {
        let (replacement, length) = match bytes[found] {
            // References were checked while parsing, so there always is a character.
            b'&' => read(&raw[found..]).unwrap_or(('\u{FFFD}', 1)),
            byte => match replace(byte) {
                // CR LF is one line end.
                Some(replacement) if byte == b'\r' && bytes.get(found + 1) == Some(&b'\n') => {
                    (replacement, 2)
                }
                Some(replacement) => (replacement, 1),
                None => {
                    at = found + 1;
                    continue;
                }
            },
        };
        out.push_str(&raw[clean..found]);
        out.push(replacement);
        at = found + length;
        clean = at;
    }
    out.push_str(&raw[clean..]);
}

/// The first `&` or control character from `start` on.
#[inline]
fn find(bytes: &[u8], start: usize) -> Option<usize> {
    scan::find(
        bytes,
        start,
        |word| scan::equal(word, b'&') | scan::below(word, b' '),
        |byte| byte == b'&' || byte < b' ',
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rows;

    #[test]
    fn references_resolve_or_are_refused_by_kind() {
        for (reference, expected) in rows(include_str!("../../fixtures/text/references.txt")) {
            match read(&reference) {
                Ok((character, length)) => {
                    assert_eq!((character.to_string(), length), (expected, reference.len()));
                    assert_eq!(read(&format!("{reference};x")), Ok((character, length)));
                }
                Err(kind) => assert_eq!(format!("{kind:?}"), expected, "{reference}"),
            }
        }
        let long = format!("&#{}65;", "0".repeat(100));
        assert_eq!(read(&long), Err(XmlErrorKind::MalformedReference));
    }

    fn decoded(decode: impl Fn(&str, &mut String), raw: &str) -> String {
        let mut out = String::new();
        decode(raw, &mut out);
        out
    }

    #[test]
    fn line_ends_become_one_line_feed_unless_they_are_references() {
        let raw = "a\r\nb\rc\nd\r\r\ne\tf&#13;\n&#xD;g";
        assert_eq!(decoded(decode_text, raw), "a\nb\nc\nd\n\ne\tf\r\n\rg");
    }

    #[test]
    fn white_space_in_attributes_becomes_blanks_unless_it_is_a_reference() {
        let raw = "a\r\nb\rc\nd\te&#9;f&#10;g&#13;&amp;amp;";
        assert_eq!(decoded(decode_attribute, raw), "a b c d e\tf\ng\r&amp;");
    }

    #[test]
    fn cdata_keeps_references_and_normalises_line_ends() {
        assert_eq!(decoded(decode_cdata, "a&amp;\r\n<\r"), "a&amp;\n<\n");
    }
}
