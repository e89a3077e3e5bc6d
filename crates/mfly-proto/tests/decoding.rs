//! Unusual and malformed texts, read by the type they belong to and written again: the rows of
//! `fixtures/decoding`, whose README explains their form.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails loudly")]

use mfly_proto::testing::{Dialect, Role, RoundTrip, canonical, round_trip};
use std::path::Path;

/// The stanza around a payload, with the role of the row in it.
fn wrapped(word: &str, content: &str) -> Option<String> {
    let iq = |kind: &str, from: &str| {
        format!("<iq from='{from}' id='i' type='{kind}' xmlns='jabber:client'>{content}</iq>")
    };
    Some(match word {
        "get" | "set" => iq(word, "u1@h.test/a"),
        "push" => iq("set", "h.test"),
        "result" => iq("result", "u2@h.test"),
        "message" => {
            format!("<message from='u2@h.test' xmlns='jabber:client'>{content}</message>")
        }
        "frame" => content.to_owned(),
        _ => return None,
    })
}

/// Runs the rows of one file; adds the failures to `failures`, and returns the number of rows.
fn run(name: &str, text: &str, failures: &mut Vec<String>) -> usize {
    let (mut rule, mut dialect, mut asked) = ("", Dialect::Platform, String::new());
    let mut row = None;
    let mut count = 0;
    for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.is_empty()) {
        let place = format!("{name}, line {}", index + 1);
        if let Some(sentence) = line.strip_prefix("# ") {
            rule = sentence;
            continue;
        }
        let (word, rest) = line.split_once(':').unwrap_or_else(|| panic!("{place}: no word"));
        let rest = rest.strip_prefix(' ').unwrap_or(rest);
        if let Some(frame) = wrapped(word, rest) {
            assert!(row.is_none(), "{place}: the row before has no outcome");
            row = Some((word, rest, frame));
            continue;
        }
        match word {
            "dialect" => dialect = Dialect::Standard,
            "asked" => {
                let (kind, payload) = rest.split_once(' ').unwrap();
                asked = wrapped(kind, payload).unwrap();
            }
            _ => {
                let (role_word, content, frame) = row.take().unwrap();
                let role = match role_word {
                    "push" => Role::Push,
                    "result" => Role::ResultOf(asked.as_bytes()),
                    _ => Role::RequestOrPush,
                };
                let expected = match word {
                    "is" => canonical(&wrapped(role_word, rest).unwrap()).unwrap(),
                    "same" => canonical(&frame).unwrap(),
                    "error" => format!("error: {rest}"),
                    "unknown" => "unknown".to_owned(),
                    other => panic!("{place}: unknown word {other}"),
                };
                let found = match round_trip(frame.as_bytes(), role, dialect) {
                    RoundTrip::Written { text, .. } => canonical(&text).unwrap(),
                    RoundTrip::Invalid(error) => format!("error: {error}"),
                    RoundTrip::Unknown => "unknown".to_owned(),
                    RoundTrip::Refused => panic!("{place}: not restricted XML: {content}"),
                };
                if found != expected {
                    failures.push(format!(
                        "{place}: {rule}\n  read     {content}\n  expected {expected}\n  found    {found}"
                    ));
                }
                count += 1;
            }
        }
    }
    assert!(row.is_none(), "{name}: the last row has no outcome");
    count
}

#[test]
fn every_row_has_its_outcome() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/decoding");
    let (mut failures, mut count) = (Vec::new(), 0);
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "txt") {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            count += run(&name, &std::fs::read_to_string(&path).unwrap(), &mut failures);
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(count > 150, "only {count} rows");
}
