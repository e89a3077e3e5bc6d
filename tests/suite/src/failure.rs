//! Failures of checks, and waits with a deadline.

use mfly_client::standard::{Event, Events};
use std::error::Error;
use std::fmt;
use std::fmt::Write as _;
use std::future::Future;
use std::time::Duration;

/// Longest wait: far above what any step needs, so that a hang becomes a failure with a name.
pub const DEADLINE: Duration = Duration::from_secs(10);

/// The reason why a check failed, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure(String);

impl Failure {
    /// Makes a failure from its reason.
    pub fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Every error is a failure with all its causes. [`Failure`] does not implement [`Error`], because
/// this would then conflict with `From<T> for T`.
impl<E: Error> From<E> for Failure {
    fn from(error: E) -> Self {
        let mut text = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            let said = cause.to_string();
            // Many errors quote their cause.
            if !text.ends_with(&said) {
                let _ = write!(text, ": {said}");
            }
            source = cause.source();
        }
        Self(text)
    }
}

/// Adds the step that failed.
pub trait During<T> {
    /// Puts `step` before the failure.
    ///
    /// # Errors
    /// Returns the failure with the step.
    fn during(self, step: &str) -> Result<T, Failure>;
}

impl<T, E: Into<Failure>> During<T> for Result<T, E> {
    fn during(self, step: &str) -> Result<T, Failure> {
        self.map_err(|error| Failure(format!("{step}: {}", error.into())))
    }
}

/// Fails with `otherwise` unless `holds`.
///
/// # Errors
/// When it does not hold.
pub fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), Failure> {
    if holds { Ok(()) } else { Err(Failure(otherwise())) }
}

/// Fails unless both are equal.
///
/// # Errors
/// When they are not, with both.
pub fn equal<T: PartialEq + fmt::Debug>(what: &str, is: &T, expected: &T) -> Result<(), Failure> {
    ensure(is == expected, || format!("{what} is {is:?} instead of {expected:?}"))
}

/// Returns the outcome of `work`.
///
/// # Errors
/// When `work` fails, or is not done within [`DEADLINE`].
pub async fn within<T, E: Into<Failure>>(
    what: &str,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, Failure> {
    match tokio::time::timeout(DEADLINE, work).await {
        Ok(outcome) => outcome.during(what),
        Err(_) => Err(Failure(format!("{what}: nothing within {DEADLINE:?}"))),
    }
}

/// Returns what `pick` makes of the first event that it accepts. Skips earlier events.
///
/// # Errors
/// When no such event arrives within [`DEADLINE`] or before the end of the session. Quotes the
/// others.
pub async fn event<T>(
    events: &mut Events,
    what: &str,
    mut pick: impl FnMut(&Event) -> Option<T>,
) -> Result<T, Failure> {
    let mut seen = String::new();
    let found = tokio::time::timeout(DEADLINE, async {
        while let Some(event) = events.next().await {
            if let Some(picked) = pick(&event) {
                return Some(picked);
            }
            let _ = write!(seen, " {event:?};");
        }
        None
    })
    .await;
    match found {
        Ok(Some(picked)) => Ok(picked),
        Ok(None) => Err(Failure(format!("the session ended without {what}; events:{seen}"))),
        Err(_) => Err(Failure(format!("no {what} within {DEADLINE:?}; events:{seen}"))),
    }
}

/// Waits for the first event of a user that a pattern matches, and returns a value of its bindings.
macro_rules! expect_event {
    ($who:expr, $pattern:pat $(if $guard:expr)? => $value:expr) => {
        crate::failure::event(&mut $who.events, stringify!($pattern), |event| match event {
            $pattern $(if $guard)? => Some($value),
            _ => None,
        })
        .await
    };
}
pub(crate) use expect_event;

/// Waits for the end of the session.
///
/// # Errors
/// When it does not end within [`DEADLINE`], or tries to reconnect before.
pub async fn never_reconnects(events: &mut Events) -> Result<(), Failure> {
    let ended = async {
        while let Some(event) = events.next().await {
            let reconnects = matches!(event, Event::Reconnecting { .. });
            ensure(!reconnects, || "the session tried again".to_owned())?;
        }
        Ok::<_, Failure>(())
    };
    within("the end of the session", ended).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io;

    #[test]
    fn a_failure_has_all_causes_and_the_step_and_no_repetition() {
        let cause = io::Error::other("no route");
        let error = io::Error::other(cause);
        let failed: Result<(), _> = Err(error);
        assert_eq!(failed.during("dialling").unwrap_err().to_string(), "dialling: no route");
    }

    #[tokio::test(start_paused = true)]
    async fn a_wait_that_is_too_long_is_a_failure_with_a_name() {
        let never = std::future::pending::<Result<(), Failure>>();
        let failure = within("an answer", never).await.unwrap_err();
        assert_eq!(failure.to_string(), "an answer: nothing within 10s");
    }
}
