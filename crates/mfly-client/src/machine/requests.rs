//! Requests that were sent and wait for an answer.
//!
//! Every request has a deadline, and their number is bounded. An answer belongs to a request when
//! id **and** sender match (RFC 6120 §8.1.2.1, §8.2.3):
//!
//! | recipient of the request | accepted senders of the answer |
//! |---|---|
//! | none (no `to`) | no `from`, the own bare or full address, the own server |
//! | the own account or server | the same address, or no `from`, which other senders cannot leave out |
//! | any other address | exactly that address |
//!
//! The last [`RETIRED`] requests that timed out or were cancelled are remembered, so that their
//! late answers are not taken for unknown stanzas.

use super::io::RequestId;
use mfly_proto::id::StanzaId;
use mfly_proto::jid::{BareJid, FullJid, Jid};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::time::Instant;

/// How many requests without an answer are remembered to recognise late answers.
const RETIRED: usize = 64;

/// The own bare and full address, as the server assigned them.
#[derive(Clone, Debug)]
pub(super) struct OwnAddress {
    pub(super) bare: BareJid,
    pub(super) full: FullJid,
}

impl OwnAddress {
    pub(super) fn new(full: FullJid) -> Self {
        Self { bare: full.bare(), full }
    }

    /// Whether this is the address of the own server.
    pub(super) fn is_server(&self, jid: &Jid) -> bool {
        jid.as_str() == self.full.domain()
    }

    /// Whether a stanza with this sender comes from the own account: no sender, the bare address,
    /// or the server.
    pub(super) fn is_account(&self, from: Option<&Jid>) -> bool {
        from.is_none_or(|from| *from == *self.bare || self.is_server(from))
    }
}

/// The party that a request belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Owner {
    /// A caller in the app.
    Caller(RequestId),
    /// The session itself, which ignores the answer's content.
    Session(u64),
}

/// A request that was sent and is not settled.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) id: StanzaId,
    pub(super) to: Option<Jid>,
    pub(super) deadline: Instant,
    /// Whether the connection is closed when no answer comes in time.
    pub(super) is_check: bool,
}

/// A request whose deadline is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Expired {
    pub(super) owner: Owner,
    pub(super) is_check: bool,
}

/// The request that an answer belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answered {
    /// The pending request of this owner.
    Pending(Owner),
    /// A request that timed out or was cancelled.
    Retired,
}

/// The pending requests. They are settled in the order of their owners, so that a replay gives the
/// same outputs.
#[derive(Debug)]
pub(super) struct Requests {
    entries: BTreeMap<Owner, Entry>,
    ids: HashMap<StanzaId, Owner>,
    deadlines: BTreeSet<(Instant, Owner)>,
    retired: VecDeque<(StanzaId, Option<Jid>)>,
    limit: usize,
    own_count: u64,
    /// The number of entries that are checks.
    checks: usize,
}

impl Requests {
    pub(super) fn new(limit: usize) -> Self {
        Self {
            entries: BTreeMap::new(),
            ids: HashMap::new(),
            deadlines: BTreeSet::new(),
            retired: VecDeque::new(),
            limit,
            own_count: 0,
            checks: 0,
        }
    }

    /// Stores a request of the app; returns `false` when too many are pending.
    pub(super) fn insert(&mut self, request: RequestId, entry: Entry) -> bool {
        let has_room = self.entries.len() < self.limit;
        if has_room {
            self.store(Owner::Caller(request), entry);
        }
        has_room
    }

    /// Stores a request of the session itself. Their number needs no bound: there is at most one
    /// per ping interval, none waits longer than a phase may take, and one check is pending at a
    /// time.
    pub(super) fn insert_own(&mut self, id: StanzaId, deadline: Instant, is_check: bool) {
        self.own_count += 1;
        self.store(Owner::Session(self.own_count), Entry { id, to: None, deadline, is_check });
    }

    /// Whether a check is pending.
    pub(super) const fn has_check(&self) -> bool {
        self.checks > 0
    }

    fn store(&mut self, owner: Owner, entry: Entry) {
        self.checks += usize::from(entry.is_check);
        self.deadlines.insert((entry.deadline, owner));
        self.ids.insert(entry.id.clone(), owner);
        self.entries.insert(owner, entry);
    }

    fn remove(&mut self, owner: Owner) -> Option<Entry> {
        let entry = self.entries.remove(&owner)?;
        self.ids.remove(&entry.id);
        self.deadlines.remove(&(entry.deadline, owner));
        self.checks -= usize::from(entry.is_check);
        Some(entry)
    }

    fn retire(&mut self, owner: Owner) -> Option<Expired> {
        let Entry { id, to, is_check, .. } = self.remove(owner)?;
        if self.retired.len() == RETIRED {
            self.retired.pop_front();
        }
        self.retired.push_back((id, to));
        Some(Expired { owner, is_check })
    }

    /// Removes the request that this answers; returns `None` when it answers none.
    pub(super) fn answered(
        &mut self,
        id: &StanzaId,
        from: Option<&Jid>,
        own: &OwnAddress,
    ) -> Option<Answered> {
        if let Some(&owner) = self.ids.get(id) {
            let to = self.entries.get(&owner)?.to.as_ref();
            if !may_answer(to, from, own) {
                return None;
            }
            self.remove(owner);
            return Some(Answered::Pending(owner));
        }
        let fits =
            |(old, to): &(StanzaId, Option<Jid>)| old == id && may_answer(to.as_ref(), from, own);
        let late = self.retired.iter().position(fits)?;
        self.retired.remove(late);
        Some(Answered::Retired)
    }

    /// Cancels a request. Returns whether it was pending.
    pub(super) fn cancel(&mut self, request: RequestId) -> bool {
        self.retire(Owner::Caller(request)).is_some()
    }

    /// Takes one request whose deadline is reached.
    pub(super) fn expired(&mut self, now: Instant) -> Option<Expired> {
        let &(deadline, owner) = self.deadlines.first()?;
        if deadline > now {
            return None;
        }
        self.retire(owner)
    }

    /// Takes all requests and forgets the retired ones, because ids do not outlive a connection.
    pub(super) fn take_all(&mut self) -> impl Iterator<Item = RequestId> + use<> {
        self.ids.clear();
        self.deadlines.clear();
        self.retired.clear();
        self.checks = 0;
        std::mem::take(&mut self.entries).into_keys().filter_map(|owner| match owner {
            Owner::Caller(request) => Some(request),
            Owner::Session(_) => None,
        })
    }

    /// The earliest deadline.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(deadline, _)| *deadline)
    }
}

fn may_answer(to: Option<&Jid>, from: Option<&Jid>, own: &OwnAddress) -> bool {
    let is_own = |jid: &Jid| *jid == *own.bare || *jid == *own.full || own.is_server(jid);
    match (to, from) {
        (Some(to), Some(from)) => to == from,
        (Some(to), None) => is_own(to),
        (None, Some(from)) => is_own(from),
        (None, None) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    fn own() -> OwnAddress {
        OwnAddress::new(FullJid::new("u1@host.test/Web-1").unwrap())
    }

    fn jid(text: &str) -> Jid {
        Jid::new(text).unwrap()
    }

    fn entry(id: &str, to: Option<&str>, deadline: Instant) -> Entry {
        Entry { id: StanzaId::new(id).unwrap(), to: to.map(jid), deadline, is_check: false }
    }

    fn answered(requests: &mut Requests, id: &str, from: Option<&str>) -> Option<Answered> {
        let id = StanzaId::new(id).unwrap();
        requests.answered(&id, from.map(jid).as_ref(), &own())
    }

    #[test]
    fn only_the_recipient_of_a_request_may_answer() {
        let own_account =
            [None, Some("u1@host.test"), Some("u1@host.test/Web-1"), Some("host.test")];
        let others = [Some("u1@host.test/other"), Some("u2@host.test"), Some("evil.test")];
        let now = Instant::now();
        let accepts = |to: Option<&str>, from: Option<&str>| {
            let mut requests = Requests::new(1);
            assert!(requests.insert(RequestId(1), entry("q", to, now)));
            answered(&mut requests, "q", from).is_some()
        };
        for from in own_account {
            assert!(accepts(None, from), "{from:?} did not answer for the own account");
            let to_contact = accepts(Some("u2@host.test"), from);
            assert!(!to_contact, "{from:?} answered for u2");
        }
        for from in others {
            assert!(!accepts(None, from), "{from:?} answered for the own account");
        }
        assert!(accepts(Some("u2@host.test"), Some("u2@host.test")));
        assert!(!accepts(Some("u2@host.test"), Some("u2@host.test/phone")));
        assert!(accepts(Some("host.test"), None));
        assert!(accepts(Some("u1@host.test"), None));
        assert!(!accepts(Some("u1@host.test"), Some("host.test")));
    }

    #[test]
    fn a_forged_answer_leaves_the_request_pending() {
        let mut requests = Requests::new(1);
        assert!(requests.insert(RequestId(1), entry("q", None, Instant::now())));
        assert_eq!(answered(&mut requests, "q", Some("u2@host.test")), None);
        let owner = Owner::Caller(RequestId(1));
        assert_eq!(answered(&mut requests, "q", None), Some(Answered::Pending(owner)));
        assert_eq!(answered(&mut requests, "q", None), None);
    }

    #[test]
    fn an_answer_after_cancellation_or_deadline_is_recognised_once() {
        let now = Instant::now();
        let mut requests = Requests::new(2);
        assert!(requests.insert(RequestId(1), entry("a", None, now)));
        assert!(requests.insert(RequestId(2), entry("b", None, now + Duration::from_secs(1))));
        let expired = requests.expired(now).map(|expired| expired.owner);
        assert_eq!(expired, Some(Owner::Caller(RequestId(1))));
        assert_eq!(requests.expired(now), None);
        assert!(requests.cancel(RequestId(2)));
        assert!(!requests.cancel(RequestId(2)));
        assert_eq!(requests.next_deadline(), None);
        for id in ["a", "b"] {
            assert_eq!(answered(&mut requests, id, Some("u2@host.test")), None);
            assert_eq!(answered(&mut requests, id, None), Some(Answered::Retired));
            assert_eq!(answered(&mut requests, id, None), None);
        }
    }

    #[test]
    fn the_number_of_requests_and_of_remembered_ids_is_bounded() {
        let now = Instant::now();
        let mut requests = Requests::new(2);
        for n in 0..200 {
            let id = format!("q{n}");
            assert!(requests.insert(RequestId(2 * n), entry(&id, None, now)));
            let more = format!("r{n}");
            assert!(requests.insert(RequestId(2 * n + 1), entry(&more, None, now)));
            assert!(!requests.insert(RequestId(900), entry("x", None, now)));
            while requests.expired(now).is_some() {}
            assert!(requests.retired.len() <= RETIRED);
        }
    }

    proptest! {
        #[test]
        fn tables_stay_consistent_under_any_sequence(steps in prop::collection::vec((0..5_u8, 0..8_u64), 0..60)) {
            let start = Instant::now();
            let mut requests = Requests::new(4);
            let mut next = 0;
            for (step, n) in steps {
                let at = start + Duration::from_secs(n);
                match step {
                    0 | 1 => {
                        let stored = requests.insert(RequestId(next), entry(&next.to_string(), None, at));
                        prop_assert!(stored || requests.entries.len() == 4);
                        next += 1;
                    }
                    2 => { requests.cancel(RequestId(n)); }
                    3 => { requests.expired(at); }
                    _ => { answered(&mut requests, &n.to_string(), None); }
                }
                prop_assert_eq!(requests.entries.len(), requests.ids.len());
                prop_assert_eq!(requests.entries.len(), requests.deadlines.len());
            }
        }
    }
}
