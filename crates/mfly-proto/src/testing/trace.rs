//! Traces: recorded stanzas of one operation as text.
//!
//! ```text
//! source: observed: Web SDK 4.25.10
//! given: u2 was online 903 seconds ago
//! do: last_seen u2
//! C: <iq id="{id}" to="u2@{host}" type="get" xmlns="jabber:client"><query xmlns="jabber:iq:last"/></iq>
//! S: <iq type="result" id="{id}" from="u2@{host}" to="{jid}"><query xmlns="jabber:iq:last" seconds="903"/></iq>
//! ```
//! `{name}` stands for a value that differs between runs; all occurrences of a name have one value.
//! `{name=value}` has a default for a name without a value.

use super::{Dialect, canonical};
use std::collections::BTreeMap;
use std::fmt;
use thiserror::Error;

/// One line of a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// A fact that holds before the operation.
    Given(String),
    /// An operation that the client's user calls.
    Do(String),
    /// A frame of the client.
    Client(String),
    /// A frame of the server.
    Server(String),
    /// An event elsewhere that makes the server send a push.
    When(String),
    /// An event for the client's user: name and payload of the official listener.
    Event(String),
}

/// The recorded stanzas of one operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trace {
    /// The source: an RFC, a XEP, an observation, or `inferred`.
    pub source: String,
    /// The lines, in order.
    pub lines: Vec<Line>,
}

/// A text that is not a trace.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}: {reason}")]
pub struct TraceError {
    /// Number of the line, from 1.
    pub line: usize,
    /// The fault of the line.
    pub reason: &'static str,
}

impl Trace {
    /// Reads a trace. Empty lines and lines that start with `#` are ignored.
    ///
    /// # Errors
    /// When a line starts with none of the known words, or the first does not name the source.
    pub fn parse(text: &str) -> Result<Self, TraceError> {
        let mut source = None;
        let mut lines = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let fail = |reason| TraceError { line: index + 1, reason };
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (word, rest) = line.split_once(": ").ok_or(fail("expected 'word: text'"))?;
            let rest = rest.to_owned();
            match word {
                "source" => source = Some(rest),
                _ if source.is_none() => return Err(fail("the first line must name the source")),
                "given" => lines.push(Line::Given(rest)),
                "do" => lines.push(Line::Do(rest)),
                "C" => lines.push(Line::Client(rest)),
                "S" => lines.push(Line::Server(rest)),
                "when" => lines.push(Line::When(rest)),
                "E" => lines.push(Line::Event(rest)),
                _ => return Err(fail("expected source, given, do, when, C, S or E")),
            }
        }
        let source = source.ok_or(TraceError { line: 1, reason: "there is no source" })?;
        Ok(Self { source, lines })
    }
}

impl Trace {
    /// The dialect of its forms: that of standard servers with `given: a standard server`.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        let is_standard =
            |line: &Line| matches!(line, Line::Given(fact) if fact == "a standard server");
        if self.lines.iter().any(is_standard) { Dialect::Standard } else { Dialect::Platform }
    }
}

/// The values of placeholders that are known so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bindings(BTreeMap<String, String>);

/// A frame that differs from the line of the trace.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct Mismatch {
    /// The line of the trace, with the known values.
    pub expected: String,
    /// The frame that was sent instead.
    pub actual: String,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n expected: {}\n      got: {}", self.expected, self.actual)
    }
}

enum Piece<'a> {
    Text(&'a str),
    Place { name: &'a str, default: Option<&'a str> },
}

impl Bindings {
    /// Bindings without values.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the value of a placeholder.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// The value of a placeholder.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The line with every placeholder replaced by its value, its default, or its name, which
    /// becomes its value.
    pub fn fill(&mut self, line: &str) -> String {
        let mut out = String::with_capacity(line.len());
        for piece in pieces(line) {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Place { name, default } => {
                    let value = self.0.entry(name.to_owned());
                    out.push_str(value.or_insert_with(|| default.unwrap_or(name).to_owned()));
                }
            }
        }
        out
    }

    /// Compares a frame with the line, both in canonical form, and sets the values of new
    /// placeholders.
    ///
    /// # Errors
    /// When the frame differs from the line.
    pub fn matches(&mut self, line: &str, actual: &str) -> Result<(), Mismatch> {
        let mismatch =
            |expected: &str| Mismatch { expected: expected.to_owned(), actual: actual.to_owned() };
        let expected = canonical(line).map_err(|_| mismatch(line))?;
        let said = canonical(actual).map_err(|_| mismatch(&expected))?;
        let mut learnt = self.clone();
        if learnt.consume(&pieces(&expected), &said) {
            *self = learnt;
            Ok(())
        } else {
            Err(Mismatch { expected, actual: said })
        }
    }

    fn consume(&mut self, pieces: &[Piece<'_>], mut rest: &str) -> bool {
        for (index, piece) in pieces.iter().enumerate() {
            match piece {
                Piece::Text(text) => match rest.strip_prefix(text) {
                    Some(tail) => rest = tail,
                    None => return false,
                },
                Piece::Place { name, .. } => {
                    if let Some(known) = self.0.get(*name) {
                        match rest.strip_prefix(known.as_str()) {
                            Some(tail) => rest = tail,
                            None => return false,
                        }
                        continue;
                    }
                    // Up to the next literal; values hold no markup of their own.
                    let end = match pieces.get(index + 1) {
                        Some(Piece::Text(next)) => rest.find(next),
                        Some(Piece::Place { .. }) => None,
                        None => Some(rest.len()),
                    };
                    let Some(end) = end else { return false };
                    self.0.insert((*name).to_owned(), rest[..end].to_owned());
                    rest = &rest[end..];
                }
            }
        }
        rest.is_empty()
    }
}

fn pieces(line: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = line;
    while let Some(start) = rest.find('{') {
        let Some(length) = rest[start..].find('}') else {
            break;
        };
        let inner = &rest[start + 1..start + length];
        let (name, default) = match inner.split_once('=') {
            Some((name, default)) => (name, Some(default)),
            None => (inner, None),
        };
        let is_name = !name.is_empty()
            && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_' || b.is_ascii_digit());
        if !is_name {
            pieces.push(Piece::Text(&rest[..=start]));
            rest = &rest[start + 1..];
            continue;
        }
        pieces.push(Piece::Text(&rest[..start]));
        pieces.push(Piece::Place { name, default });
        rest = &rest[start + length + 1..];
    }
    pieces.push(Piece::Text(rest));
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_placeholder_means_the_same_value_everywhere() {
        let mut bindings = Bindings::new();
        bindings.matches("<iq id='{id}'/>", "<iq id='abc'/>").unwrap();
        assert_eq!(bindings.value("id"), Some("abc"));
        assert_eq!(bindings.fill("<iq id='{id}'/>"), "<iq id='abc'/>");
        assert!(bindings.matches("<iq id='{id}'/>", "<iq id='other'/>").is_err());
    }

    #[test]
    fn attribute_order_and_quotes_do_not_matter_but_values_do() {
        let mut bindings = Bindings::new();
        assert!(bindings.matches("<a b='1' c='2'/>", "<a c=\"2\" b=\"1\"></a>").is_ok());
        assert!(bindings.matches("<a b='1'/>", "<a b='2'/>").is_err());
    }

    #[test]
    fn a_default_is_used_until_a_value_is_known() {
        let mut bindings = Bindings::new();
        assert_eq!(bindings.fill("<q seconds='{seconds=903}'/>"), "<q seconds='903'/>");
        bindings.set("other", "5");
        assert_eq!(bindings.fill("{other=9}"), "5");
    }

    #[test]
    fn a_trace_without_a_source_is_refused() {
        assert_eq!(Trace::parse("C: <a/>").unwrap_err().line, 1);
        assert_eq!(Trace::parse("source: x\nX: y").unwrap_err().line, 2);
    }
}
