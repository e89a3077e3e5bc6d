//! Any bytes as one stanza.

use mfly_proto::testing::canonical;
use mfly_proto::xml::{Document, Limits, Parser, Writer};

/// An accepted stanza has the same content after being written, detached, and read again.
pub fn stanza(data: &[u8]) {
    let limits = Limits::default();
    let mut parser = Parser::new(limits);
    let Ok(element) = parser.parse(data) else {
        assert!(Document::parse(data.to_vec(), &limits).is_err(), "the two readers disagree");
        return;
    };
    let text = std::str::from_utf8(data).expect("what is accepted is UTF-8");
    let expected = canonical(text).expect("what is accepted once is accepted twice");
    let mut written = Vec::new();
    element.write_to(&mut Writer::new(&mut written));
    let written = String::from_utf8(written).expect("the writer writes UTF-8");
    // Writing declares namespaces and escapes characters, and so may pass the limit on bytes.
    if written.len() <= limits.bytes {
        assert_eq!(canonical(&written).expect("the writer writes restricted XML"), expected);
    }
    for child in element.children() {
        let detached = child.to_document();
        assert_eq!(detached.root().name(), child.name());
        assert_eq!(detached.root().ns(), child.ns());
        assert_eq!(detached.root().text(), child.text());
    }
}
