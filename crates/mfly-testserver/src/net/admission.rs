//! Which connections are let in.
//!
//! Whoever has not logged in takes one of the places of its listener, and one of its address's
//! places there. A listener without a free place asks the connection that has been idle for longest
//! to go; when none has been idle for long, the newcomer is refused with an answer. A connection
//! that has shown who it is gives its place back, so any number of logins may follow each other.

mod place;

pub(crate) use place::Place;

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;

/// A connection that has been idle for so long makes room for another.
const IDLE: Duration = Duration::from_secs(1);

/// Connections that are told at a time that there is no room.
const REFUSALS: usize = 256;

/// How many connections may be there that have not logged in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Of each listener.
    pub(crate) of_listener: usize,
    /// Of each address at one listener.
    pub(crate) of_address: usize,
    /// Connections that did log in, XMPP and HTTP together.
    pub(crate) known: usize,
    /// How long a connection may take until its first request, or until it has logged in.
    pub(crate) deadline: Duration,
}

/// Who has which place.
#[derive(Debug)]
pub(crate) struct Admission {
    pub(crate) limits: Limits,
    state: Mutex<State>,
    /// Bounds the connections that are being told that there is no room.
    pub(crate) refusals: Arc<Semaphore>,
}

#[derive(Debug, Default)]
struct State {
    next: u64,
    known: usize,
    /// By listener, then by order of arrival.
    strangers: BTreeMap<(usize, u64), Stranger>,
    /// How many of each listener, and of each of its addresses.
    counts: HashMap<(usize, Option<IpAddr>), usize>,
}

/// A connection that has not logged in.
#[derive(Debug)]
struct Stranger {
    address: IpAddr,
    /// Since when nothing is being done for it.
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

    /// Gives a connection a place. `None` when there is none.
    pub(crate) fn enter(
        self: &Arc<Self>,
        listener: usize,
        address: IpAddr,
        now: Instant,
    ) -> Option<Place> {
        let mut state = self.state();
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

    /// Asks the connection to go that has been idle for longest: the system has no more to give.
    pub(crate) fn shed(&self, now: Instant) {
        // When all are busy, one of them will be done.
        let _ = self.state().evict(now, |_, _| true);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
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

    /// Takes a connection's place away.
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

    /// Ends the connection that has been idle for longest of those that satisfy a condition.
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
    fn an_address_and_a_listener_have_so_many_places_and_other_listeners_their_own() {
        let (admission, now) = (admission(), Instant::now());
        let enter = |listener, address| admission.enter(listener, address, now);
        let first = [(); 3].map(|()| enter(0, ONE).unwrap());
        assert!(enter(0, ONE).is_none());
        let second = enter(0, OTHER).unwrap();
        assert!(enter(0, OTHER).is_none());
        assert!(enter(1, OTHER).is_some());
        drop((first, second));
        assert!(enter(0, ONE).is_some());
        assert!(admission.state().counts.is_empty());
    }

    #[test]
    fn who_has_been_idle_for_longest_makes_room_and_who_is_served_does_not() {
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
    fn whoever_has_logged_in_takes_no_place_until_there_are_too_many() {
        let (admission, now) = (admission(), Instant::now());
        let known = [(); 2].map(|()| {
            let place = admission.enter(0, ONE, now).unwrap();
            assert!(place.know());
            place
        });
        let strangers = [(); 3].map(|()| admission.enter(0, ONE, now).unwrap());
        assert!(!strangers[0].know());
        drop(known);
        assert!(strangers[0].know());
        assert_eq!(admission.state().known, 1);
        drop(strangers);
        assert_eq!(admission.state().known, 0);
    }
}
