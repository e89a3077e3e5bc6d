//! Properties of reader and writer over generated texts, with quick-xml's namespace reader as a
//! second opinion on texts that are accepted.

#![expect(
    clippy::panic,
    clippy::unwrap_used,
    reason = "helpers of tests: what must not happen fails the test"
)]

mod generated;

use generated::{Tree, expanded, fragment, name, read, seeded, soup};
use mfly_proto::xml::{Document, Limits, Parser, Writer, XmlErrorKind};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::ResolveResult;
use quick_xml::reader::NsReader;
use std::collections::BTreeMap;

fn parsed(text: &[u8]) -> Tree {
    match Parser::new(Limits::default()).parse(text) {
        Ok(element) => read(element),
        Err(error) => panic!("{error}: {}", String::from_utf8_lossy(text)),
    }
}

// Written elements are read again.

/// Characters that need care, between any others.
fn value() -> impl Strategy<Value = String> {
    let special = select("&<>'\"]\r\n\t -;#xÜ\u{FFFD}\u{1F600}".chars().collect::<Vec<_>>());
    let character = prop_oneof![
        3 => special,
        3 => proptest::char::range(' ', '~'),
        1 => any::<char>(),
    ];
    vec(character, 0..40).prop_map(String::from_iter)
}

/// The content of a written element, with text before and after each child.
#[derive(Clone, Debug)]
struct Plan {
    name: String,
    attributes: BTreeMap<String, String>,
    text: String,
    children: Vec<(Self, String)>,
}

fn plan() -> impl Strategy<Value = Plan> {
    let leaf = (name(), btree_map(name(), value(), 0..4), value())
        .prop_map(|(name, attributes, text)| Plan { name, attributes, text, children: Vec::new() });
    leaf.prop_recursive(4, 24, 4, |inner| {
        (name(), btree_map(name(), value(), 0..4), value(), vec((inner, value()), 0..4)).prop_map(
            |(name, attributes, text, children)| Plan { name, attributes, text, children },
        )
    })
}

fn write(plan: &Plan, writer: &mut Writer<'_>) {
    writer.other_element("text", &plan.name, |w| {
        for (name, value) in &plan.attributes {
            w.other_attr("attribute", name, value);
        }
        w.text(&plan.text);
        for (child, text) in &plan.children {
            write(child, w);
            w.text(text);
        }
    });
}

/// The characters that XML can hold, and U+FFFD for each other one.
fn legal(text: &str) -> String {
    let is_illegal = |c: char| {
        c < ' ' && !matches!(c, '\t' | '\n' | '\r') || matches!(c, '\u{FFFE}' | '\u{FFFF}')
    };
    text.chars().map(|c| if is_illegal(c) { '\u{FFFD}' } else { c }).collect()
}

fn expected(plan: &Plan) -> Tree {
    let texts = plan.children.iter().map(|(_, text)| text.as_str());
    Tree {
        name: expanded("", &plan.name),
        attributes: plan
            .attributes
            .iter()
            .map(|(name, value)| (expanded("", name), legal(value)))
            .collect(),
        text: std::iter::once(plan.text.as_str()).chain(texts).map(legal).collect(),
        children: plan.children.iter().map(|(child, _)| expected(child)).collect(),
    }
}

proptest! {
    #![proptest_config(seeded())]

    #[test]
    fn what_the_writer_writes_the_reader_reads(plan in plan()) {
        let mut buffer = Vec::new();
        write(&plan, &mut Writer::new(&mut buffer));
        prop_assert_eq!(parsed(&buffer), expected(&plan));
    }
}

// Sources that no writer of ours would write.

/// A source text. The prefixes `p` and `q` are declared at the top.
fn source() -> impl Strategy<Value = String> {
    fragment().prop_map(|tree| format!("<top xmlns:p='urn:p' xmlns:q='urn:q'>{tree}</top>"))
}

/// Reads the text with quick-xml.
fn second_opinion(text: &str) -> Tree {
    let mut reader = NsReader::from_str(text);
    let mut open = vec![Tree::default()];
    loop {
        match reader.read_event().unwrap() {
            Event::Start(tag) => open.push(start(&reader, &tag)),
            Event::Empty(tag) => {
                let tree = start(&reader, &tag);
                open.last_mut().unwrap().children.push(tree);
            }
            Event::End(_) => {
                let tree = open.pop().unwrap();
                open.last_mut().unwrap().children.push(tree);
            }
            Event::Text(text) => open.last_mut().unwrap().text += &text.xml10_content(),
            Event::CData(text) => open.last_mut().unwrap().text += &text.xml10_content(),
            Event::GeneralRef(reference) => {
                let character = reference.resolve_char_ref().unwrap();
                let text = &mut open.last_mut().unwrap().text;
                match character {
                    Some(character) => text.push(character),
                    None => {
                        let entity = quick_xml::escape::resolve_predefined_entity(&reference);
                        text.push_str(entity.unwrap());
                    }
                }
            }
            Event::Eof => return open.pop().unwrap().children.pop().unwrap(),
            other => panic!("{other:?} in an accepted text"),
        }
    }
}

fn start(reader: &NsReader<&[u8]>, tag: &BytesStart<'_>) -> Tree {
    let resolver = reader.resolver();
    let namespace = |result: ResolveResult<'_>| match result {
        ResolveResult::Bound(ns) => quick_xml::escape::unescape(ns.as_ref()).unwrap().into_owned(),
        _ => String::new(),
    };
    let (ns, name) = resolver.resolve_element(tag.name());
    let mut tree = Tree { name: expanded(&namespace(ns), name.as_ref()), ..Tree::default() };
    for attribute in tag.attributes() {
        let attribute = attribute.unwrap();
        if attribute.key.as_namespace_binding().is_some() {
            continue;
        }
        let (ns, name) = resolver.resolve_attribute(attribute.key);
        let value = attribute.normalized_value(XmlVersion::Implicit1_0).unwrap().into_owned();
        tree.attributes.insert(expanded(&namespace(ns), name.as_ref()), value);
    }
    tree
}

proptest! {
    #![proptest_config(seeded())]

    #[test]
    fn names_attributes_and_text_agree_with_quick_xml(source in source()) {
        let two_namespaces_may_meet = XmlErrorKind::DuplicateAttribute;
        match Parser::new(Limits::default()).parse(source.as_bytes()) {
            Ok(element) => prop_assert_eq!(read(element), second_opinion(&source)),
            Err(error) => prop_assert_eq!(error.kind, two_namespaces_may_meet, "{}", source),
        }
    }

    #[test]
    fn a_text_that_is_cut_anywhere_is_incomplete(source in source(), at in any::<prop::sample::Index>()) {
        let is_valid = Parser::new(Limits::default()).parse(source.as_bytes()).is_ok();
        prop_assume!(is_valid);
        let at = at.index(source.len());
        let error = Parser::new(Limits::default()).parse(&source.as_bytes()[..at]).unwrap_err();
        let expected = if at == 0 { XmlErrorKind::Empty } else { XmlErrorKind::Truncated };
        prop_assert_eq!(error.kind, expected, "{}", &String::from_utf8_lossy(&source.as_bytes()[..at]));
    }

    #[test]
    fn a_detached_element_means_the_same_as_it_did_in_place(source in source()) {
        let Ok(document) = Document::parse(source, &Limits::default()) else { return Ok(()) };
        let mut elements = vec![document.root()];
        while let Some(element) = elements.pop() {
            let detached = element.to_document();
            prop_assert_eq!(read(detached.root()), read(element));
            prop_assert_eq!(detached.root().source(), detached.as_str());
            prop_assert_eq!(parsed(detached.as_str().as_bytes()), read(element));
            let mut buffer = Vec::new();
            element.write_to(&mut Writer::new(&mut buffer));
            prop_assert_eq!(buffer.as_slice(), detached.as_str().as_bytes());
            for child in detached.root().children() {
                prop_assert_eq!(read(child.to_document().root()), read(child));
            }
            elements.extend(element.children());
        }
    }

    #[test]
    fn any_text_with_surrounding_white_space_means_the_same(source in source()) {
        let Ok(document) = Document::parse(source.clone(), &Limits::default()) else { return Ok(()) };
        let padded = format!(" \r\n{source}\t ");
        prop_assert_eq!(parsed(padded.as_bytes()), read(document.root()));
    }
}

// Hostile input.

/// Whatever is accepted can be read through, detached, and agrees with quick-xml.
fn survive(text: &[u8]) -> Result<(), TestCaseError> {
    match Parser::new(Limits::default()).parse(text) {
        Ok(element) => {
            prop_assert_eq!(read(element.to_document().root()), read(element));
            prop_assert_eq!(read(element), second_opinion(std::str::from_utf8(text).unwrap()));
        }
        Err(error) => prop_assert!(error.position <= text.len()),
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5_000, ..seeded() })]

    #[test]
    fn markup_soup_is_survived(text in soup()) {
        survive(&text)?;
        let inside = [b"<a xmlns:p='u'>".as_slice(), &text, b"</a>"].concat();
        survive(&inside)?;
    }

    #[test]
    fn any_bytes_are_survived(bytes in vec(any::<u8>(), 0..200)) {
        survive(&bytes)?;
    }

    #[test]
    fn a_valid_text_with_damage_is_survived(
        source in source(),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut bytes = source.into_bytes();
        for (index, byte) in damage {
            let index = index.index(bytes.len());
            bytes[index] = byte;
        }
        survive(&bytes)?;
    }
}
