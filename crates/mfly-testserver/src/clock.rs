//! The server's time of day, which a test can move forward or stop.

use crate::core::world::Timestamp;
use crate::lock::lock;
use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The server's time of day. It follows the system's clock until it is advanced or frozen.
#[derive(Debug, Default)]
pub(crate) struct Clock(Mutex<Reading>);

/// How the server's time follows from the system's.
#[derive(Clone, Copy, Debug, Default)]
struct Reading {
    /// How far the server's time is ahead of the system's.
    ahead: Duration,
    /// The time at which the clock stands still.
    frozen: Option<Timestamp>,
}

impl Clock {
    /// The time of day.
    pub(crate) fn now(&self) -> Timestamp {
        let reading = *lock(&self.0);
        reading.frozen.unwrap_or_else(|| system_time().after(reading.ahead))
    }

    /// How long the system's clock takes until `due`; `None` while the clock is frozen before it.
    pub(crate) fn time_until(&self, due: Timestamp) -> Option<Duration> {
        let left = Duration::from_millis(due.0.saturating_sub(self.now().0));
        (left.is_zero() || !self.is_frozen()).then_some(left)
    }

    /// Whether the clock stands still.
    pub(crate) fn is_frozen(&self) -> bool {
        lock(&self.0).frozen.is_some()
    }

    /// How far the clock was moved ahead of the system's. It grows while the clock is not frozen
    /// only by [`Clock::advance`].
    pub(crate) fn ahead(&self) -> Duration {
        lock(&self.0).ahead
    }

    /// Moves the clock forward. A frozen clock stays frozen at the later time.
    pub(crate) fn advance(&self, by: Duration) {
        let reading = &mut *lock(&self.0);
        reading.ahead = reading.ahead.saturating_add(by);
        reading.frozen = reading.frozen.map(|frozen| frozen.after(by));
    }

    /// Stops the clock at its present time.
    pub(crate) fn freeze(&self) {
        let now = self.now();
        lock(&self.0).frozen.get_or_insert(now);
    }

    /// Lets a frozen clock go on. It continues at the system's time plus what it was advanced by.
    pub(crate) fn resume(&self) {
        lock(&self.0).frozen = None;
    }

    /// Sets how far the clock is ahead of the system's, and the time at which it is frozen.
    pub(crate) fn set(&self, ahead: Duration, frozen: Option<Timestamp>) {
        *lock(&self.0) = Reading { ahead, frozen };
    }
}

/// The system's time of day. The server reads it here alone.
fn system_time() -> Timestamp {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frozen_clock_stands_still_and_moves_only_when_it_is_advanced() {
        let clock = Clock::default();
        clock.freeze();
        let frozen = clock.now();
        assert_eq!(clock.now(), frozen);
        assert_eq!(clock.time_until(frozen.after(Duration::from_secs(1))), None);
        clock.advance(Duration::from_secs(3600));
        assert_eq!(clock.now(), Timestamp(frozen.0 + 3_600_000));
        // What is due by then is due at once.
        assert_eq!(clock.time_until(frozen), Some(Duration::ZERO));
        clock.resume();
        assert!(clock.now() >= Timestamp(frozen.0 + 3_600_000));
        clock.set(Duration::ZERO, None);
        assert!(clock.now() < Timestamp(frozen.0 + 3_600_000));
    }
}
