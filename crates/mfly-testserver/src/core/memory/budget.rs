//! A bound that several owners share.

use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many bytes may be held, and how many are.
#[derive(Debug)]
pub(crate) struct Budget {
    limit: usize,
    held: AtomicUsize,
}

impl Budget {
    /// A budget of `limit` bytes.
    pub(crate) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { limit, held: AtomicUsize::new(0) })
    }

    /// Holds `bytes`, if there is room.
    pub(crate) fn take(self: &Arc<Self>, bytes: usize) -> Option<Held> {
        let held = self.charge(bytes);
        // Dropping the charge gives it back.
        (!self.is_exceeded()).then_some(held)
    }

    /// Holds `bytes`, room or not. The caller makes room afterwards.
    pub(crate) fn charge(self: &Arc<Self>, bytes: usize) -> Held {
        self.held.fetch_add(bytes, Ordering::Relaxed);
        Held { budget: Arc::clone(self), bytes }
    }

    /// Whether more is held than may be.
    pub(crate) fn is_exceeded(&self) -> bool {
        self.held() > self.limit
    }

    /// How many bytes may be held.
    pub(crate) const fn limit(&self) -> usize {
        self.limit
    }

    /// How many bytes are held.
    pub(crate) fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }
}

/// Bytes of a budget. They are given back when this is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    budget: Arc<Budget>,
    bytes: usize,
}

impl Held {
    /// Ties the charge to `bytes`: it is given back once no part of them is used any more.
    pub(crate) fn tie(self, bytes: Bytes) -> Bytes {
        Bytes::from_owner(Tied { bytes, _held: self })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.budget.held.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// Bytes and what they cost.
struct Tied {
    bytes: Bytes,
    _held: Held,
}

impl AsRef<[u8]> for Tied {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_exceeds_the_budget_is_not_taken_and_what_is_dropped_is_given_back() {
        let budget = Budget::new(10);
        let first = budget.take(8).unwrap();
        assert!(budget.take(3).is_none());
        assert_eq!(budget.held(), 8);
        drop(first);
        assert_eq!(budget.take(10).map(|held| held.bytes), Some(10));
    }

    #[test]
    fn a_charge_lasts_as_long_as_the_last_part_of_its_bytes() {
        let budget = Budget::new(10);
        let whole = budget.charge(4).tie(Bytes::from_static(b"abcd"));
        let part = whole.slice(1..2);
        drop(whole);
        assert_eq!(budget.held(), 4);
        drop(part);
        assert_eq!(budget.held(), 0);
    }
}
