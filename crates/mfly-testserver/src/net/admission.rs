//! Limits the connections that have not logged in.
//!
//! Such a connection occupies a place of its listener, and one of its client's address there. If
//! none is free, the connection that has been idle for longest is evicted; if none has been idle
//! for long, the new connection is refused. A connection that logs in gives its place back, so any
//! number of clients can log in one after the other.

mod place;

pub(crate) use place::Place;

use crate::lock::lock;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;

/// How long a connection must be idle before it may be evicted.
const IDLE: Duration = Duration::from_secs(1);

/// Largest number of connections that are being refused at a time.
const REFUSALS: usize = 256;

/// Limits of connections.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Connections of one listener that have not logged in.
    pub(crate) of_listener: usize,
    /// Connections from one address to one listener that have not logged in.
    pub(crate) of_address: usize,
    /// Connections that have logged in, XMPP and HTTP together.
    pub(crate) known: usize,
    /// How long a connection may take until its first request, or until it has logged in.
    pub(crate) deadline: Duration,
}

/// The places of all connections.
#[derive(Debug)]
pub(crate) struct Admission {
    pub(crate) limits: Limits,
    state: Mutex<State>,
    /// Limits the connections that are being refused at a time.
    pub(crate) refusals: Arc<Semaphore>,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    known: usize,
    /// By listener, then in order of arrival.
    strangers: BTreeMap<(usize, u64), Stranger>,
    /// The number of strangers of each listener, and of each address there.
    counts: HashMap<(usize, Option<IpAddr>), usize>,
}

/// A connection that has not logged in.
#[derive(Debug)]
struct Stranger {
    address: IpAddr,
    /// When it became idle; `None` while a request of it is being answered.
    idle_since: Option<Instant>,
    evicted: Arc<Notify>,
}

impl Admission {
    pub(crate) fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Self {
            limits,
            state: Mutex::default(),
            refusals: Arc::new(Semaphore::new(REFUSALS)),
        })
    }

    /// Gives a connection a place. `None` if there is none.
    pub(crate) fn enter(
        self: &Arc<Self>,
        listener: usize,
        address: IpAddr,
        now: Instant,
    ) -> Option<Place> {
        let mut state = lock(&self.state);
        if state.count(listener, Some(address)) >= self.limits.of_address {
            state.evict(now, |key, other| key.0 == listener && other.address == address)?;
        } else if state.count(listener, None) >= self.limits.of_listener {
            state.evict(now, |key, _| key.0 == listener)?;
        }
        state.next += 1;
        let key = (listener, state.next);
        let evicted = Arc::new(Notify::new());
        state.strangers.insert(
            key,
            Stranger { address, idle_since: Some(now), evicted: Arc::clone(&evicted) },
        );
        state.add(key.0, address);
        drop(state);
        Some(Place::new(Arc::clone(self), key, evicted))
    }

    /// Evicts the connection that has been idle for longest, because the system has no more
    /// sockets.
    pub(crate) fn shed(&self, now: Instant) {
        // If none is idle, one will end soon.
        let _ = lock(&self.state).evict(now, |_, _| true);
    }
}

impl State {
    fn count(&self, listener: usize, address: Option<IpAddr>) -> usize {
        let count = self.counts.get(&(listener, address));
        count.copied().unwrap_or_default()
    }

    fn add(&mut self, listener: usize, address: IpAddr) {
        for key in [(listener, None), (listener, Some(address))] {
            *self.counts.entry(key).or_default() += 1;
        }
    }

    /// Takes a connection's place back.
    fn remove(&mut self, key: (usize, u64)) -> Option<Stranger> {
        let stranger = self.strangers.remove(&key)?;
        for key in [(key.0, None), (key.0, Some(stranger.address))] {
            if let Some(count) = self.counts.get_mut(&key) {
                *count -= 1;
                if *count == 0 {
                    self.counts.remove(&key);
                }
            }
        }
        Some(stranger)
    }

    /// Evicts the connection that has been idle for longest of those that satisfy a condition.
    fn evict(
        &mut self,
        now: Instant,
        condition: impl Fn(&(usize, u64), &Stranger) -> bool,
    ) -> Option<()> {
        let idle = self.strangers.iter().filter_map(|(key, stranger)| {
            let since = stranger.idle_since?;
            (since + IDLE <= now && condition(key, stranger)).then_some((since, *key))
        });
        let (_, key) = idle.min()?;
        self.remove(key)?.evicted.notify_one();
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    const ONE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 0, 1));
    const OTHER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 0, 2));

    fn admission() -> Arc<Admission> {
        let deadline = Duration::from_secs(30);
        Admission::new(Limits { of_listener: 4, of_address: 3, known: 2, deadline })
    }

    #[test]
    fn an_address_and_a_listener_have_a_number_of_places_and_other_listeners_their_own() {
        let (admission, now) = (admission(), Instant::now());
        let enter = |listener, address| admission.enter(listener, address, now);
        let first = [(); 3].map(|()| enter(0, ONE).unwrap());
        assert!(enter(0, ONE).is_none());
        let second = enter(0, OTHER).unwrap();
        assert!(enter(0, OTHER).is_none());
        assert!(enter(1, OTHER).is_some());
        drop((first, second));
        assert!(enter(0, ONE).is_some());
        assert!(lock(&admission.state).counts.is_empty());
    }

    #[test]
    fn the_connection_that_has_been_idle_for_longest_is_evicted_and_a_busy_one_is_not() {
        let (admission, start) = (admission(), Instant::now());
        let places = [0, 1, 2].map(|seconds| {
            let now = start + Duration::from_secs(seconds);
            admission.enter(0, ONE, now).unwrap()
        });
        places[0].begin();
        let now = start + Duration::from_secs(2);
        assert!(admission.enter(0, ONE, now).is_some());
        let evicted = places.each_ref().map(|place| place.evicted().now_or_never());
        assert_eq!(evicted, [None, Some(()), None]);
    }

    #[test]
    fn connections_that_have_logged_in_occupy_no_place_until_they_are_too_many() {
        let (admission, now) = (admission(), Instant::now());
        let known = [(); 2].map(|()| {
            let place = admission.enter(0, ONE, now).unwrap();
            assert!(place.logged_in());
            place
        });
        let strangers = [(); 3].map(|()| admission.enter(0, ONE, now).unwrap());
        assert!(!strangers[0].logged_in());
        drop(known);
        assert!(strangers[0].logged_in());
        assert_eq!(lock(&admission.state).known, 1);
        drop(strangers);
        assert_eq!(lock(&admission.state).known, 0);
    }
}
