//! Reads the start tag of an element without the rest.

use super::inherited::{attribute, qualified_name_end};
use super::reference;

/// The start tag, complete or not, of an element that is not parsed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Start<'a> {
    text: &'a str,
    /// End of the name.
    end: usize,
}

impl<'a> Start<'a> {
    /// The tag at the start of `bytes`, which may be incomplete or malformed after it.
    pub(crate) fn of(bytes: &'a [u8]) -> Self {
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default(),
        };
        let end = match text.starts_with('<') {
            true => qualified_name_end(text, 1).unwrap_or(1),
            false => 0,
        };
        Self { text, end }
    }

    /// The name without its prefix; empty when it is incomplete.
    pub(crate) fn local_name(self) -> &'a str {
        let name = self.text.get(1..self.end).unwrap_or_default();
        name.rsplit_once(':').map_or(name, |(_, local)| local)
    }

    /// Whether the tag is complete and has no attribute of this name.
    pub(crate) fn lacks(self, wanted: &str) -> bool {
        let mut at = self.end;
        while let Some((name, _, end)) = attribute(self.text, at) {
            if name == wanted {
                return false;
            }
            at = end;
        }
        let rest = self.text.get(at..).unwrap_or_default().trim_ascii_start();
        at > 0 && (rest.starts_with('>') || rest.starts_with("/>"))
    }

    /// The value of the attribute of this name, unless it has more than `longest` bytes as written.
    pub(crate) fn attribute(self, wanted: &str, longest: usize) -> Option<String> {
        let mut at = self.end;
        while let Some((name, raw, end)) = attribute(self.text, at) {
            if name == wanted {
                let mut value = String::new();
                let fits = raw.len() <= longest && reference::are_right(raw);
                return fits.then(|| {
                    reference::decode_attribute(raw, &mut value);
                    value
                });
            }
            at = end;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_of_an_incomplete_tag_are_read() {
        let start = Start::of(b"<c:iq id='a&amp;b' from=\"x@y.test\" to='cut \xE2\x82");
        assert_eq!(start.local_name(), "iq");
        assert_eq!(start.attribute("id", 100).as_deref(), Some("a&b"));
        assert_eq!(start.attribute("from", 100).as_deref(), Some("x@y.test"));
        assert_eq!(start.attribute("to", 100), None);
        assert_eq!(start.attribute("type", 100), None);
        assert!(!start.lacks("type"), "it may still come");
    }

    #[test]
    fn a_complete_tag_lacks_what_it_does_not_have() {
        for text in ["<iq id='1'>", "<iq id='1' />text", "<iq>", "<iq/>"] {
            assert!(Start::of(text.as_bytes()).lacks("from"), "{text}");
        }
        for text in ["<iq from='a'>", "<iq id='1'", "<iq id='1' =>", "<iq", "", "text>"] {
            assert!(!Start::of(text.as_bytes()).lacks("from"), "{text}");
        }
    }

    #[test]
    fn a_value_that_is_too_long_or_malformed_is_left_out() {
        let start = Start::of(b"<iq id='12345' from='&nonsense;'/>");
        assert_eq!(start.attribute("id", 4), None);
        assert_eq!(start.attribute("from", 100), None);
    }

    #[test]
    fn what_is_no_start_tag_has_no_name() {
        for text in [&b""[..], b"<", b"text", b"<iq", b"</iq>", b"<1 a='b'>"] {
            assert_eq!(Start::of(text).local_name(), "");
            assert_eq!(Start::of(text).attribute("a", 9), None);
        }
    }
}
