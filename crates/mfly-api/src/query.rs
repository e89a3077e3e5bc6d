//! Query strings, as the official SDK writes them.

pub use mfly_proto::cipher::encode_uri_component as encode_component;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// The characters that form encoding escapes (WHATWG URL §5.2), without the space, which becomes
/// `+`.
const FORM: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'*').remove(b' ');

/// Encodes `text` as an HTML form does.
#[must_use]
pub fn encode_form(text: &str) -> String {
    utf8_percent_encode(text, FORM).to_string().replace(' ', "+")
}

/// For servers: the decoded pairs of a query string, in order. `+` is a space, and bytes that are
/// not UTF-8 become U+FFFD.
pub fn pairs(query: &str) -> impl Iterator<Item = (String, String)> + '_ {
    let decode =
        |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    query.split('&').filter(|pair| !pair.is_empty()).map(move |pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(name), decode(value))
    })
}

/// For servers: the first value of `name` in a query string, decoded.
#[must_use]
pub fn first(query: &str, name: &str) -> Option<String> {
    pairs(query).find(|(key, _)| key == name).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_encodings_differ_as_in_a_browser() {
        assert_eq!(encode_component("bo b+é!~'()*/"), "bo%20b%2B%C3%A9!~'()*%2F");
        assert_eq!(encode_form("bo b+é!~*-._"), "bo+b%2B%C3%A9%21%7E*-._");
    }

    #[test]
    fn either_encoding_is_read_back() {
        let text = "a b+c&d=e%é";
        for encoded in [encode_component(text), encode_form(text)] {
            assert_eq!(first(&format!("x=1&q={encoded}"), "q").as_deref(), Some(text));
        }
    }

    #[test]
    fn malformed_queries_are_read_without_complaint() {
        let read: Vec<_> = pairs("a&=b&%zz=%&&c=d=e").collect();
        let expected = [("a", ""), ("", "b"), ("%zz", "%"), ("c", "d=e")];
        assert_eq!(read, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
