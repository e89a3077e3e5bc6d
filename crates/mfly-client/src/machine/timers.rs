//! The deadlines of the machine, except those of single requests.

use std::time::{Duration, Instant};

/// The longest time that is waited for: practically for ever, and too small for a sum to overflow.
pub(crate) const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The purpose of a deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timer {
    /// The current phase has to be over.
    Phase,
    /// The next attempt to connect is due.
    Reconnect,
    /// The server was silent for long and is pinged.
    Idle,
    /// The server has to have sent something after the ping.
    Pong,
}

impl Timer {
    /// Every timer, in the order in which two that are due at once are handled.
    const ALL: [Self; 4] = [Self::Phase, Self::Reconnect, Self::Pong, Self::Idle];
}

/// The deadline of each timer that is set.
#[derive(Debug, Default)]
pub(super) struct Timers([Option<Instant>; Timer::ALL.len()]);

impl Timers {
    /// Sets a deadline, replacing the earlier one, and says when it is: after a year at the latest.
    pub(super) fn set(&mut self, timer: Timer, now: Instant, wait: Duration) -> Instant {
        let at = now + wait.min(YEAR);
        self.0[timer as usize] = Some(at);
        at
    }

    /// Removes the deadline of a timer.
    pub(super) const fn stop(&mut self, timer: Timer) {
        self.0[timer as usize] = None;
    }

    /// Removes every deadline.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// The earliest deadline.
    pub(super) fn next(&self) -> Option<Instant> {
        self.0.iter().flatten().min().copied()
    }

    /// Takes one timer that is due.
    pub(super) fn expired(&mut self, now: Instant) -> Option<Timer> {
        let due = |timer: &Timer| self.0[*timer as usize].is_some_and(|at| at <= now);
        let timer = Timer::ALL.into_iter().find(due)?;
        self.stop(timer);
        Some(timer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_deadline_is_next_and_each_expires_once() {
        let start = Instant::now();
        let after = |seconds| start + Duration::from_secs(seconds);
        let mut timers = Timers::default();
        timers.set(Timer::Idle, start, Duration::from_secs(3));
        timers.set(Timer::Phase, start, Duration::from_secs(5));
        let phase = timers.set(Timer::Phase, start, Duration::from_secs(2));
        assert_eq!(phase, after(2));
        assert_eq!(timers.next(), Some(after(2)));
        assert_eq!(timers.expired(after(1)), None);
        assert_eq!(timers.expired(after(3)), Some(Timer::Phase));
        assert_eq!(timers.expired(after(3)), Some(Timer::Idle));
        assert_eq!(timers.expired(after(3)), None);
        assert_eq!(timers.next(), None);
    }

    #[test]
    fn a_stopped_timer_does_not_expire() {
        let now = Instant::now();
        let mut timers = Timers::default();
        timers.set(Timer::Pong, now, Duration::ZERO);
        timers.stop(Timer::Pong);
        assert_eq!(timers.expired(now), None);
        timers.set(Timer::Idle, now, Duration::MAX);
        timers.clear();
        assert_eq!(timers.expired(now + YEAR), None);
    }
}
