//! Requests that wait for a connection.
//!
//! A request that the app makes between two connections is kept until the next login is over, or
//! until its deadline. Requests are sent in the order in which they were made. Their number is
//! bounded.

use super::io::{Request, RequestId};
use std::collections::VecDeque;
use std::time::Instant;

/// The queue, the oldest request first.
#[derive(Debug)]
pub(super) struct WaitingRequests {
    queue: VecDeque<Request>,
    limit: usize,
}

impl WaitingRequests {
    pub(super) const fn new(limit: usize) -> Self {
        Self { queue: VecDeque::new(), limit }
    }

    /// Keeps a request for the next connection; returns `false` when too many wait already.
    pub(super) fn push(&mut self, request: Request) -> bool {
        let has_room = self.queue.len() < self.limit;
        if has_room {
            self.queue.push_back(request);
        }
        has_room
    }

    /// Removes a request whose caller no longer waits.
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
