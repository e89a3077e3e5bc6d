//! Requests that wait for a connection.
//!
//! A request of the app that is made between two connections is kept until the next one stands, in
//! the order of the callers, and until its own deadline at most. Nothing of it is sent before.
//! Their number is bounded.

use super::io::{Request, RequestId};
use std::collections::VecDeque;
use std::time::Instant;

/// As many requests wait as may.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Full;

/// The queue, the oldest request first.
#[derive(Debug)]
pub(super) struct Waiting {
    queue: VecDeque<Request>,
    limit: usize,
}

impl Waiting {
    pub(super) const fn new(limit: usize) -> Self {
        Self { queue: VecDeque::new(), limit }
    }

    /// Keeps a request for the next connection.
    ///
    /// # Errors
    /// When there are too many.
    pub(super) fn push(&mut self, request: Request) -> Result<(), Full> {
        if self.queue.len() >= self.limit {
            return Err(Full);
        }
        self.queue.push_back(request);
        Ok(())
    }

    /// Forgets a request whose caller no longer waits.
    pub(super) fn cancel(&mut self, request: RequestId) {
        self.queue.retain(|waiting| waiting.request != request);
    }

    /// Takes one request whose deadline is reached.
    pub(super) fn expired(&mut self, now: Instant) -> Option<RequestId> {
        let due = |waiting: &Request| waiting.deadline <= now;
        let at = self.queue.iter().position(due)?;
        self.queue.remove(at).map(|waiting| waiting.request)
    }

    /// The earliest deadline.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.queue.iter().map(|waiting| waiting.deadline).min()
    }

    /// Takes all requests, the oldest first.
    pub(super) fn take_all(&mut self) -> VecDeque<Request> {
        std::mem::take(&mut self.queue)
    }
}
