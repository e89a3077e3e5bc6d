//! Prints the findings as they come, and counts them.
//!
//! ```json
//! {"operation":"doctor","address":"xmpp://a.example","step":"tcp","ok":false,"status":"failed","what":"…",
//!  "error":{"message":"…","exitCode":3,"hint":"…"},"remedy":"…","milliseconds":0.4}
//! {"summary":{"steps":9,"failed":1,"warnings":0,"milliseconds":12.3}}
//! ```

use super::finding::{Finding, Status};
use crate::exit::{Code, Failure};
use crate::output::{Colour, Output, milliseconds, printable};
use serde::Serialize;
use serde_json::{Value, json};
use std::io;
use std::time::Instant;

/// The column where the text of a step begins.
const INDENT: usize = 14;

/// The widths of text on a terminal of 80 columns, with and without a time behind the text.
const TEXT: usize = 54;
const WHOLE: usize = 66;

/// A step as JSON. The members keep this order.
#[derive(Serialize)]
struct Object<'a> {
    operation: &'static str,
    address: &'a str,
    step: &'static str,
    ok: bool,
    status: &'static str,
    what: &'a str,
    #[serde(skip_serializing_if = "Value::is_null")]
    result: &'a Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    milliseconds: Option<f64>,
}

/// Prints findings and counts them.
pub(super) struct Examination<'a> {
    output: &'a mut Output,
    /// The first error of printing. It is returned at the end.
    broken: Option<io::Error>,
    started: Instant,
    address: String,
    total: usize,
    warnings: usize,
    failed: usize,
    code: Option<Code>,
}

impl<'a> Examination<'a> {
    pub(super) fn new(output: &'a mut Output) -> Self {
        Self {
            output,
            broken: None,
            started: Instant::now(),
            address: String::new(),
            total: 0,
            warnings: 0,
            failed: 0,
            code: None,
        }
    }

    /// Begins the findings about an address.
    pub(super) fn begin(&mut self, address: &str) {
        if self.total > 0 {
            self.line("");
        }
        address.clone_into(&mut self.address);
        self.line(&printable(address));
    }

    /// Prints and counts a finding.
    pub(super) fn record(&mut self, finding: Finding) {
        match finding.status {
            Status::Ok => self.total += 1,
            Status::Warning => {
                self.total += 1;
                self.warnings += 1;
            }
            Status::Failed(code) => {
                self.total += 1;
                self.failed += 1;
                self.code.get_or_insert(code);
            }
            Status::Skipped => {}
        }
        for line in lines(&finding, self.output) {
            self.line(&line);
        }
        let error = match finding.status {
            Status::Failed(code) => Some(json!({
                "message": finding.what,
                "exitCode": code as u8,
                "hint": finding.remedy,
            })),
            _ => None,
        };
        let object = Object {
            operation: "doctor",
            address: &self.address,
            step: finding.step.name(),
            ok: error.is_none(),
            status: finding.status.word(),
            what: &finding.what,
            result: &finding.result,
            error,
            remedy: finding.remedy.as_deref(),
            milliseconds: finding.took.map(milliseconds),
        };
        let printed = self.output.object(&object);
        self.note(printed);
    }

    /// Prints the summary.
    pub(super) fn finish(mut self) -> Result<(), Failure> {
        let (total, failed, warnings) = (self.total, self.failed, self.warnings);
        let taken = milliseconds(self.started.elapsed());
        let (colour, text) = match (failed, warnings) {
            (0, 0) => (Colour::Green, format!("all {total} steps are fine")),
            (0, 1) => (Colour::Yellow, format!("{total} steps, 1 warning")),
            (0, _) => (Colour::Yellow, format!("{total} steps, {warnings} warnings")),
            _ => (Colour::Red, format!("{failed} of {total} steps failed")),
        };
        let text = self.output.paint(colour, &text);
        self.line("");
        self.line(&format!("{text}, {taken:.1} ms"));
        let printed = self.output.object(&json!({"summary": {
            "steps": total,
            "failed": failed,
            "warnings": warnings,
            "milliseconds": taken,
        }}));
        self.note(printed);
        if let Some(broken) = self.broken {
            return Err(broken.into());
        }
        match self.code {
            Some(code) => Err(Failure::Examination { failed, total, code }),
            None => Ok(()),
        }
    }

    fn line(&mut self, line: &str) {
        let printed = self.output.line(line);
        self.note(printed);
    }

    fn note(&mut self, printed: io::Result<()>) {
        if let Err(error) = printed {
            self.broken.get_or_insert(error);
        }
    }
}

/// The lines about a step for people.
fn lines(finding: &Finding, output: &Output) -> Vec<String> {
    let (mark, word) = match finding.status {
        Status::Ok => (output.paint(Colour::Green, "✓"), ""),
        Status::Warning => (output.paint(Colour::Yellow, "!"), "warning: "),
        Status::Failed(_) => (output.paint(Colour::Red, "✗"), "failed: "),
        Status::Skipped => (output.paint(Colour::Grey, "-"), "skipped: "),
    };
    let width = match finding.took {
        Some(_) => TEXT,
        None => WHOLE,
    };
    let text = wrapped(&format!("{word}{}", printable(&finding.what)), width);
    let mut texts = text.into_iter();
    let first = texts.next().unwrap_or_default();
    let name = finding.step.name();
    let first = match finding.took {
        Some(took) => {
            let time = format!("{:>8.1} ms", milliseconds(took));
            let time = output.paint(Colour::Grey, &time);
            format!("{mark} {name:<12}{first:<TEXT$} {time}")
        }
        None => format!("{mark} {name:<12}{first}"),
    };
    let mut lines = vec![first];
    lines.extend(texts.map(|text| format!("{:INDENT$}{text}", "")));
    for detail in &finding.details {
        for text in wrapped(&printable(detail), WHOLE) {
            let text = output.paint(Colour::Grey, &text);
            lines.push(format!("{:INDENT$}{text}", ""));
        }
    }
    if let Some(remedy) = &finding.remedy {
        let mut arrow = "→";
        for text in wrapped(&printable(remedy), WHOLE - 2) {
            lines.push(format!("{:INDENT$}{arrow} {text}", ""));
            arrow = " ";
        }
    }
    lines
}

/// Breaks a text into lines of at most `width` characters. A longer word has its own line.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::doctor::finding::Step;
    use crate::output::Format;
    use std::time::Duration;

    #[test]
    fn no_line_is_longer_than_a_terminal_is_wide() {
        let output = Output::discarding(Format::Human);
        let words = "word ".repeat(40);
        let finding = Finding::failed(Step::Certificate, Code::Failed, &words, &words)
            .details([words.clone()])
            .took(Duration::from_millis(12_345));
        let lines = lines(&finding, &output);
        assert!(lines.len() > 9, "{lines:?}");
        for line in &lines {
            assert!(line.chars().count() <= 80, "{line}");
        }
        assert!(lines[0].starts_with("✗ certificate failed: word"));
        assert!(lines[0].ends_with(" 12345.0 ms"));
    }

    #[test]
    fn text_from_a_server_has_no_control_characters() {
        let output = Output::discarding(Format::Human);
        let said = "a\x1b[2Jb\nc";
        let finding =
            Finding::ok(Step::Features, said, json!(null)).warn(said).details([said.to_owned()]);
        for line in lines(&finding, &output) {
            assert!(!line.contains(char::is_control), "{line:?}");
        }
    }

    #[test]
    fn a_warning_is_no_failure_and_the_first_failure_decides_the_exit_code() {
        let mut output = Output::discarding(Format::Json);
        let mut examination = Examination::new(&mut output);
        let fine = Finding::ok(Step::Dns, "", json!(null));
        examination.record(fine.warn("look"));
        examination.record(Finding::skipped(Step::Tcp, "because"));
        assert!(examination.finish().is_ok());

        let mut examination = Examination::new(&mut output);
        examination.record(Finding::failed(Step::Tcp, Code::Unreachable, "", ""));
        examination.record(Finding::failed(Step::Tls, Code::Failed, "", ""));
        let failure = examination.finish().unwrap_err();
        assert_eq!(failure.code(), Code::Unreachable);
        assert!(failure.is_silent(Format::Json));
    }
}
