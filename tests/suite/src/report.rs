//! The report of a run: a table for people, JSON for programs.

use crate::transport::Transport;
use serde_json::{Value, json};
use std::fmt;
use std::fmt::Write as _;
use std::time::Duration;

/// The outcome of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The check holds. Carries its notes.
    Passed(String),
    /// The server lacks the capability.
    Lacks {
        /// The reason why it does.
        why: &'static str,
        /// The failure of the check.
        seen: String,
    },
    /// The check has no meaning over this transport. Carries the reason.
    DoesNotApply(&'static str),
    /// The check does not hold. Carries the failure.
    Failed(String),
}

/// One check over one transport.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The check's sentence.
    pub check: &'static str,
    /// Its position in the suite.
    pub number: usize,
    /// The transport to the server.
    pub transport: Transport,
    /// The outcome of the check.
    pub outcome: Outcome,
    /// The duration of the check.
    pub took: Duration,
}

/// All checks of one server over all transports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The server's name and version.
    pub server: String,
    /// All rows, in the order of the suite.
    pub rows: Vec<Row>,
}

impl Report {
    pub(crate) fn new(server: &str, mut rows: Vec<Row>) -> Self {
        rows.sort_by_key(|row| (row.number, row.transport));
        Self { server: server.to_owned(), rows }
    }

    /// All failed rows.
    pub fn failures(&self) -> impl Iterator<Item = &Row> {
        let failed = |row: &&Row| matches!(row.outcome, Outcome::Failed(_));
        self.rows.iter().filter(failed)
    }

    /// The number of rows with this outcome: `passed`, `FAILED`, `lacking` or `does not apply`.
    #[must_use]
    pub fn count(&self, outcome: &str) -> usize {
        self.rows.iter().filter(|row| row.outcome.words().0 == outcome).count()
    }

    /// The numbers of rows with each outcome, as a line.
    #[must_use]
    pub fn summary(&self) -> String {
        let count = |outcome| self.count(outcome);
        format!(
            "{} passed, {} failed, {} lacking, {} do not apply",
            count("passed"),
            count("FAILED"),
            count("lacking"),
            count("does not apply")
        )
    }

    /// The report as JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        let rows: Vec<Value> = self.rows.iter().map(Row::json).collect();
        json!({ "server": self.server, "rows": rows })
    }
}

impl Row {
    /// The check, the transport and the outcome, on one line.
    #[must_use]
    pub fn line(&self) -> String {
        let (outcome, text) = self.outcome.words();
        format!("{outcome}: {}, over {}: {text}", self.check, self.transport)
    }

    fn json(&self) -> Value {
        let (outcome, text) = self.outcome.words();
        let seen = match &self.outcome {
            Outcome::Lacks { seen, .. } => Some(seen),
            _ => None,
        };
        json!({
            "seen": seen,
            "transport": self.transport.to_string(),
            "check": self.check,
            "outcome": outcome,
            "text": text,
            "milliseconds": u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX),
        })
    }
}

impl Outcome {
    /// The name of the outcome, and its notes or reason.
    fn words(&self) -> (&'static str, &str) {
        match self {
            Self::Passed(notes) => ("passed", notes),
            Self::Lacks { why, .. } => ("lacking", why),
            Self::DoesNotApply(why) => ("does not apply", why),
            Self::Failed(why) => ("FAILED", why),
        }
    }
}

/// Writes one line for each check and transport, grouped by check.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.server)?;
        let mut last = None;
        for row in &self.rows {
            if last != Some(row.number) {
                writeln!(f, "  {}", row.check)?;
                last = Some(row.number);
            }
            let (outcome, text) = row.outcome.words();
            let mut line = String::new();
            write!(line, "    {:<20} {:<14}", row.transport.to_string(), outcome)?;
            if matches!(row.outcome, Outcome::Passed(_)) {
                write!(line, " {:>6} ms", row.took.as_millis())?;
            }
            if !text.is_empty() {
                write!(line, "  {text}")?;
            }
            writeln!(f, "{}", line.trim_end())?;
        }
        writeln!(f, "  {}", self.summary())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(number: usize, transport: Transport, outcome: Outcome) -> Row {
        Row {
            check: ["a ping is answered", "a session comes back"][number],
            number,
            transport,
            outcome,
            took: Duration::from_millis(7),
        }
    }

    #[test]
    fn the_table_shows_each_check_once_and_each_lack_with_its_reason() {
        let lacks = Outcome::Lacks { why: "not in this version", seen: "refused".to_owned() };
        let report = Report::new(
            "Some server 1.0",
            vec![
                row(1, Transport::StartTls, Outcome::Failed("no answer".to_owned())),
                row(0, Transport::WebSocket, lacks),
                row(0, Transport::StartTls, Outcome::Passed("by SCRAM".to_owned())),
            ],
        );
        let expected = "\
Some server 1.0
  a ping is answered
    TCP + STARTTLS       passed              7 ms  by SCRAM
    WebSocket            lacking         not in this version
  a session comes back
    TCP + STARTTLS       FAILED          no answer
  1 passed, 1 failed, 1 lacking, 0 do not apply
";
        assert_eq!(report.to_string(), expected);
        let failures: Vec<String> = report.failures().map(Row::line).collect();
        let line = "FAILED: a session comes back, over TCP + STARTTLS: no answer";
        assert_eq!(failures, [line]);
        assert_eq!(report.json()["rows"][1]["text"], "not in this version");
        assert_eq!(report.json()["rows"][1]["seen"], "refused");
    }
}
