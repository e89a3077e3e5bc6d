//! Deadlines of a process that did not run for a while.
//!
//! When a process continues after it was stopped or blocked, its deadlines have passed while data
//! that arrived in time is unread in the sockets. The runtime may handle timers before sockets:
//! after a stop, the system ends its wait for events without any (`epoll_wait`, `EINTR`). So a
//! deadline that is noticed late does not count at once.

use std::future::Future;
use std::pin::pin;
use std::time::Duration;
use tokio::time::Instant;
use tokio::time::error::Elapsed;

/// A deadline that is noticed this long after it was due means that the process did not run.
const LATE: Duration = Duration::from_millis(100);

/// The time for the runtime to poll its sockets. It handles a new timer after them.
const GRACE: Duration = Duration::from_millis(5);

/// Whether a deadline passed while the process did not run.
#[must_use]
pub fn is_late(deadline: Instant) -> bool {
    Instant::now().saturating_duration_since(deadline) > LATE
}

/// Returns at once if the deadline was noticed in time, and otherwise after the runtime has polled
/// its sockets. Data that has arrived can then be read without waiting.
pub async fn settle(deadline: Instant) {
    if is_late(deadline) {
        tokio::time::sleep(GRACE).await;
    }
}

/// Sleeps for `duration`. A sleep that ended while the process did not run lasts as long again.
pub async fn sleep(duration: Duration) {
    let deadline = Instant::now().checked_add(duration);
    tokio::time::sleep(duration).await;
    if deadline.is_some_and(is_late) {
        tokio::time::sleep(duration).await;
    }
}

/// Applies a time limit as [`tokio::time::timeout`] does. If the time was over while the process
/// did not run, it starts again, once.
///
/// # Errors
/// When the work exceeds the time limit.
pub async fn timeout<T>(limit: Duration, work: impl Future<Output = T>) -> Result<T, Elapsed> {
    let mut work = pin!(work);
    let deadline = Instant::now().checked_add(limit);
    match tokio::time::timeout(limit, &mut work).await {
        Err(_) if deadline.is_some_and(is_late) => tokio::time::timeout(limit, work).await,
        outcome => outcome,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::{advance, sleep};

    const SECOND: Duration = Duration::from_secs(1);

    /// Completes after `time` and another turn of the runtime.
    async fn done_after(time: Duration) {
        sleep(time).await;
        sleep(Duration::from_millis(1)).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_time_limit_starts_again_after_a_pause_of_the_process() {
        let work = tokio::spawn(timeout(10 * SECOND, done_after(60 * SECOND)));
        tokio::task::yield_now().await;
        advance(60 * SECOND).await;
        assert!(work.await.unwrap().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn a_sleep_that_ended_during_a_pause_lasts_as_long_again() {
        let start = Instant::now();
        let sleeping = tokio::spawn(super::sleep(10 * SECOND));
        tokio::task::yield_now().await;
        advance(60 * SECOND).await;
        sleeping.await.unwrap();
        assert_eq!(start.elapsed(), 70 * SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn work_that_exceeds_the_time_limit_is_an_error() {
        let start = Instant::now();
        assert!(timeout(10 * SECOND, done_after(11 * SECOND)).await.is_err());
        assert_eq!(start.elapsed(), 10 * SECOND);
        let endless = timeout(10 * SECOND, std::future::pending::<()>());
        let work = tokio::spawn(endless);
        tokio::task::yield_now().await;
        advance(60 * SECOND).await;
        assert!(work.await.unwrap().is_err());
        assert_eq!(start.elapsed(), 80 * SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn only_a_late_deadline_waits_for_the_sockets() {
        let start = Instant::now();
        settle(start).await;
        assert_eq!(start.elapsed(), Duration::ZERO);
        advance(SECOND).await;
        settle(start).await;
        assert!(start.elapsed() > SECOND);
    }
}
