//! Faults on demand: what the next answers and connections shall suffer.

use crate::core::stream::fault::{StartTlsFault, StreamFaults};
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

/// What happens to an XMPP connection before anything is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DialFault {
    /// It is served as usual, later.
    Delay(Duration),
    /// It is closed.
    Cut,
    /// Nothing is read or said.
    Silence,
    /// This text is sent, and nothing else.
    Garbage(String),
}

/// One order for connections to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StreamFault {
    Dial(DialFault),
    StartTls(StartTlsFault),
    SeeOtherHost(String),
    Mechanisms(Vec<String>),
    StripBinding,
    Iterations(u32),
    ForgeSignature,
}

impl StreamFault {
    /// Adds the fault to those of one connection; `false` when it has one of the kind already.
    fn apply(&self, dial: &mut Option<DialFault>, faults: &mut StreamFaults) -> bool {
        fn set<T: Clone>(slot: &mut Option<T>, value: &T) -> bool {
            let is_free = slot.is_none();
            slot.get_or_insert_with(|| value.clone());
            is_free
        }
        match self {
            Self::Dial(fault) => set(dial, fault),
            Self::StartTls(fault) => set(&mut faults.start_tls, fault),
            Self::SeeOtherHost(host) => set(&mut faults.see_other_host, host),
            Self::Mechanisms(names) => set(&mut faults.mechanisms, names),
            Self::Iterations(count) => set(&mut faults.iterations, count),
            Self::StripBinding => !std::mem::replace(&mut faults.strips_binding, true),
            Self::ForgeSignature => !std::mem::replace(&mut faults.forges_signature, true),
        }
    }
}

/// Faults that wait for their request or connection.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    waiting: Mutex<VecDeque<Waiting>>,
    streams: Mutex<VecDeque<(usize, StreamFault)>>,
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
        waiting.push_back(Waiting { path: path.to_owned(), times, fault });
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

    /// Lets the next `times` connections suffer `fault`.
    pub(crate) fn add_stream(&self, times: usize, fault: StreamFault) {
        if times == 0 {
            return;
        }
        let mut streams = self.streams();
        if streams.len() == WAITING {
            streams.pop_front();
        }
        streams.push_back((times, fault));
    }

    /// The faults for a connection, used up by this call: the first of each kind.
    pub(crate) fn take_stream(&self) -> (Option<DialFault>, StreamFaults) {
        let (mut dial, mut faults) = (None, StreamFaults::default());
        self.streams().retain_mut(|(times, fault)| {
            if fault.apply(&mut dial, &mut faults) {
                *times -= 1;
            }
            *times > 0
        });
        (dial, faults)
    }

    /// Forgets all that wait.
    pub(crate) fn clear(&self) {
        self.waiting().clear();
        self.streams().clear();
    }

    fn streams(&self) -> MutexGuard<'_, VecDeque<(usize, StreamFault)>> {
        self.streams.lock().unwrap_or_else(PoisonError::into_inner)
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
    fn a_connection_takes_the_first_fault_of_each_kind_and_leaves_the_rest() {
        let faults = Faults::default();
        let only = |name: &str| StreamFault::Mechanisms(vec![name.to_owned()]);
        faults.add_stream(1, only("A"));
        faults.add_stream(1, only("B"));
        faults.add_stream(2, StreamFault::StripBinding);
        faults.add_stream(0, StreamFault::ForgeSignature);
        faults.add_stream(1, StreamFault::Dial(DialFault::Cut));
        for (mechanism, dial, strips_binding) in
            [(Some("A"), Some(DialFault::Cut), true), (Some("B"), None, true), (None, None, false)]
        {
            let mechanisms = mechanism.map(|name| vec![name.to_owned()]);
            let expected = StreamFaults { mechanisms, strips_binding, ..StreamFaults::default() };
            assert_eq!(faults.take_stream(), (dial, expected));
        }
    }

    #[test]
    fn a_fault_for_no_request_is_not_kept() {
        let faults = Faults::default();
        faults.add("/login", 0, RequestFault::Cut);
        assert_eq!(faults.take("/login"), None);
    }
}
