//! Runs the steps, times them and prints a line for each.

use crate::event;
use crate::exit::Failure;
use crate::output::{Colour, Line, Output, milliseconds, printable};
use mfly_client::{Error, ErrorKind, Event, Events, InvalidArgument};
use mfly_testserver::UserError;
use serde_json::{Value, json};
use std::fmt::Debug;
use std::time::{Duration, Instant};

/// The time-out of a step.
const STEP: Duration = Duration::from_secs(20);

/// The time-out for the arrival of an event.
const EVENT: Duration = Duration::from_secs(10);

/// Why a step failed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error("{0}")]
    Operation(#[from] Error),
    #[error("{0}")]
    Argument(#[from] InvalidArgument),
    /// The test server refused an order.
    #[error("the server: {0}")]
    Server(#[from] UserError),
    /// An earlier step failed, on whose result this one depends.
    #[error("{0} is not there: an earlier step failed")]
    Missing(&'static str),
    #[error("no {0} within {seconds} s", seconds = EVENT.as_secs())]
    NoEvent(&'static str),
    #[error("{0}")]
    Unexpected(String),
}

/// The sentence and the JSON result that are printed for a step.
#[derive(Debug)]
pub(super) struct Shown {
    what: String,
    result: Value,
}

/// The result of a step: a value for later steps, and what is printed.
pub(super) type Step<T = ()> = Result<(T, Shown), Trouble>;

/// A subscription to a session's events, unless there is no session.
pub(super) type Listener = Result<Events, Trouble>;

/// What is printed for a step.
pub(super) fn shown(what: impl Into<String>, result: Value) -> Shown {
    Shown { what: what.into(), result }
}

/// A successful step without a value for later ones.
pub(super) fn done(what: impl Into<String>, result: Value) -> Step {
    Ok(((), shown(what, result)))
}

/// Fails the step unless `condition` holds.
pub(super) fn ensure(condition: bool, expected: &str, found: impl Debug) -> Result<(), Trouble> {
    if condition {
        return Ok(());
    }
    Err(Trouble::Unexpected(format!("expected {expected}, found {found:?}")))
}

/// A step that succeeds when the operation is refused with the expected error.
pub(super) fn refused<T: Debug, E: Into<Trouble>>(
    outcome: Result<T, E>,
    what: &str,
    is_expected: impl Fn(&ErrorKind) -> bool,
) -> Step {
    match outcome.map_err(Into::into) {
        Err(Trouble::Operation(error)) if is_expected(error.kind()) => done(what, error.official()),
        Err(trouble) => Err(trouble),
        Ok(found) => Err(Trouble::Unexpected(format!("expected a refusal, found {found:?}"))),
    }
}

/// The official SDK's answer to an operation without data.
pub(super) fn success() -> Value {
    json!({"statusCode": 200, "message": "Success"})
}

/// The official SDK's answer to a login.
pub(super) fn logged_in() -> Value {
    json!({"statusCode": 200, "message": "Login Success"})
}

/// Waits for the event from which `pick` takes a value. Other events are skipped.
pub(super) async fn wait<T>(
    events: &mut Listener,
    name: &'static str,
    mut pick: impl FnMut(&Event) -> Option<T>,
) -> Result<(T, Event), Trouble> {
    let events = events.as_mut().map_err(|_| Trouble::Missing("the session"))?;
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

/// The argument with which the official SDK calls the listener `name` for this event.
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

    /// Runs a step under the official SDK's name. A step that fails is printed and returns `None`.
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
                    what: Some(&shown.what),
                    milliseconds: Some(taken),
                    ..Line::done(operation, &shown.result)
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
                    what: Some(&what),
                    milliseconds: Some(taken),
                    ..Line::failed(operation, &error)
                })?;
                Ok(None)
            }
        }
    }

    /// Runs a step that waits for an event, under the name of the official listener that gets it.
    pub(super) async fn listen(
        &mut self,
        events: &mut Listener,
        name: &'static str,
        is_wanted: impl Fn(&Event) -> bool,
    ) -> Result<(), Failure> {
        let step = async {
            let ((), event) = wait(events, name, |event| is_wanted(event).then_some(())).await?;
            done(event::described(&event), payload(&event, name)?)
        };
        self.step(name, step).await.map(drop)
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
