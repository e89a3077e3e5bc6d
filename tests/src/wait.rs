//! Waiting, never longer than [`DEADLINE`].

use mfly_client::{Event, Events};
use std::fmt::{Debug, Write as _};
use std::future::Future;
use std::time::Duration;

/// Far above what anything here needs, so that a hang is a failure with a name.
pub const DEADLINE: Duration = Duration::from_secs(10);

/// The outcome of `work`, which has to come within [`DEADLINE`].
pub async fn within<T>(what: &str, work: impl Future<Output = T>) -> T {
    match tokio::time::timeout(DEADLINE, work).await {
        Ok(outcome) => outcome,
        Err(_) => panic!("{what} did not happen within {DEADLINE:?}"),
    }
}

/// What `pick` makes of the first event that it takes; earlier ones are passed over.
pub async fn expect_event<E: Debug, T>(
    events: &mut Events<E>,
    what: &str,
    mut pick: impl FnMut(&E) -> Option<T>,
) -> T {
    let mut seen = String::new();
    let found = tokio::time::timeout(DEADLINE, async {
        while let Some(event) = events.next().await {
            if let Some(picked) = pick(&event) {
                return Some(picked);
            }
            let _ = writeln!(seen, "  {event:?}");
        }
        None
    })
    .await;
    match found {
        Ok(Some(picked)) => picked,
        Ok(None) => panic!("the session ended without {what}; seen:\n{seen}"),
        Err(_) => panic!("no {what} within {DEADLINE:?}; seen:\n{seen}"),
    }
}

/// All events before the first one that `is_last` takes.
pub async fn expect_events_until(
    events: &mut Events,
    what: &str,
    mut is_last: impl FnMut(&Event) -> bool,
) -> Vec<Event> {
    let mut before = Vec::new();
    expect_event(events, what, |event| {
        if is_last(event) {
            return Some(());
        }
        before.push(event.clone());
        None
    })
    .await;
    before
}
