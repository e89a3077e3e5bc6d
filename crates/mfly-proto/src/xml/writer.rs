//! The writer: elements to text.

use super::characters::is_qualified_name;
use super::escape;
use crate::argument::InvalidArgument;
use std::fmt;
use std::io::Write as _;

/// Appends XML to the caller's buffer without other allocations.
///
/// Attributes keep the caller's order. Values may be any text: characters that XML cannot hold
/// (control characters, U+FFFE, U+FFFF) are written as U+FFFD, and [`Writer::finish`] reports
/// where. Names must be valid, which is checked in debug builds only.
///
/// ```
/// use mfly_proto::xml::Writer;
/// let mut buffer = Vec::new();
/// Writer::new(&mut buffer).element("body", |w| {
///     w.attr("xmlns", "jabber:client");
///     w.text("fish & chips");
/// });
/// assert_eq!(buffer, br#"<body xmlns="jabber:client">fish &amp; chips</body>"#);
/// ```
pub struct Writer<'b> {
    buffer: &'b mut Vec<u8>,
    /// Whether a start tag is open, to which attributes may still be added.
    tag_open: bool,
    /// The first value that XML cannot hold.
    illegal: Option<Illegal>,
}

/// The place of a value that XML cannot hold.
#[derive(Clone, Copy)]
enum Illegal {
    /// In the text of the element that is being written.
    Text,
    /// In the attribute or element of this name.
    Named(&'static str),
}

impl<'b> Writer<'b> {
    /// A writer that appends to `buffer`.
    pub fn new(buffer: &'b mut Vec<u8>) -> Self {
        Self { buffer, tag_open: false, illegal: None }
    }

    /// Ends the writing and checks that all values could be written.
    ///
    /// # Errors
    /// When a value held characters that XML cannot hold (XML 1.0 §2.2), for which U+FFFD was
    /// written. The argument has the name of the attribute or element with the first such value.
    pub fn finish(self) -> Result<(), InvalidArgument> {
        let name = match self.illegal {
            None => return Ok(()),
            Some(Illegal::Text) => "text",
            Some(Illegal::Named(name)) => name,
        };
        Err(InvalidArgument::new(
            name,
            "must not hold control characters other than tab, line feed and carriage return, nor \
             U+FFFE or U+FFFF: XML has no way to carry them",
        ))
    }

    /// Writes an element; `content` adds attributes first, then text and children.
    /// Without content the element is self-closed.
    #[inline]
    pub fn element(&mut self, name: &'static str, content: impl FnOnce(&mut Self)) {
        self.other_element(name, name, content);
    }

    /// Writes an element whose name is no constant; [`Writer::finish`] calls its text `argument`.
    #[inline]
    pub fn other_element(
        &mut self,
        argument: &'static str,
        name: &str,
        content: impl FnOnce(&mut Self),
    ) {
        self.start_tag(name);
        content(self);
        if let Some(Illegal::Text) = self.illegal {
            self.illegal = Some(Illegal::Named(argument));
        }
        self.end_tag(name);
    }

    /// Writes a start tag without its end tag: a stream header.
    pub(crate) fn start(&mut self, name: &'static str, attributes: impl FnOnce(&mut Self)) {
        self.start_tag(name);
        attributes(self);
        self.finish_start_tag();
    }

    /// Writes an attribute, escaped. It must come before any text or child of the element;
    /// otherwise it is left out.
    pub fn attr(&mut self, name: &'static str, value: &str) {
        self.other_attr(name, name, value);
    }

    /// Writes an attribute whose name is no constant; [`Writer::finish`] calls it `argument`.
    pub fn other_attr(&mut self, argument: &'static str, name: &str, value: &str) {
        debug_assert!(is_qualified_name(name), "not a name");
        debug_assert!(self.tag_open, "an attribute must come before any content");
        if !self.tag_open {
            return;
        }
        self.buffer.push(b' ');
        self.buffer.extend_from_slice(name.as_bytes());
        self.buffer.extend_from_slice(b"=\"");
        if !escape::attribute(value, self.buffer) {
            self.illegal.get_or_insert(Illegal::Named(argument));
        }
        self.buffer.push(b'"');
    }

    /// Writes an attribute whose value is a number, without allocating a string.
    pub fn attr_number(&mut self, name: &'static str, value: u64) {
        self.attr(name, "");
        if self.tag_open {
            // Between the quotes that were just written. Writing to a Vec cannot fail.
            self.buffer.pop();
            let _ = write!(self.buffer, "{value}\"");
        }
    }

    /// Writes a number as character data, without allocating a string.
    pub fn text_number(&mut self, value: i64) {
        self.finish_start_tag();
        let _ = write!(self.buffer, "{value}");
    }

    /// Writes an attribute if there is a value.
    pub fn attr_opt(&mut self, name: &'static str, value: Option<&str>) {
        if let Some(value) = value {
            self.attr(name, value);
        }
    }

    /// Writes character data, escaped. An empty text forces `<a></a>` instead of `<a/>`.
    pub fn text(&mut self, text: &str) {
        self.finish_start_tag();
        if !escape::text(text, self.buffer) {
            self.illegal.get_or_insert(Illegal::Text);
        }
    }

    /// Writes an element with a text: `<name>text</name>`.
    pub fn text_element(&mut self, name: &'static str, text: &str) {
        self.element(name, |w| w.text(text));
    }

    /// Writes XML that is known to be well-formed.
    pub(super) fn raw(&mut self, xml: &str) {
        self.finish_start_tag();
        self.buffer.extend_from_slice(xml.as_bytes());
    }

    fn start_tag(&mut self, name: &str) {
        debug_assert!(is_qualified_name(name), "not a name");
        self.finish_start_tag();
        self.buffer.push(b'<');
        self.buffer.extend_from_slice(name.as_bytes());
        self.tag_open = true;
    }

    fn end_tag(&mut self, name: &str) {
        if self.tag_open {
            self.buffer.extend_from_slice(b"/>");
            self.tag_open = false;
        } else {
            self.buffer.extend_from_slice(b"</");
            self.buffer.extend_from_slice(name.as_bytes());
            self.buffer.push(b'>');
        }
    }

    #[inline]
    fn finish_start_tag(&mut self) {
        if self.tag_open {
            self.buffer.push(b'>');
            self.tag_open = false;
        }
    }
}

/// Shows the number of written bytes only: the content may be private.
impl fmt::Debug for Writer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Writer({} bytes)", self.buffer.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Writer<'_>)) -> String {
        let mut buffer = Vec::new();
        write(&mut Writer::new(&mut buffer));
        String::from_utf8(buffer).unwrap()
    }

    #[test]
    fn numbers_are_written_as_text_and_attribute() {
        let xml = written(|w| {
            w.element("last", |w| {
                w.attr_number("seconds", u64::MAX);
                w.element("priority", |w| w.text_number(-128));
            });
        });
        assert_eq!(xml, r#"<last seconds="18446744073709551615"><priority>-128</priority></last>"#);
    }

    #[test]
    fn attributes_keep_the_callers_order_and_an_element_without_content_closes_itself() {
        let xml = written(|w| {
            w.element("iq", |w| {
                w.attr("type", "get");
                w.attr_opt("to", None);
                w.attr_opt("id", Some("1"));
                w.element("ping", |w| w.attr("xmlns", "urn:xmpp:ping"));
                w.text_element("empty", "");
            });
        });
        assert_eq!(
            xml,
            r#"<iq type="get" id="1"><ping xmlns="urn:xmpp:ping"/><empty></empty></iq>"#
        );
    }

    #[test]
    fn values_are_escaped_so_that_a_reader_gets_them_back() {
        for (value, in_attribute, in_text) in [
            // The five predefined entities.
            ("&<>'\"", "&amp;&lt;&gt;&apos;&quot;", "&amp;&lt;&gt;&apos;&quot;"),
            // White space that a reader would change.
            ("\t\n\r ", "&#9;&#10;&#13; ", "\t\n&#13; "),
            // Characters that XML cannot hold become replacement characters.
            (
                "a\0\u{1}\u{FFFE}\u{FFFF}",
                "a\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}",
                "a\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}",
            ),
            ("\u{FFFD}\u{F000}", "\u{FFFD}\u{F000}", "\u{FFFD}\u{F000}"),
        ] {
            let xml = written(|w| {
                w.element("a", |w| {
                    w.attr("b", value);
                    w.text(value);
                });
            });
            assert_eq!(xml, format!("<a b=\"{in_attribute}\">{in_text}</a>"));
        }
    }

    /// The name of the argument that a writer refuses.
    fn refused(write: impl FnOnce(&mut Writer<'_>)) -> Option<&'static str> {
        let mut buffer = Vec::new();
        let mut writer = Writer::new(&mut buffer);
        write(&mut writer);
        writer.finish().err().map(|argument| argument.name)
    }

    #[test]
    fn the_first_value_that_xml_cannot_hold_is_named() {
        let write = |values: [&'static str; 4]| {
            refused(move |w| {
                w.element("iq", |w| {
                    w.attr("id", values[0]);
                    w.element("card", |w| {
                        w.text_element("status", values[1]);
                        w.other_element("others", "x-y", |w| w.text(values[2]));
                        w.text(values[3]);
                    });
                });
            })
        };
        let fine = "a\t\n\r\u{7F}\u{85}\u{FFFD}<&é🎉";
        assert_eq!(write([fine; 4]), None);
        for illegal in ["\0", "a\u{1b}b", "\u{8}", "a\u{FFFE}", "\u{FFFF}"] {
            assert_eq!(write([illegal, fine, fine, fine]), Some("id"));
            assert_eq!(write([fine, illegal, fine, fine]), Some("status"));
            assert_eq!(write([fine, fine, illegal, fine]), Some("others"));
            assert_eq!(write([fine, fine, fine, illegal]), Some("card"));
            assert_eq!(write([fine, illegal, illegal, illegal]), Some("status"));
        }
        assert_eq!(refused(|w| w.text("\u{1b}")), Some("text"));
    }

    proptest::proptest! {
        #![proptest_config(crate::seeded::seeded())]

        #[test]
        fn a_text_is_refused_exactly_when_a_reader_would_not_get_it(text in "(a|é|[\0-\u{20}]|[\u{FFF0}-\u{FFFF}]|.){0,40}") {
            use crate::xml::{Document, Limits};
            let (in_text, in_attr) = (text.clone(), text.clone());
            let mut buffer = Vec::new();
            let mut writer = Writer::new(&mut buffer);
            writer.element("a", |w| {
                w.attr("b", &in_attr);
                w.text(&in_text);
            });
            let is_fine = writer.finish().is_ok();
            let document = Document::parse(buffer, &Limits::default()).unwrap();
            let root = document.root();
            let arrives = root.text() == text && root.attr("b").as_deref() == Some(&*text);
            proptest::prop_assert_eq!(is_fine, arrives);
        }
    }

    #[test]
    fn a_special_character_is_found_at_every_offset_of_a_long_text() {
        for offset in 0..70 {
            let text = format!("{}<{}", "x".repeat(offset), "y".repeat(70 - offset));
            assert_eq!(written(|w| w.text(&text)), text.replace('<', "&lt;"));
        }
    }

    #[test]
    fn debug_output_shows_no_content() {
        let mut buffer = b"<password>hunter2".to_vec();
        assert_eq!(format!("{:?}", Writer::new(&mut buffer)), "Writer(17 bytes)");
    }
}
