//! The canonical form of XML, for comparisons.

use crate::xml::{Element, Limits, Parser, XmlError};

/// The canonical form of an element: sorted attributes, resolved prefixes, uniform quotes and tags.
///
/// # Errors
/// When the text is not restricted XML.
pub fn canonical(text: &str) -> Result<String, XmlError> {
    let mut parser = Parser::new(Limits::default());
    let mut out = String::new();
    write(parser.parse(text.as_bytes())?, "", &mut out);
    Ok(out)
}

fn write(element: Element<'_>, inherited: &str, out: &mut String) {
    // A stanza without namespace means `jabber:client` on this wire.
    let ns = match element.ns() {
        "" if inherited.is_empty() => crate::ns::CLIENT,
        ns => ns,
    };
    let mut attributes: Vec<_> = element
        .attributes()
        .map(|(ns, name, value)| (ns.to_owned(), name.to_owned(), value.into_owned()))
        .collect();
    attributes.sort();
    out.push('<');
    out.push_str(element.name());
    if ns != inherited {
        out.push_str(" xmlns=\"");
        escape(ns, out);
        out.push('"');
    }
    for (ns, name, value) in attributes {
        out.push(' ');
        if !ns.is_empty() {
            out.push('{');
            out.push_str(&ns);
            out.push('}');
        }
        out.push_str(&name);
        out.push_str("=\"");
        escape(&value, out);
        out.push('"');
    }
    out.push('>');
    escape(&element.text(), out);
    for child in element.children() {
        write(child, ns, out);
    }
    out.push_str("</");
    out.push_str(element.name());
    out.push('>');
}

fn escape(text: &str, out: &mut String) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '"' => out.push_str("&quot;"),
            _ => out.push(character),
        }
    }
}
