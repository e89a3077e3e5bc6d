//! The place of one connection.

use super::Admission;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;
use tokio::time::Instant;

/// The place of one connection, which is free again once this is dropped.
#[derive(Debug)]
pub(crate) struct Place(Option<Taken>);

#[derive(Debug)]
struct Taken {
    admission: Arc<Admission>,
    key: (usize, u64),
    is_known: AtomicBool,
    evicted: Arc<Notify>,
}

impl Place {
    pub(super) const fn new(
        admission: Arc<Admission>,
        key: (usize, u64),
        evicted: Arc<Notify>,
    ) -> Self {
        Self(Some(Taken { admission, key, is_known: AtomicBool::new(false), evicted }))
    }

    /// A connection in memory needs no place.
    pub(crate) const fn none() -> Self {
        Self(None)
    }

    /// The connection has shown who it is. `false` when there are too many such ones.
    pub(crate) fn know(&self) -> bool {
        let Some(taken) = &self.0 else { return true };
        if taken.is_known.load(Ordering::Relaxed) {
            return true;
        }
        let mut state = taken.admission.state();
        if state.known >= taken.admission.limits.known || state.remove(taken.key).is_none() {
            return false;
        }
        state.known += 1;
        taken.is_known.store(true, Ordering::Relaxed);
        true
    }

    /// Something is being done for the connection: it is not idle.
    pub(crate) fn begin(&self) {
        self.set_idle(None);
    }

    /// Nothing is being done for it any more.
    pub(crate) fn end(&self) {
        self.set_idle(Some(Instant::now()));
    }

    fn set_idle(&self, since: Option<Instant>) {
        let Some(taken) = &self.0 else { return };
        if taken.is_known.load(Ordering::Relaxed) {
            return;
        }
        if let Some(stranger) = taken.admission.state().strangers.get_mut(&taken.key) {
            stranger.idle_since = since;
        }
    }

    /// Waits until the connection has to make room.
    pub(crate) async fn evicted(&self) {
        match &self.0 {
            Some(taken) => taken.evicted.notified().await,
            None => std::future::pending().await,
        }
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let mut state = self.admission.state();
        if self.is_known.load(Ordering::Relaxed) {
            state.known -= 1;
        } else {
            state.remove(self.key);
        }
    }
}
