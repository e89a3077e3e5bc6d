//! `encodeURIComponent` and `decodeURIComponent` (ECMA-262 §19.2.6), exactly.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// Everything but letters, digits and `-_.!~*'()`.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'-' | b'_' | b'.' | b'!' | b'~' | b'*' | b'\'' | b'(' | b')')
}

/// Encodes `text` as `encodeURIComponent` of JavaScript does (ECMA-262 §19.2.6.4).
#[must_use]
pub fn encode(text: &str) -> String {
    // The exact length first: a buffer that grows would leave copies of a secret behind.
    let escaped = text.bytes().filter(|&byte| !is_unreserved(byte)).count();
    let mut encoded = String::with_capacity(text.len() + 2 * escaped);
    encoded.extend(utf8_percent_encode(text, RESERVED));
    encoded
}

/// Decodes like `decodeURIComponent`; `None` where that throws: for a `%` without two hexadecimal
/// digits, or escapes that are not UTF-8.
pub(super) fn decode(text: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some(percent) = memchr::memchr(b'%', rest) {
        let (clear, escape) = rest.split_at(percent);
        let &[_, high, low, ..] = escape else {
            return None;
        };
        decoded.extend_from_slice(clear);
        decoded.push(hexadecimal(high)? << 4 | hexadecimal(low)?);
        rest = &escape[3..];
    }
    decoded.extend_from_slice(rest);
    // What is not escaped is UTF-8 already, so the whole is UTF-8 only if every run of escapes is.
    String::from_utf8(decoded).ok()
}

fn hexadecimal(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_digits_and_nine_marks_stay_and_all_else_is_escaped() {
        let kept = "ABCXYZabcxyz0189-_.!~*'()";
        assert_eq!(encode(kept), kept);
        assert_eq!(encode(" \"#$%&+,/:;<=>?@[\\]^`{|}"), {
            "%20%22%23%24%25%26%2B%2C%2F%3A%3B%3C%3D%3E%3F%40%5B%5C%5D%5E%60%7B%7C%7D"
        });
        assert_eq!(encode("\0\n\u{7f}é😀"), "%00%0A%7F%C3%A9%F0%9F%98%80");
    }

    #[test]
    fn the_space_set_aside_for_escapes_is_exactly_what_they_take() {
        let ascii: String = (0..=127_u8).map(char::from).collect();
        let encoded = encode(&ascii);
        assert_eq!(encoded.len(), encoded.capacity());
        assert_eq!(decode(&encoded).as_deref(), Some(ascii.as_str()));
    }

    #[test]
    fn decoding_takes_either_case_and_leaves_what_is_not_escaped() {
        assert_eq!(decode("%c3%A9 é+%2b").as_deref(), Some("é é++"));
        assert_eq!(decode("").as_deref(), Some(""));
    }

    #[test]
    fn a_malformed_escape_fails_as_it_does_in_javascript() {
        let malformed =
            ["100%", "%4", "%zz", "%+1", "%C3", "%C3é", "%A9", "%C0%AF", "%ED%A0%80", "%F0%9F%98x"];
        for text in malformed {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
