//! Faults that wait for their request or connection.

use crate::core::stream::fault::{StartTlsFault, StreamFaults};
use crate::lock::lock;
use http::StatusCode;
use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

/// Largest number of waiting faults for requests, and for connections; the oldest are dropped.
const WAITING: usize = 1024;

/// A fault of one REST request; see [`RequestFaults`](super::fault_builder::RequestFaults).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum RequestFault {
    Delay(Duration),
    HttpStatus(StatusCode),
    Refuse(u16, String),
    ExpiredToken,
    Garbage(String),
    Silence,
    Cut,
}

/// A fault of an XMPP connection before its stream; see
/// [`NextConnections`](super::fault_builder::NextConnections).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DialFault {
    Delay(Duration),
    Cut,
    Silence,
    Garbage(String),
}

/// A fault of an XMPP connection that is still to come; see
/// [`NextConnections`](super::fault_builder::NextConnections).
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

/// A fault of the XMPP connections that a user has now; see
/// [`ConnectionFaults`](super::fault_builder::ConnectionFaults).
pub(crate) enum ConnectionFault {
    Cut,
    Send(String),
    CloseWith(String),
    Silence,
}

impl StreamFault {
    /// Adds the fault to those of one connection. `false` if that already has a fault of the kind.
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

/// Faults that wait, each with the number of times that it still applies.
#[derive(Debug, Default)]
struct Waiting {
    /// With the path of the request.
    requests: VecDeque<(String, usize, RequestFault)>,
    streams: VecDeque<(usize, StreamFault)>,
}

/// Faults that wait for their request or connection.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<Waiting>);

impl Faults {
    /// Adds a fault of the next `times` requests to `path`.
    pub(crate) fn add(&self, path: &str, times: usize, fault: RequestFault) {
        push(&mut lock(&self.0).requests, times, (path.to_owned(), times, fault));
    }

    pub(crate) fn take(&self, path: &str) -> Option<RequestFault> {
        let requests = &mut lock(&self.0).requests;
        let index = requests.iter().position(|(of_path, ..)| of_path == path)?;
        let (_, times, fault) = requests.get_mut(index)?;
        let fault = fault.clone();
        *times -= 1;
        if *times == 0 {
            requests.remove(index);
        }
        Some(fault)
    }

    pub(crate) fn add_stream(&self, times: usize, fault: StreamFault) {
        push(&mut lock(&self.0).streams, times, (times, fault));
    }

    /// Takes the first fault of each kind for a connection.
    pub(crate) fn take_stream(&self) -> (Option<DialFault>, StreamFaults) {
        let (mut dial, mut faults) = (None, StreamFaults::default());
        lock(&self.0).streams.retain_mut(|(times, fault)| {
            if fault.apply(&mut dial, &mut faults) {
                *times -= 1;
            }
            *times > 0
        });
        (dial, faults)
    }

    pub(crate) fn clear(&self) {
        *lock(&self.0) = Waiting::default();
    }
}

fn push<T>(queue: &mut VecDeque<T>, times: usize, fault: T) {
    if times > 0 {
        if queue.len() == WAITING {
            queue.pop_front();
        }
        queue.push_back(fault);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_to_one_path_use_its_faults_up_in_turn() {
        let faults = Faults::default();
        faults.add("/login", 0, RequestFault::Silence);
        faults.add("/login", 2, RequestFault::Cut);
        faults.add("/login", 1, RequestFault::ExpiredToken);
        assert_eq!(faults.take("/register"), None);
        let taken = [(); 4].map(|()| faults.take("/login"));
        let [cut, again] = [(); 2].map(|()| Some(RequestFault::Cut));
        assert_eq!(taken, [cut, again, Some(RequestFault::ExpiredToken), None]);
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
}
