//! The place that a connection occupies until it logs in.

use super::Admission;
use crate::lock::lock;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;
use tokio::time::Instant;

/// The place of one connection. Dropping it gives the place back.
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

    /// The place of a connection in memory, which needs none.
    pub(crate) const fn none() -> Self {
        Self(None)
    }

    /// Gives the place back, because the connection has logged in. `false` if too many connections
    /// have.
    pub(crate) fn logged_in(&self) -> bool {
        let Some(taken) = &self.0 else { return true };
        if taken.is_known.load(Ordering::Relaxed) {
            return true;
        }
        let mut state = lock(&taken.admission.state);
        if state.known >= taken.admission.limits.known || state.remove(taken.key).is_none() {
            return false;
        }
        state.known += 1;
        taken.is_known.store(true, Ordering::Relaxed);
        true
    }

    /// Says that a request of the connection is being answered.
    pub(crate) fn begin(&self) {
        self.set_idle(None);
    }

    /// Says that the connection is idle.
    pub(crate) fn end(&self) {
        self.set_idle(Some(Instant::now()));
    }

    fn set_idle(&self, since: Option<Instant>) {
        let Some(taken) = &self.0 else { return };
        if taken.is_known.load(Ordering::Relaxed) {
            return;
        }
        if let Some(stranger) = lock(&taken.admission.state).strangers.get_mut(&taken.key) {
            stranger.idle_since = since;
        }
    }

    /// Waits until the connection is evicted.
    pub(crate) async fn evicted(&self) {
        match &self.0 {
            Some(taken) => taken.evicted.notified().await,
            None => std::future::pending().await,
        }
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let mut state = lock(&self.admission.state);
        if self.is_known.load(Ordering::Relaxed) {
            state.known -= 1;
        } else {
            state.remove(self.key);
        }
    }
}
