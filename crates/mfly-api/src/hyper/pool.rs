//! Connections that wait for their next request.

use super::connection::Connection;
use crate::origin::Origin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::time::Instant;

/// How many connections wait for one origin, and for all of them.
const MAX_PER_ORIGIN: usize = 8;
const MAX_IN_ALL: usize = 64;

/// A longer wait could not be added to the present moment.
const LONGEST_WAIT: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// Connections that wait. Clones share them.
#[derive(Clone)]
pub(super) struct Pool(Arc<Shared>);

struct Shared {
    /// The one that was used last stands last.
    waiting: Mutex<Waiting>,
    /// How long one waits.
    limit: Duration,
}

#[derive(Default)]
struct Waiting {
    connections: Vec<(Origin, Connection, Instant)>,
    /// Whether a task looks after those whose time is over.
    has_keeper: bool,
}

impl Pool {
    /// Connections wait for `limit`, a year at most, then they are closed.
    pub(super) fn new(limit: Duration) -> Self {
        Self(Arc::new(Shared { waiting: Mutex::default(), limit: limit.min(LONGEST_WAIT) }))
    }

    /// The connection to `origin` that was used last, if that was within `rest`.
    pub(super) fn take(&self, origin: &Origin, rest: Duration) -> Option<Connection> {
        let mut waiting = self.0.waiting();
        waiting.drop_old(self.0.limit);
        let position = waiting
            .connections
            .iter()
            .rposition(|(of, _, since)| of == origin && since.elapsed() <= rest)?;
        Some(waiting.connections.remove(position).1)
    }

    /// Keeps a connection for the next request. When there are too many, the oldest one goes.
    pub(super) fn put(&self, origin: &Origin, connection: Connection) {
        let mut waiting = self.0.waiting();
        waiting.drop_old(self.0.limit);
        let of_origin = |(of, ..): &(Origin, Connection, Instant)| of == origin;
        let count = waiting.connections.iter().filter(|c| of_origin(c)).count();
        let oldest = if count >= MAX_PER_ORIGIN {
            waiting.connections.iter().position(of_origin)
        } else {
            (waiting.connections.len() >= MAX_IN_ALL).then_some(0)
        };
        if let Some(oldest) = oldest {
            waiting.connections.remove(oldest);
        }
        let now = Instant::now();
        waiting.connections.push((origin.clone(), connection, now));
        if !std::mem::replace(&mut waiting.has_keeper, true) {
            let keeper = Keeper(Arc::downgrade(&self.0));
            tokio::spawn(keep(keeper, now + self.0.limit, self.0.limit));
        }
    }
}

impl Shared {
    /// Never held across an await; every change under it is complete, so poison means nothing.
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn drop_old(&mut self, limit: Duration) {
        self.connections
            .retain(|(_, connection, since)| since.elapsed() < limit && !connection.is_closed());
    }
}

/// Says that there is no keeper any more, also when its runtime ends before it does.
struct Keeper(Weak<Shared>);

impl Drop for Keeper {
    fn drop(&mut self) {
        if let Some(shared) = self.0.upgrade() {
            shared.waiting().has_keeper = false;
        }
    }
}

/// Closes the connections whose time is over, until none waits.
async fn keep(mut keeper: Keeper, mut next: Instant, limit: Duration) {
    loop {
        tokio::time::sleep_until(next).await;
        let Some(shared) = keeper.0.upgrade() else {
            return;
        };
        let mut waiting = shared.waiting();
        waiting.drop_old(limit);
        match waiting.connections.iter().map(|(.., since)| *since).min() {
            Some(oldest) => next = oldest + limit,
            None => {
                // Under the same lock, so that the next connection finds a keeper or makes one.
                waiting.has_keeper = false;
                keeper.0 = Weak::new();
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_may_be_told_to_wait_for_ever() {
        let pool = Pool::new(Duration::MAX);
        assert!(Instant::now().checked_add(pool.0.limit).is_some());
    }
}
