//! Counts and limits the bytes of requests and stanzas that are not complete.
//!
//! A client may send a request or stanza without end, so the bytes of all clients have one limit.
//! Above it, the client that has been sending for longest is refused. Clients of ordinary speed
//! have finished long before.

use crate::lock::lock;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;

/// Clients with fewer bytes are counted, but not refused: it would free little memory.
const SMALL_BYTES: usize = 4 * 1024;

/// The bytes of all requests and stanzas that are not complete.
#[derive(Debug)]
pub(crate) struct Reading {
    limit: usize,
    held: AtomicUsize,
    /// Clients with more than [`SMALL_BYTES`].
    large: Mutex<Large>,
}

/// Clients in the order in which they exceeded [`SMALL_BYTES`].
#[derive(Debug, Default)]
struct Large {
    next: u64,
    shares: BTreeMap<u64, Arc<State>>,
}

/// The bytes of one client, and whether it is refused.
#[derive(Debug, Default)]
struct State {
    bytes: AtomicUsize,
    is_refused: AtomicBool,
    refused: Notify,
}

/// The bytes that one client has sent of a request or stanza that is not complete.
#[derive(Clone, Debug)]
pub(crate) struct Share(Arc<Owner>);

#[derive(Debug)]
struct Owner {
    reading: Arc<Reading>,
    state: Arc<State>,
    /// The client's key in [`Large`], if it is there.
    place: Mutex<Option<u64>>,
}

impl Reading {
    /// Limits the bytes of all clients to `limit`.
    pub(crate) fn new(limit: usize) -> Arc<Self> {
        Arc::new(Self { limit, held: AtomicUsize::new(0), large: Mutex::default() })
    }

    pub(crate) fn share(self: &Arc<Self>) -> Share {
        Share(Arc::new(Owner {
            reading: Arc::clone(self),
            state: Arc::default(),
            place: Mutex::new(None),
        }))
    }

    /// The number of bytes of all clients.
    pub(crate) fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// Refuses the clients that have been sending for longest, until the others fit.
    fn make_room(&self) {
        let mut large = lock(&self.large);
        let mut excess = self.held().saturating_sub(self.limit);
        while excess > 0 {
            let Some((_, oldest)) = large.shares.pop_first() else {
                return;
            };
            excess = excess.saturating_sub(oldest.bytes.load(Ordering::Relaxed));
            oldest.is_refused.store(true, Ordering::Release);
            oldest.refused.notify_waiters();
        }
    }
}

impl Share {
    /// Adds bytes that have arrived.
    pub(crate) fn add(&self, bytes: usize) {
        let Owner { reading, state, .. } = &*self.0;
        let before = state.bytes.fetch_add(bytes, Ordering::Relaxed);
        let held = reading.held.fetch_add(bytes, Ordering::Relaxed) + bytes;
        if before + bytes > SMALL_BYTES {
            let mut place = lock(&self.0.place);
            if place.is_none() {
                let mut large = lock(&reading.large);
                large.next += 1;
                let next = large.next;
                large.shares.insert(next, Arc::clone(state));
                *place = Some(next);
            }
        }
        if held > reading.limit {
            reading.make_room();
        }
    }

    /// Sets the number of bytes that the incomplete request takes.
    pub(crate) fn set(&self, bytes: usize) {
        let now = self.0.state.bytes.load(Ordering::Relaxed);
        match bytes.checked_sub(now) {
            Some(more) => self.add(more),
            None => {
                self.0.state.bytes.fetch_sub(now - bytes, Ordering::Relaxed);
                self.0.reading.held.fetch_sub(now - bytes, Ordering::Relaxed);
            }
        }
    }

    /// Says that a request or stanza is complete. The last `left` bytes belong to the next one.
    pub(crate) fn complete(&self, left: usize) {
        self.0.forget();
        if left > 0 {
            self.add(left);
        }
    }

    pub(crate) fn is_refused(&self) -> bool {
        self.0.state.is_refused.load(Ordering::Acquire)
    }

    pub(crate) async fn refused(&self) {
        // Created before the check, so that no notification between the two is missed.
        let refused = self.0.state.refused.notified();
        if !self.is_refused() {
            refused.await;
        }
    }
}

impl Owner {
    fn forget(&self) {
        let bytes = self.state.bytes.swap(0, Ordering::Relaxed);
        self.reading.held.fetch_sub(bytes, Ordering::Relaxed);
        if let Some(place) = lock(&self.place).take() {
            lock(&self.reading.large).shares.remove(&place);
        }
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.forget();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_that_has_been_sending_for_longest_is_refused() {
        let reading = Reading::new(30_000);
        let (slow, quick, tiny) = (reading.share(), reading.share(), reading.share());
        tiny.add(100);
        slow.add(10_000);
        quick.add(15_000);
        assert!(!slow.is_refused());
        quick.add(10_000);
        let refused = [&slow, &quick, &tiny].map(Share::is_refused);
        assert_eq!(refused, [true, false, false]);
        drop(slow);
        assert_eq!(reading.held(), 25_100);
    }

    #[test]
    fn complete_requests_are_not_counted() {
        let reading = Reading::new(30_000);
        let (first, second) = (reading.share(), reading.share());
        first.add(10_000);
        second.add(10_000);
        first.complete(5);
        assert_eq!(reading.held(), 10_005);
        first.add(20_000);
        assert_eq!((first.is_refused(), second.is_refused()), (false, true));
    }
}
