//! Generated texts, and elements as plain values.

use mfly_proto::xml::Element;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::RngSeed;
use std::collections::BTreeMap;

pub(crate) fn seeded() -> ProptestConfig {
    ProptestConfig {
        cases: 1_000,
        rng_seed: RngSeed::Fixed(0x6d66_6c79),
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// An element as plain values; attribute names are `{namespace}name`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Tree {
    pub(crate) name: String,
    pub(crate) attributes: BTreeMap<String, String>,
    pub(crate) text: String,
    pub(crate) children: Vec<Self>,
}

pub(crate) fn expanded(ns: &str, name: &str) -> String {
    format!("{{{ns}}}{name}")
}

pub(crate) fn read(element: Element<'_>) -> Tree {
    Tree {
        name: expanded(element.ns(), element.name()),
        attributes: element
            .attributes()
            .map(|(ns, name, value)| (expanded(ns, name), value.into_owned()))
            .collect(),
        text: element.text().into_owned(),
        children: element.children().map(read).collect(),
    }
}

pub(crate) fn name() -> impl Strategy<Value = String> {
    "[a-wyzA-WYZ_\u{E9}\u{3BC}][a-zA-Z0-9_.\u{B7}\u{E9}-]{0,6}"
}

fn raw_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => "[ -%'-;=?-Z^-~\u{E9}\r\n\t]{0,20}",
        1 => select(vec![
            "&amp;", "&lt;", "&gt;", "&quot;", "&apos;", "&#65;", "&#x1F600;", "&#13;&#10;", "]]",
        ]).prop_map(str::to_owned),
        1 => "[ -;=?-Z^-~<&\u{E9}\r\n]{0,20}".prop_map(|text| format!("<![CDATA[{text}]]>")),
    ];
    vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

fn raw_attribute() -> impl Strategy<Value = String> {
    let value = prop_oneof![
        4 => "[ !#-%(-;=-~\u{E9}\r\n\t]{0,20}",
        1 => select(vec!["&amp;", "&lt;x", "a&#10;b", "&#x9;"]).prop_map(str::to_owned),
    ];
    let equals = select(vec!["=", " = ", "\n=\t"]);
    (vec(value, 0..3), equals, any::<bool>()).prop_map(|(value, equals, double)| {
        let quote = if double { '"' } else { '\'' };
        format!("{equals}{quote}{}{quote}", value.concat())
    })
}

/// An element inside of another one, which declares the prefixes `p` and `q`. It sometimes declares
/// them again.
pub(crate) fn fragment() -> impl Strategy<Value = String> {
    let start = || {
        let prefix = select(vec!["", "", "p:", "q:"]);
        let declarations = select(vec![
            "",
            "",
            "",
            " xmlns='one'",
            " xmlns=''",
            " xmlns:p='two' xmlns:q=\"a&amp;b\"",
            "\r\n xmlns:q = 'one'",
        ]);
        let attributes = btree_map(
            select(vec!["a", "b", "p:c", "q:d", "xml:lang", "longer-name"]),
            raw_attribute(),
            0..4,
        );
        (prefix, name(), declarations, attributes, select(vec!["", " ", "\n\t"])).prop_map(
            |(prefix, name, declarations, attributes, space)| {
                let name = format!("{prefix}{name}");
                let attributes = attributes
                    .iter()
                    .map(|(name, value)| format!(" {name}{value}"))
                    .collect::<String>();
                (format!("{name}{declarations}{attributes}{space}"), name)
            },
        )
    };
    let leaf = (start(), raw_text(), any::<bool>()).prop_map(|((tag, name), text, empty)| {
        if empty { format!("<{tag}/>") } else { format!("<{tag}>{text}</{name} >") }
    });
    leaf.prop_recursive(4, 24, 4, move |inner| {
        (start(), raw_text(), vec((inner, raw_text()), 0..4)).prop_map(
            |((tag, name), text, children)| {
                let content = children
                    .iter()
                    .map(|(child, text)| format!("{child}{text}"))
                    .collect::<String>();
                format!("<{tag}>{text}{content}</{name}>")
            },
        )
    })
}

/// Pieces of markup in any order.
pub(crate) fn soup() -> impl Strategy<Value = Vec<u8>> {
    const TOKENS: &str = "<a|<p:a|</a>|</p:a>|/>|>|<| |=|'|\"| b='c'| p:b='c'| xmlns='u'| xmlns:p='v'|\
        \u{20}xmlns:p=''|&amp;|&|;|&#0;|&#65;|<![CDATA[|]]>|<!--|-->|<!DOCTYPE|<?xml|?>|x|\u{E9}|\u{FFFF}|\
        \0|\r\n|<!|<a>|<a/>|:|]";
    let tokens = TOKENS.split('|').map(str::as_bytes).chain([b"\xFF".as_slice()]);
    vec(select(tokens.collect::<Vec<_>>()), 0..30).prop_map(|tokens| tokens.concat())
}
