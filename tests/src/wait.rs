//! Waits for outcomes and events, each at most [`DEADLINE`] long.

use mfly_client::{BareJid, DisconnectReason, EndReason, Event, Events, PresenceKind};
use std::fmt::{Debug, Write as _};
use std::future::Future;
use std::time::Duration;

/// Longest wait: far above what any step needs, so that a hang becomes a failure with a name.
pub const DEADLINE: Duration = Duration::from_secs(10);

/// Returns the outcome of `work`. Fails the test after [`DEADLINE`].
pub async fn within<T>(what: &str, work: impl Future<Output = T>) -> T {
    match tokio::time::timeout(DEADLINE, work).await {
        Ok(outcome) => outcome,
        Err(_) => panic!("{what} did not happen within {DEADLINE:?}"),
    }
}

/// Runs an operation of the client beside the script of its server.
pub async fn both<A, B>(
    operation: impl Future<Output = A>,
    script: impl Future<Output = B>,
) -> (A, B) {
    within("the operation and its script", async { tokio::join!(operation, script) }).await
}

/// Returns what `pick` makes of the first event that it accepts. Skips earlier events.
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

/// Waits for the first event that a pattern matches, and returns a value of its bindings:
/// `expect_event!(&mut events, Event::Friends(list) => list.clone())`.
#[macro_export]
macro_rules! expect_event {
    ($events:expr, $pattern:pat $(if $guard:expr)? => $value:expr) => {
        $crate::wait::expect_event($events, stringify!($pattern), |event| match event {
            $pattern $(if $guard)? => Some($value),
            _ => None,
        })
        .await
    };
}

/// Returns all events before the first one that `is_last` accepts.
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

/// Waits for exactly this event.
pub async fn wait_for(events: &mut Events, expected: &Event) {
    let what = format!("{expected:?}");
    expect_event(events, &what, |event| (event == expected).then_some(())).await;
}

/// Waits for the connection to be lost, and returns the reason.
pub async fn wait_for_disconnection(events: &mut Events) -> DisconnectReason {
    expect_event!(events, Event::Disconnected { reason } => reason.clone())
}

/// Waits for a connection, and returns whether it resumed the session.
pub async fn wait_for_connection(events: &mut Events) -> bool {
    expect_event!(events, Event::Connected { resumed, .. } => *resumed)
}

/// Waits for the end of the session, checks that no event follows it, and returns the reason.
pub async fn wait_for_end(events: &mut Events) -> EndReason {
    let reason = expect_event!(events, Event::Ended(reason) => reason.clone());
    assert_eq!(within("the end of the events", events.next()).await, None);
    reason
}

/// Waits for the next presence of `sender`.
pub async fn wait_for_presence(events: &mut Events, sender: &BareJid) -> Event {
    expect_event!(events, event @ Event::Presence { user, .. } if user == sender => event.clone())
}

/// Waits for a presence of `sender` of this kind.
pub async fn wait_for_presence_kind(events: &mut Events, sender: &BareJid, wanted: PresenceKind) {
    expect_event!(
        events,
        Event::Presence { user, kind, .. } if user == sender && *kind == wanted => ()
    );
}

/// Waits for a notice that QR logins were ended, and returns their socket ids.
pub async fn wait_for_forced_logout(events: &mut Events) -> Vec<String> {
    expect_event!(events, Event::ForcedLogout { socket_ids, carbon: false } => socket_ids.clone())
}
