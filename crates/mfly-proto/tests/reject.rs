//! Every class of text that restricted XML refuses.
//!
//! A file of `fixtures/reject/` is named after the kind of its refusal, then, after a dot, its
//! case. Texts that are too big for a file are made here.

#![expect(clippy::panic, reason = "a helper of tests fails loudly")]

use mfly_proto::xml::{Document, Limits, Parser, XmlError, XmlErrorKind};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

/// The name of a kind in file names: `too_large` for `TooLarge`.
fn snake_case(kind: XmlErrorKind) -> String {
    let mut name = String::new();
    for character in format!("{kind:?}").chars() {
        if character.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(character.to_ascii_lowercase());
    }
    name
}

/// Kinds that limits cause: no file shows them.
const LIMITS: [XmlErrorKind; 6] = [
    XmlErrorKind::TooDeep,
    XmlErrorKind::TooLarge,
    XmlErrorKind::TooManyAttributes,
    XmlErrorKind::TooManyChildren,
    XmlErrorKind::TooManyElements,
    XmlErrorKind::TooManyNamespaces,
];

/// Kinds that only a stream header shows: see `tests/tcp.rs`.
const HEADERS: [XmlErrorKind; 2] =
    [XmlErrorKind::WrongStreamNamespace, XmlErrorKind::WrongStreamVersion];

fn refusal(text: &[u8], limits: Limits) -> XmlError {
    let error = match Parser::new(limits).parse(text) {
        Ok(element) => panic!("{element:?} was accepted"),
        Err(error) => error,
    };
    assert!(error.position <= text.len(), "{error} lies outside of {} bytes", text.len());
    error
}

fn refused_for(text: impl AsRef<[u8]>) -> XmlErrorKind {
    refusal(text.as_ref(), Limits::default()).kind
}

fn accepted(text: impl AsRef<[u8]>, limits: Limits) {
    if let Err(error) = Parser::new(limits).parse(text.as_ref()) {
        panic!("{error}");
    }
}

#[test]
fn every_fixture_is_refused_for_the_reason_it_is_named_after() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/reject");
    let mut seen = BTreeSet::new();
    let mut failures = String::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let expected = name.split('.').next().unwrap().to_owned();
        let text = std::fs::read(&path).unwrap();
        let found = match Parser::new(Limits::default()).parse(&text) {
            Ok(_) => "accepted".to_owned(),
            Err(error) => {
                assert!(error.position <= text.len(), "{name}: {error}");
                snake_case(error.kind)
            }
        };
        if found != expected {
            writeln!(failures, "{name}: {found}").unwrap();
        }
        let owned = Document::parse(text, &Limits::default());
        assert!(owned.is_err(), "{name}: a document accepts what a parser refuses");
        seen.insert(expected);
    }
    assert_eq!(failures, "");
    let unseen: Vec<_> = XmlErrorKind::ALL
        .iter()
        .filter(|kind| !LIMITS.contains(kind) && !HEADERS.contains(kind))
        .map(|&kind| snake_case(kind))
        .filter(|kind| !seen.contains(kind))
        .collect();
    assert_eq!(unseen, [""; 0], "kinds without a fixture");
}

#[test]
fn the_position_of_a_refusal_is_near_the_fault() {
    for (text, position) in [
        ("<a><b>\u{1}</b></a>", 6),
        ("<a><!-- x --></a>", 3),
        ("<a>text&nope;</a>", 7),
        ("<a b='c' d='x<y'/>", 13),
        ("<a><b></a>", 6),
        ("<a/> x", 5),
        ("<a><p:b/></a>", 4),
        ("<a b='1' c='2' b='3'/>", 15),
    ] {
        assert_eq!(refusal(text.as_bytes(), Limits::default()).position, position, "{text}");
    }
}

fn nested(depth: usize) -> String {
    format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth))
}

fn with_attributes(count: usize) -> String {
    let attributes: String = (0..count).map(|index| format!(" a{index}='v'")).collect();
    format!("<a{attributes}/>")
}

#[test]
fn each_limit_is_accepted_and_one_more_is_refused() {
    use XmlErrorKind::{TooDeep, TooLarge, TooManyAttributes, TooManyChildren, TooManyElements};
    let default = Limits::default();
    let few = Limits { elements: 10, ..default };
    let bytes = |count: usize| format!("<a>{}</a>", "x".repeat(count - "<a></a>".len()));
    let children = |count: usize| format!("<a>{}</a>", "<b/>".repeat(count));
    let elements = |count: usize| format!("<a>{}</a>", "<b><c/></b>".repeat(count));
    for (limits, fits, exceeds, kind) in [
        (default, nested(32), nested(33), TooDeep),
        (default, nested(32), format!("{}<b/>", "<a>".repeat(32)), TooDeep),
        (default, bytes(256 * 1024), bytes(256 * 1024) + " ", TooLarge),
        (default, with_attributes(64), with_attributes(65), TooManyAttributes),
        (default, with_attributes(64), with_attributes(10_000), TooManyAttributes),
        (
            default,
            with_attributes(64),
            with_attributes(64).replacen("<a", "<a xmlns='u'", 1),
            TooManyAttributes,
        ),
        (default, children(4_096), children(4_097), TooManyChildren),
        (few, elements(4), elements(5), TooManyElements),
    ] {
        accepted(fits, limits);
        assert_eq!(refusal(exceeds.as_bytes(), limits).kind, kind);
    }
    // Children are counted for each element, and the size before anything is read.
    accepted(format!("<a><c>{0}</c><c>{0}</c></a>", "<b/>".repeat(3_000)), default);
    accepted(format!("<a b='{}'/>", "x".repeat(200_000)), default);
    assert_eq!(refused_for(vec![0xFF; 256 * 1024 + 1]), TooLarge);
}

#[test]
fn forty_thousand_levels_do_not_overflow_the_stack() {
    let limits = Limits { bytes: usize::MAX, depth: usize::MAX, ..Limits::default() };
    assert_eq!(refused_for("<a>".repeat(40_000)), XmlErrorKind::TooDeep);
    let deep = Document::parse(nested(40_000), &limits).unwrap();
    let copy = deep.root().to_document();
    drop(deep);
    let levels = std::iter::successors(Some(copy.root()), |element| element.children().next());
    assert_eq!(levels.count(), 40_000);
}

#[test]
fn duplicates_are_found_among_any_number_of_attributes() {
    let limits = Limits { attributes: 20_000, ..Limits::default() };
    for count in [2, 3, 15, 16, 17, 64, 10_000] {
        let text = with_attributes(count);
        accepted(&text, limits);
        for duplicate in [0, count / 2, count - 1] {
            let text = text.replace("/>", &format!(" a{duplicate}='w'/>"));
            let kind = refusal(text.as_bytes(), limits).kind;
            assert_eq!(kind, XmlErrorKind::DuplicateAttribute, "{duplicate} of {count}");
        }
    }
}

#[test]
fn namespace_declarations_in_scope_are_limited() {
    let declarations = |prefix: char, count: usize| {
        (0..count).fold(String::new(), |text, index| text + &format!(" xmlns:{prefix}{index}='u'"))
    };
    let nested = |inner| {
        format!("<a{}><b{}/><c{}/></a>", declarations('p', 40), declarations('q', inner), "")
    };
    accepted(nested(24), Limits::default());
    assert_eq!(refused_for(nested(25)), XmlErrorKind::TooManyNamespaces);
    let siblings = format!("<a>{}</a>", format!("<b{}/>", declarations('p', 60)).repeat(10));
    accepted(siblings, Limits::default());
    let limits = Limits { attributes: 5_000, ..Limits::default() };
    let bomb = format!("<a{}/>", declarations('p', 5_000));
    assert_eq!(refusal(bomb.as_bytes(), limits).kind, XmlErrorKind::TooManyNamespaces);
}

#[test]
fn what_restricted_xml_does_allow_is_accepted() {
    for text in [
        "\r\n\t <a/> \r\n\t",
        "<a><![CDATA[<b>&nope;]]></a>",
        "<a><![CDATA[]]></a>",
        "<a>]] > ]]&gt; ]</a>",
        "<a b=']]>'/>",
        "<a b=\"'>\" c='\"/>'>></a>",
        "<a\tb = 'c'\r\nd\n=\n\"e\" ></a >",
        "<a>&#x10FFFF;&#xE000;&#9;&#10;&#13;&#32;</a>",
        "<\u{e9}l\u{e9}ment \u{3bc}='\u{1F600}'/>",
        "<a xmlns:xml='http://www.w3.org/XML/1998/namespace' xml:lang='en'/>",
        "<a xmlns:p='u' p:b='1' b='2' xmlns:q='v' q:b='3'/>",
        "<a xmlns='u'><b xmlns=''/></a>",
        "<xml-like/>",
        "<a>\u{7f}\u{85}\u{2028}\u{feff}\u{fffd}</a>",
    ] {
        accepted(text, Limits::default());
    }
}
