//! Faults that wait for their request or connection.

use crate::core::stream::fault::{StartTlsFault, StreamFaults};
use crate::lock::lock;
use http::StatusCode;
use mfly_proto::jid::UserId;
use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

/// Largest number of waiting faults; the oldest are dropped.
const WAITING: usize = 2048;

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

/// What a fault applies to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// Requests to a path, of one user if one is named.
    Request { path: String, user: Option<UserId>, fault: RequestFault },
    /// XMPP connections that are still to come.
    Stream(StreamFault),
}

/// A fault that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WaitingFault {
    /// The number of the fault, counted from 1.
    pub(crate) id: u64,
    /// The number of times that the fault still applies.
    pub(crate) times: usize,
    pub(crate) target: Target,
}

#[derive(Debug, Default)]
struct Waiting {
    faults: VecDeque<WaitingFault>,
    /// The number of faults since the start.
    added: u64,
}

/// Faults that wait for their request or connection.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<Waiting>);

impl Faults {
    /// Adds a fault of the next `times` requests or connections. Returns its number; 0 if it never
    /// applies.
    pub(crate) fn add(&self, times: usize, target: Target) -> u64 {
        if times == 0 {
            return 0;
        }
        let waiting = &mut *lock(&self.0);
        if waiting.faults.len() == WAITING {
            waiting.faults.pop_front();
        }
        waiting.added += 1;
        waiting.faults.push_back(WaitingFault { id: waiting.added, times, target });
        waiting.added
    }

    /// Takes the first fault of a request. `user` finds out who sent it, if a fault is for one user
    /// alone.
    pub(crate) fn take(
        &self,
        path: &str,
        user: impl FnOnce() -> Option<UserId>,
    ) -> Option<RequestFault> {
        let faults = &mut lock(&self.0).faults;
        let mut user = LazyUser { find: Some(user), found: None };
        let index = faults.iter().position(|waiting| match &waiting.target {
            Target::Request { path: wanted, user: None, .. } => wanted == path,
            Target::Request { path: wanted, user: Some(of), .. } => {
                wanted == path && user.get().as_ref() == Some(of)
            }
            Target::Stream(_) => false,
        })?;
        let waiting = faults.get_mut(index)?;
        waiting.times -= 1;
        let (times, target) = (waiting.times, waiting.target.clone());
        if times == 0 {
            faults.remove(index);
        }
        match target {
            Target::Request { fault, .. } => Some(fault),
            Target::Stream(_) => None,
        }
    }

    /// Takes the first fault of each kind for a connection.
    pub(crate) fn take_stream(&self) -> (Option<DialFault>, StreamFaults) {
        let (mut dial, mut faults) = (None, StreamFaults::default());
        lock(&self.0).faults.retain_mut(|waiting| {
            if let Target::Stream(fault) = &waiting.target
                && fault.apply(&mut dial, &mut faults)
            {
                waiting.times -= 1;
            }
            waiting.times > 0
        });
        (dial, faults)
    }

    /// The faults that wait, oldest first.
    pub(crate) fn list(&self) -> Vec<WaitingFault> {
        lock(&self.0).faults.iter().cloned().collect()
    }

    /// Removes a fault by its number. `false` if it does not wait.
    pub(crate) fn remove(&self, id: u64) -> bool {
        let faults = &mut lock(&self.0).faults;
        let before = faults.len();
        faults.retain(|waiting| waiting.id != id);
        faults.len() < before
    }

    /// Removes all faults, and returns how many there were. Numbers are not given out again.
    pub(crate) fn clear(&self) -> usize {
        std::mem::take(&mut lock(&self.0).faults).len()
    }
}

/// The user of a request, which is looked up once at most.
struct LazyUser<F> {
    find: Option<F>,
    found: Option<UserId>,
}

impl<F: FnOnce() -> Option<UserId>> LazyUser<F> {
    fn get(&mut self) -> &Option<UserId> {
        if let Some(find) = self.find.take() {
            self.found = find();
        }
        &self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(path: &str, user: Option<&str>, fault: RequestFault) -> Target {
        let user = user.map(|user| UserId::new(user).unwrap());
        Target::Request { path: path.to_owned(), user, fault }
    }

    #[test]
    fn requests_to_one_path_use_its_faults_up_in_turn() {
        let faults = Faults::default();
        assert_eq!(faults.add(0, request("/login", None, RequestFault::Silence)), 0);
        faults.add(2, request("/login", None, RequestFault::Cut));
        faults.add(1, request("/login", None, RequestFault::ExpiredToken));
        assert_eq!(faults.take("/register", || None), None);
        let taken = [(); 4].map(|()| faults.take("/login", || None));
        let [cut, again] = [(); 2].map(|()| Some(RequestFault::Cut));
        assert_eq!(taken, [cut, again, Some(RequestFault::ExpiredToken), None]);
    }

    #[test]
    fn a_fault_of_one_user_leaves_the_requests_of_others_alone() {
        let faults = Faults::default();
        faults.add(1, request("/login", Some("alice"), RequestFault::Cut));
        let from = |name: &'static str| move || UserId::new(name).ok();
        assert_eq!(faults.take("/login", || None), None);
        assert_eq!(faults.take("/login", from("bob")), None);
        assert_eq!(faults.take("/login", from("alice")), Some(RequestFault::Cut));
        assert_eq!(faults.take("/login", from("alice")), None);
    }

    #[test]
    fn a_waiting_fault_can_be_listed_and_removed_by_its_number() {
        let faults = Faults::default();
        let one = faults.add(3, request("/login", None, RequestFault::Cut));
        let two = faults.add(1, Target::Stream(StreamFault::StripBinding));
        faults.take("/login", || None);
        let listed: Vec<_> = faults.list().iter().map(|fault| (fault.id, fault.times)).collect();
        assert_eq!(listed, [(one, 2), (two, 1)]);
        assert!(faults.remove(one) && !faults.remove(one));
        assert_eq!(faults.clear(), 1);
        assert!(faults.add(1, Target::Stream(StreamFault::StripBinding)) > two);
    }

    #[test]
    fn a_connection_takes_the_first_fault_of_each_kind_and_leaves_the_rest() {
        let faults = Faults::default();
        let only = |name: &str| StreamFault::Mechanisms(vec![name.to_owned()]);
        for (times, fault) in [
            (1, only("A")),
            (1, only("B")),
            (2, StreamFault::StripBinding),
            (0, StreamFault::ForgeSignature),
            (1, StreamFault::Dial(DialFault::Cut)),
        ] {
            faults.add(times, Target::Stream(fault));
        }
        for (mechanism, dial, strips_binding) in
            [(Some("A"), Some(DialFault::Cut), true), (Some("B"), None, true), (None, None, false)]
        {
            let mechanisms = mechanism.map(|name| vec![name.to_owned()]);
            let expected = StreamFaults { mechanisms, strips_binding, ..StreamFaults::default() };
            assert_eq!(faults.take_stream(), (dial, expected));
        }
    }
}
