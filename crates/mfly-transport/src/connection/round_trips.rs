//! The number of round trips of a connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// The number of round trips: how often a frame was received after another was sent. Clones share
/// the count.
#[derive(Clone, Debug, Default)]
pub struct RoundTrips(Arc<AtomicU32>);

impl RoundTrips {
    /// The number so far.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The part of a connection that counts.
#[derive(Debug)]
pub(super) struct Counter {
    pub(super) round_trips: RoundTrips,
    has_sent: bool,
}

impl Counter {
    pub(super) fn new() -> Self {
        Self { round_trips: RoundTrips::default(), has_sent: false }
    }

    pub(super) fn sent(&mut self) {
        self.has_sent = true;
    }

    pub(super) fn received(&mut self) {
        if std::mem::take(&mut self.has_sent) {
            self.round_trips.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_sent_together_and_answered_one_by_one_are_one_round_trip() {
        let mut counter = Counter::new();
        let shared = counter.round_trips.clone();
        for step in "r ss rrr s r s".chars().filter(|step| *step != ' ') {
            match step {
                's' => counter.sent(),
                _ => counter.received(),
            }
        }
        // The unrequested first frame and the unanswered last one do not count.
        assert_eq!(shared.count(), 2);
    }
}
