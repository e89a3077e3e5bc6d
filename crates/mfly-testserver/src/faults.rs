//! Faults on demand: what the next answers and connections shall suffer.

use http::StatusCode;
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Most faults waiting at a time; the oldest are dropped.
const WAITING: usize = 1024;

/// What happens to a REST request instead of, or before, its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RequestFault {
    /// It is answered as usual, later.
    Delay(Duration),
    /// It is answered with this HTTP status.
    HttpStatus(StatusCode),
    /// It is answered with HTTP 200 and this envelope.
    Refuse(u16, String),
    /// It is answered with HTTP 401, as if its token had expired.
    ExpiredToken,
    /// It is answered with HTTP 200 and this body.
    Garbage(String),
    /// It is never answered; the connection stays open.
    Silence,
    /// Its connection is closed without an answer.
    Cut,
}

#[derive(Debug)]
struct Waiting {
    path: String,
    times: usize,
    fault: RequestFault,
}

/// Faults that wait for their request.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    waiting: Mutex<VecDeque<Waiting>>,
}

impl Faults {
    /// Lets the next `times` requests to `path` suffer `fault`.
    pub(crate) fn add(&self, path: &str, times: usize, fault: RequestFault) {
        if times == 0 {
            return;
        }
        let mut waiting = self.waiting();
        if waiting.len() == WAITING {
            waiting.pop_front();
        }
        waiting.push_back(Waiting {
            path: path.to_owned(),
            times,
            fault,
        });
    }

    /// The fault for a request to `path`, used up by this call.
    pub(crate) fn take(&self, path: &str) -> Option<RequestFault> {
        let mut waiting = self.waiting();
        let index = waiting.iter().position(|waiting| waiting.path == path)?;
        let found = waiting.get_mut(index)?;
        let fault = found.fault.clone();
        found.times -= 1;
        if found.times == 0 {
            waiting.remove(index);
        }
        Some(fault)
    }

    /// Forgets all that wait.
    pub(crate) fn clear(&self) {
        self.waiting().clear();
    }

    /// A poisoned queue is still a queue: entries are whole.
    fn waiting(&self) -> MutexGuard<'_, VecDeque<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What happens to a user's XMPP connections, at once.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum ConnectionFault {
    /// The socket is closed without a word.
    Drop,
    /// This text is sent as a frame.
    Send(String),
    /// This text is sent, then the closing frame, then the socket is closed.
    CloseWith(String),
    /// Nothing is read from the connection and nothing is sent any more.
    Silence,
}

impl fmt::Debug for ConnectionFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Drop => "Drop",
            Self::Send(_) => "Send",
            Self::CloseWith(_) => "CloseWith",
            Self::Silence => "Silence",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_used_up_by_the_requests_it_was_meant_for() {
        let faults = Faults::default();
        faults.add("/login", 2, RequestFault::Cut);
        faults.add("/login", 1, RequestFault::ExpiredToken);
        assert_eq!(faults.take("/register"), None);
        assert_eq!(faults.take("/login"), Some(RequestFault::Cut));
        assert_eq!(faults.take("/login"), Some(RequestFault::Cut));
        assert_eq!(faults.take("/login"), Some(RequestFault::ExpiredToken));
        assert_eq!(faults.take("/login"), None);
    }

    #[test]
    fn a_fault_for_no_request_is_not_kept() {
        let faults = Faults::default();
        faults.add("/login", 0, RequestFault::Cut);
        assert_eq!(faults.take("/login"), None);
    }
}
