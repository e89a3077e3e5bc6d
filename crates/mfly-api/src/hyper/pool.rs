//! The pool of idle connections.

use super::connection::Connection;
use crate::origin::Origin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::time::Instant;

/// The largest number of idle connections to one origin.
const MAX_PER_ORIGIN: usize = 8;
/// The largest number of idle connections.
const MAX_TOTAL: usize = 64;

/// The longest idle time. Adding a longer one to the current time could overflow.
const LONGEST_IDLE: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// A pool of idle connections. Clones share it.
#[derive(Clone)]
pub(super) struct Pool(Arc<Inner>);

struct Inner {
    idle: Mutex<Idle>,
    /// The idle time after which a connection is closed.
    limit: Duration,
}

#[derive(Default)]
struct Idle {
    /// The connection that was used last is at the end.
    connections: Vec<(Origin, Connection, Instant)>,
    /// Whether a task closes the expired connections.
    has_reaper: bool,
}

impl Pool {
    /// A pool that closes a connection after it was idle for `limit`, at most a year.
    pub(super) fn new(limit: Duration) -> Self {
        Self(Arc::new(Inner { idle: Mutex::default(), limit: limit.min(LONGEST_IDLE) }))
    }

    /// Takes the connection to `origin` that was used last, if it was idle for at most `max_idle`.
    pub(super) fn take(&self, origin: &Origin, max_idle: Duration) -> Option<Connection> {
        let mut idle = self.0.idle();
        idle.drop_expired(self.0.limit);
        let position = idle
            .connections
            .iter()
            .rposition(|(of, _, since)| of == origin && since.elapsed() <= max_idle)?;
        Some(idle.connections.remove(position).1)
    }

    /// Adds a connection. If there are too many, the oldest one is closed.
    pub(super) fn put(&self, origin: &Origin, connection: Connection) {
        let mut idle = self.0.idle();
        idle.drop_expired(self.0.limit);
        let of_origin = |(of, ..): &(Origin, Connection, Instant)| of == origin;
        let count = idle.connections.iter().filter(|c| of_origin(c)).count();
        let oldest = if count >= MAX_PER_ORIGIN {
            idle.connections.iter().position(of_origin)
        } else {
            (idle.connections.len() >= MAX_TOTAL).then_some(0)
        };
        if let Some(oldest) = oldest {
            idle.connections.remove(oldest);
        }
        let now = Instant::now();
        idle.connections.push((origin.clone(), connection, now));
        if !std::mem::replace(&mut idle.has_reaper, true) {
            let reaper = Reaper(Arc::downgrade(&self.0));
            tokio::spawn(reap(reaper, now + self.0.limit, self.0.limit));
        }
    }
}

impl Inner {
    /// Locks the pool. No change is left incomplete by a panic, so poisoning is ignored.
    fn idle(&self) -> MutexGuard<'_, Idle> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Idle {
    fn drop_expired(&mut self, limit: Duration) {
        self.connections
            .retain(|(_, connection, since)| since.elapsed() < limit && !connection.is_closed());
    }
}

/// Resets `has_reaper` when the task ends, also when its runtime is shut down.
struct Reaper(Weak<Inner>);

impl Drop for Reaper {
    fn drop(&mut self) {
        if let Some(inner) = self.0.upgrade() {
            inner.idle().has_reaper = false;
        }
    }
}

/// Closes expired connections until the pool is empty.
async fn reap(mut reaper: Reaper, mut next: Instant, limit: Duration) {
    loop {
        tokio::time::sleep_until(next).await;
        let Some(inner) = reaper.0.upgrade() else {
            return;
        };
        let mut idle = inner.idle();
        idle.drop_expired(limit);
        match idle.connections.iter().map(|(.., since)| *since).min() {
            Some(oldest) => next = oldest + limit,
            None => {
                // Under the lock, so that the next connection either finds this task or starts
                // another.
                idle.has_reaper = false;
                reaper.0 = Weak::new();
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unlimited_idle_time_does_not_overflow() {
        let pool = Pool::new(Duration::MAX);
        assert!(Instant::now().checked_add(pool.0.limit).is_some());
    }
}
