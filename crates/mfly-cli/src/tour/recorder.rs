//! Runs the steps, times them and prints a line for each.

use crate::exit::Failure;
use crate::output::{Colour, Line, Output, milliseconds, printable};
use mfly_client::{Event, Events, InvalidArgument};
use mfly_testserver::UserError;
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use thiserror::Error;

/// The longest that a step may take.
const STEP: Duration = Duration::from_secs(20);

/// The longest that an event may take to arrive.
const EVENT: Duration = Duration::from_secs(10);

/// Why a step failed.
#[derive(Debug, Error)]
pub(super) enum Trouble {
    /// The operation failed.
    #[error("{0}")]
    Operation(#[from] mfly_client::Error),
    /// A value was not acceptable.
    #[error("{0}")]
    Argument(#[from] InvalidArgument),
    /// The server could not be told what to do.
    #[error("the server: {0}")]
    Server(#[from] UserError),
    /// An earlier step left nothing to work with.
    #[error("{0} is not there: an earlier step failed")]
    Missing(&'static str),
    /// The event did not come.
    #[error("no {0} within {seconds} s", seconds = EVENT.as_secs())]
    NoEvent(&'static str),
    /// The answer is not what it should be.
    #[error("{0}")]
    Unexpected(String),
}

/// What a step has to show.
#[derive(Debug)]
pub(super) struct Shown {
    what: String,
    result: Value,
}

/// What a step gives: something for later steps, and something to show.
pub(super) type Step<T = ()> = Result<(T, Shown), Trouble>;

/// A sentence and a result to show.
pub(super) fn shown(what: impl Into<String>, result: Value) -> Shown {
    Shown { what: what.into(), result }
}

/// A step that gives nothing to later ones.
pub(super) fn done(what: impl Into<String>, result: Value) -> Step {
    Ok(((), shown(what, result)))
}

/// Fails the step unless `condition` holds.
pub(super) fn ensure(
    condition: bool,
    expected: &str,
    found: impl std::fmt::Debug,
) -> Result<(), Trouble> {
    if condition {
        Ok(())
    } else {
        Err(Trouble::Unexpected(format!("expected {expected}, found {found:?}")))
    }
}

/// The official SDK's answer to an operation without data.
pub(super) fn success() -> Value {
    json!({"statusCode": 200, "message": "Success"})
}

/// Waits for the event that `pick` wants. Others are passed over.
pub(super) async fn wait<T>(
    events: &mut Events,
    name: &'static str,
    mut pick: impl FnMut(&Event) -> Option<T>,
) -> Result<(T, Event), Trouble> {
    let waiting = async {
        while let Some(event) = events.next().await {
            if let Some(picked) = pick(&event) {
                return Ok((picked, event));
            }
        }
        Err(Trouble::Unexpected("the session ended meanwhile".to_owned()))
    };
    tokio::time::timeout(EVENT, waiting).await.unwrap_or(Err(Trouble::NoEvent(name)))
}

/// Waits for an event and shows the call of the official listener `name` that it stands for.
pub(super) async fn hear(
    events: &mut Events,
    name: &'static str,
    mut is_wanted: impl FnMut(&Event) -> bool,
) -> Step {
    let ((), event) = wait(events, name, |event| is_wanted(event).then_some(())).await?;
    done(crate::event::described(&event), payload(&event, name)?)
}

/// What an event hands to the official listener `name`.
pub(super) fn payload(event: &Event, name: &str) -> Result<Value, Trouble> {
    let call = event.official().into_iter().find(|call| call.listener == name);
    let call =
        call.ok_or_else(|| Trouble::Unexpected(format!("the event is no {name} call: {event:?}")))?;
    Ok(call.payload)
}

/// Runs and prints steps.
pub(super) struct Recorder<'a> {
    output: &'a mut Output,
    started: Instant,
    total: usize,
    failed: usize,
}

impl<'a> Recorder<'a> {
    pub(super) fn new(output: &'a mut Output) -> Self {
        Self { output, started: Instant::now(), total: 0, failed: 0 }
    }

    /// Runs one step under its official name. `None` when it failed: that is printed, and the tour
    /// goes on.
    ///
    /// # Errors
    /// When the line cannot be printed.
    pub(super) async fn step<T>(
        &mut self,
        operation: &'static str,
        work: impl Future<Output = Step<T>>,
    ) -> Result<Option<T>, Failure> {
        let started = Instant::now();
        let outcome = match tokio::time::timeout(STEP, work).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Trouble::Unexpected(format!("it took more than {} s", STEP.as_secs()))),
        };
        let taken = milliseconds(started.elapsed());
        self.total += 1;
        match outcome {
            Ok((value, shown)) => {
                self.print(true, operation, &shown.what, taken)?;
                self.output.object(&Line {
                    operation,
                    ok: true,
                    what: Some(&shown.what),
                    result: Some(&shown.result),
                    error: None,
                    milliseconds: Some(taken),
                })?;
                Ok(Some(value))
            }
            Err(trouble) => {
                self.failed += 1;
                let what = trouble.to_string();
                let mut error = match &trouble {
                    Trouble::Operation(error) => error.official(),
                    _ => json!({}),
                };
                error["message"] = json!(what);
                self.print(false, operation, &what, taken)?;
                self.output.object(&Line {
                    operation,
                    ok: false,
                    what: Some(&what),
                    result: None,
                    error: Some(&error),
                    milliseconds: Some(taken),
                })?;
                Ok(None)
            }
        }
    }

    fn print(&mut self, ok: bool, operation: &str, what: &str, taken: f64) -> Result<(), Failure> {
        let mark = if ok {
            self.output.paint(Colour::Green, "✓")
        } else {
            self.output.paint(Colour::Red, "✗")
        };
        let time = self.output.paint(Colour::Grey, &format!("{taken:>8.1} ms"));
        let line = format!("{mark} {operation:<22} {:<58} {time}", printable(what));
        Ok(self.output.line(&line)?)
    }

    /// Prints the summary.
    ///
    /// # Errors
    /// When a step failed, or the summary cannot be printed.
    pub(super) fn finish(self) -> Result<(), Failure> {
        let taken = milliseconds(self.started.elapsed());
        let (total, failed) = (self.total, self.failed);
        let text = match failed {
            0 => format!("all {total} steps worked, {taken:.1} ms"),
            _ => format!("{failed} of {total} steps failed, {taken:.1} ms"),
        };
        let colour = if failed == 0 { Colour::Green } else { Colour::Red };
        let text = self.output.paint(colour, &text);
        self.output.line(&text)?;
        self.output.object(&json!({
            "summary": {"steps": total, "failed": failed, "milliseconds": taken},
        }))?;
        if failed == 0 { Ok(()) } else { Err(Failure::Tour { failed, total }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::Format;

    #[tokio::test]
    async fn a_failing_step_does_not_stop_the_tour_but_fails_it() {
        let mut output = Output::discarding(Format::Json);
        let mut recorder = Recorder::new(&mut output);
        let failed = recorder.step("blockUser", async { Step::<u8>::Err(Trouble::Missing("bob")) });
        assert_eq!(failed.await.unwrap(), None);
        let worked = recorder.step("unblockUser", async { Ok((7, shown("done", json!(null)))) });
        assert_eq!(worked.await.unwrap(), Some(7));
        let failure = recorder.finish().unwrap_err();
        assert!(matches!(failure, Failure::Tour { failed: 1, total: 2 }));
        assert_eq!(failure.code() as u8, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_step_that_never_ends_fails() {
        let mut output = Output::discarding(Format::Json);
        let mut recorder = Recorder::new(&mut output);
        let endless = recorder.step("getLastSeen", std::future::pending::<Step>());
        assert_eq!(endless.await.unwrap(), None);
        assert_eq!(recorder.failed, 1);
    }
}
