//! The results of a run: a table for people, JSON for programs.

use super::{Client, Framing, lacks};
use serde_json::{Value, json};
use std::fmt;
use std::time::Duration;

/// The outcome of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The step worked; with the text that the client printed.
    Passed(String),
    /// The step failed, and the client is known to lack it.
    Lacks { why: &'static str, seen: String },
    /// The step failed, or worked although the client is said to lack it.
    Failed(String),
}

impl Outcome {
    /// Compares the result of a step with what the client is known to lack.
    pub(super) fn of(seen: Result<String, String>, why: Option<&'static str>) -> Self {
        match (seen, why) {
            (Ok(detail), None) => Self::Passed(detail),
            (Err(seen), Some(why)) => Self::Lacks { why, seen },
            (Err(seen), None) => Self::Failed(seen),
            (Ok(_), Some(why)) => {
                Self::Failed(format!("it works, and is said to be lacking: {why}"))
            }
        }
    }

    /// The name of the outcome, and its text.
    fn words(&self) -> (&'static str, &str) {
        match self {
            Self::Passed(detail) => ("passed", detail),
            Self::Lacks { why, .. } => ("lacking", why),
            Self::Failed(why) => ("FAILED", why),
        }
    }
}

/// One step of one client over one framing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    client: &'static str,
    /// The name and version that the client reports.
    version: String,
    framing: Framing,
    step: String,
    outcome: Outcome,
    took: Duration,
}

impl Row {
    pub(super) fn new(
        (client, version): (&'static Client, &str),
        framing: Framing,
        step: &str,
        seen: Result<String, String>,
        took: Duration,
    ) -> Self {
        Self {
            client: client.name,
            version: version.to_owned(),
            framing,
            step: step.to_owned(),
            outcome: Outcome::of(seen, lacks::lacks(client.name, framing, step)),
            took,
        }
    }

    fn json(&self) -> Value {
        let (outcome, text) = self.outcome.words();
        let seen = match &self.outcome {
            Outcome::Lacks { seen, .. } => Some(seen),
            _ => None,
        };
        json!({
            "client": self.client,
            "version": self.version,
            "framing": self.framing.name(),
            "step": self.step,
            "outcome": outcome,
            "text": text,
            "seen": seen,
            "milliseconds": u64::try_from(self.took.as_millis()).unwrap_or(u64::MAX),
        })
    }
}

/// All steps, ordered by client and framing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Report {
    pub(super) rows: Vec<Row>,
}

impl Report {
    pub(super) fn json(&self) -> Value {
        json!({ "steps": self.rows.iter().map(Row::json).collect::<Vec<_>>() })
    }

    pub(super) fn has_failed(&self) -> bool {
        self.counts_of().2 > 0
    }

    /// The numbers of steps that passed, failed, and are lacking.
    pub(super) fn counts(&self) -> String {
        let (passed, lacking, failed) = self.counts_of();
        format!("clients: {passed} passed, {failed} failed, {lacking} lacking")
    }

    fn counts_of(&self) -> (usize, usize, usize) {
        let mut counts = (0, 0, 0);
        for row in &self.rows {
            *match row.outcome {
                Outcome::Passed(_) => &mut counts.0,
                Outcome::Lacks { .. } => &mut counts.1,
                Outcome::Failed(_) => &mut counts.2,
            } += 1;
        }
        counts
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut last = None;
        for row in &self.rows {
            let head = (&row.version, row.framing);
            if last != Some(head) {
                writeln!(f, "{} over {}", row.version, row.framing.name())?;
                last = Some(head);
            }
            let (outcome, text) = row.outcome.words();
            let step = &row.step;
            let milliseconds = row.took.as_millis();
            let line = format!("  {step:<18} {outcome:<8} {milliseconds:>6} ms  {text}");
            writeln!(f, "{}", line.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interop::clients::CLIENTS;

    fn row(name: &str, framing: Framing, step: &str, seen: Result<&str, &str>) -> Row {
        let client = CLIENTS.iter().find(|client| client.name == name).unwrap();
        let seen = seen.map(str::to_owned).map_err(str::to_owned);
        Row::new((client, "some 1.0"), framing, step, seen, Duration::from_millis(7))
    }

    #[test]
    fn what_fails_fails_the_run_unless_it_is_lacking_with_a_reason() {
        let failed = row("strophe.js", Framing::WebSocket, "ping", Err("no answer"));
        let lacking = row("strophe.js", Framing::StartTls, "log in", Err("no transport"));
        let passed = row("strophe.js", Framing::WebSocket, "card", Ok(""));
        let report = Report { rows: vec![lacking, passed, failed] };
        let expected = "\
some 1.0 over TCP + STARTTLS
  log in             lacking       7 ms  it speaks WebSocket and BOSH only
some 1.0 over WebSocket
  card               passed        7 ms
  ping               FAILED        7 ms  no answer
";
        assert_eq!(report.to_string(), expected);
        assert!(report.has_failed());
        assert_eq!(report.counts(), "clients: 1 passed, 1 failed, 1 lacking");
        assert_eq!(report.json()["steps"][0]["seen"], "no transport");
    }

    #[test]
    fn what_is_said_to_be_lacking_and_works_fails_the_run() {
        let stale = row("profanity", Framing::DirectTls, "card", Ok(""));
        assert!(Report { rows: vec![stale] }.has_failed());
    }
}
