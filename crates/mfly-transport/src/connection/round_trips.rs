//! Counting how often a client had to wait for its server.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// How often something was received after something had been sent: the number of times that the
/// distance to the peer was paid for. Clones share the count.
#[derive(Clone, Debug, Default)]
pub struct RoundTrips(Arc<AtomicU32>);

impl RoundTrips {
    /// So far.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The counting end.
#[derive(Debug)]
pub(super) struct Counter {
    pub(super) round_trips: RoundTrips,
    spoke_last: bool,
}

impl Counter {
    pub(super) fn new() -> Self {
        Self { round_trips: RoundTrips::default(), spoke_last: false }
    }

    pub(super) fn sent(&mut self) {
        self.spoke_last = true;
    }

    pub(super) fn received(&mut self) {
        if std::mem::take(&mut self.spoke_last) {
            self.round_trips.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sent_together_and_answered_in_pieces_is_one_round_trip() {
        let mut counter = Counter::new();
        let shared = counter.round_trips.clone();
        for step in "r ss rrr s r s".chars().filter(|step| *step != ' ') {
            match step {
                's' => counter.sent(),
                _ => counter.received(),
            }
        }
        // What came unasked, and what was not answered, is none.
        assert_eq!(shared.count(), 2);
    }
}
