//! The contact list of a standard account, and the states of its subscriptions (RFC 6121 §2, §3 and
//! appendix A).
//!
//! Each subscription is kept twice, once by either side. The methods are the steps of one side;
//! [`crate::core::feature::standard::subscription`] takes them in pairs.

use mfly_proto::jid::BareJid;
use mfly_proto::payload::standard::roster::Subscription;
use std::collections::{BTreeMap, BTreeSet};
use thiserror::Error;

/// Most entries of a list, requests of others that wait for an answer included.
const MAX_CONTACTS: usize = 10_000;

/// Most bytes of all addresses, names and groups of a list together: it has to fit into an answer.
const MAX_BYTES: usize = 2 * 1024 * 1024;

/// Most groups of a contact.
const MAX_GROUPS: usize = 32;

/// Longest name, of a contact or of a group, in bytes.
const MAX_NAME_BYTES: usize = 1_023;

/// Why a contact cannot be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum RosterError {
    /// A name or group is too long or empty, or there are too many groups.
    #[error("a name or a group cannot be stored")]
    NotAcceptable,
    /// The list is full.
    #[error("the list is full")]
    Full,
}

/// An entry of a roster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Contact {
    /// The name that the owner gave.
    pub(crate) name: Option<String>,
    /// The owner's groups.
    pub(crate) groups: BTreeSet<String>,
    /// The contact sees the owner's presence.
    pub(crate) from: bool,
    /// The owner sees the contact's presence.
    pub(crate) to: bool,
    /// The owner has asked to see it.
    pub(crate) asks: bool,
    /// The contact has asked to see the owner's, and waits.
    pub(crate) waits: bool,
    /// Whether the entry is sent to the owner's clients: a contact who only waits for an answer is
    /// not.
    pub(crate) is_listed: bool,
}

impl Contact {
    /// Bytes of the name and the groups.
    fn bytes(&self) -> usize {
        let groups: usize = self.groups.iter().map(String::len).sum();
        groups + self.name.as_ref().map_or(0, String::len)
    }

    /// The attribute `subscription` (RFC 6121 §2.1.2.5).
    pub(crate) const fn subscription(&self) -> Subscription {
        match (self.from, self.to) {
            (true, true) => Subscription::Both,
            (true, false) => Subscription::From,
            (false, true) => Subscription::To,
            (false, false) => Subscription::None,
        }
    }
}

/// The contact list of one account.
#[derive(Clone, Debug, Default)]
pub(crate) struct Roster {
    contacts: BTreeMap<BareJid, Contact>,
    /// Bytes of all addresses, names and groups.
    bytes: usize,
    /// The number of changes: the version of the list.
    version: u64,
}

impl Roster {
    /// The version of the list (RFC 6121 §2.6).
    pub(crate) const fn version(&self) -> u64 {
        self.version
    }

    /// All entries, listed or not.
    pub(crate) fn contacts(&self) -> impl Iterator<Item = (&BareJid, &Contact)> {
        self.contacts.iter()
    }

    /// A list as [`Roster::contacts`] and [`Roster::version`] had it.
    ///
    /// # Errors
    /// [`RosterError::Full`].
    pub(super) fn restored(
        contacts: BTreeMap<BareJid, Contact>,
        version: u64,
    ) -> Result<Self, RosterError> {
        let sizes = contacts.iter().map(|(jid, contact)| jid.as_str().len() + contact.bytes());
        let bytes = sizes.sum();
        let is_full = contacts.len() > MAX_CONTACTS || bytes > MAX_BYTES;
        if is_full { Err(RosterError::Full) } else { Ok(Self { contacts, bytes, version }) }
    }

    /// One entry, listed or not.
    pub(crate) fn contact(&self, jid: &BareJid) -> Option<&Contact> {
        self.contacts.get(jid)
    }

    /// The entries that the owner's clients are sent.
    pub(crate) fn listed(&self) -> impl Iterator<Item = (&BareJid, &Contact)> {
        self.contacts.iter().filter(|(_, contact)| contact.is_listed)
    }

    /// The contacts that satisfy a condition.
    pub(crate) fn who(&self, condition: impl Fn(&Contact) -> bool) -> Vec<BareJid> {
        let found = self.contacts.iter().filter(|(_, c)| condition(c));
        found.map(|(jid, _)| jid.clone()).collect()
    }

    /// Whether `jid` sees the owner's presence.
    pub(crate) fn is_seen_by(&self, jid: &BareJid) -> bool {
        self.contact(jid).is_some_and(|contact| contact.from)
    }

    /// Adds a contact, or names and groups it anew.
    ///
    /// # Errors
    /// See [`RosterError`].
    pub(crate) fn store(
        &mut self,
        jid: &BareJid,
        name: Option<String>,
        groups: BTreeSet<String>,
    ) -> Result<(), RosterError> {
        let is_name = |text: &String| !text.is_empty() && text.len() <= MAX_NAME_BYTES;
        let fits = name.as_ref().is_none_or(|name| name.len() <= MAX_NAME_BYTES)
            && groups.len() <= MAX_GROUPS
            && groups.iter().all(is_name);
        if !fits {
            return Err(RosterError::NotAcceptable);
        }
        let given =
            Contact { name: name.filter(|name| !name.is_empty()), groups, ..Contact::default() };
        let before = self.contact(jid).map_or(0, Contact::bytes);
        let after = given.bytes();
        if self.bytes - before + after > MAX_BYTES {
            return Err(RosterError::Full);
        }
        let contact = self.entry(jid).ok_or(RosterError::Full)?;
        contact.name = given.name;
        contact.groups = given.groups;
        contact.is_listed = true;
        self.bytes = self.bytes - before + after;
        self.version += 1;
        Ok(())
    }

    /// Removes a contact with both subscriptions and its pending request; returns the old entry.
    pub(crate) fn remove(&mut self, jid: &BareJid) -> Option<Contact> {
        if !self.contact(jid)?.is_listed {
            return None;
        }
        self.version += 1;
        self.forget(jid)
    }

    /// The owner asks to see the contact. Whether the entry changed.
    ///
    /// # Errors
    /// When the list is full.
    pub(crate) fn ask(&mut self, jid: &BareJid) -> Result<bool, RosterError> {
        let contact = self.entry(jid).ok_or(RosterError::Full)?;
        let is_change = !contact.to && !contact.asks;
        if is_change {
            contact.asks = true;
            contact.is_listed = true;
            self.version += 1;
        }
        Ok(is_change)
    }

    /// The owner allows the pending request of a contact. Whether there was one.
    pub(crate) fn allow(&mut self, jid: &BareJid) -> bool {
        self.change(jid, |contact| {
            let waited = std::mem::take(&mut contact.waits);
            contact.from |= waited;
            contact.is_listed |= waited;
            waited
        })
    }

    /// The owner no longer wants to see the contact. Whether that changes anything.
    pub(crate) fn stop_asking(&mut self, jid: &BareJid) -> bool {
        self.change(jid, |contact| {
            std::mem::take(&mut contact.to) | std::mem::take(&mut contact.asks)
        })
    }

    /// The owner refuses a request or cancels a subscription. Whether there was one.
    pub(crate) fn deny(&mut self, jid: &BareJid) -> bool {
        self.change(jid, |contact| {
            std::mem::take(&mut contact.from) | std::mem::take(&mut contact.waits)
        })
    }

    /// The contact asks to see the owner. Whether the request is new.
    pub(crate) fn asked_by(&mut self, jid: &BareJid) -> bool {
        let Some(contact) = self.entry(jid) else {
            return false;
        };
        !contact.from && !std::mem::replace(&mut contact.waits, true)
    }

    /// The contact lets the owner see. Whether the owner had asked.
    pub(crate) fn allowed_by(&mut self, jid: &BareJid) -> bool {
        self.change(jid, |contact| {
            let asked = std::mem::take(&mut contact.asks);
            contact.to |= asked;
            asked
        })
    }

    /// The contact no longer wants to see the owner. Whether that changes anything.
    pub(crate) fn left_by(&mut self, jid: &BareJid) -> bool {
        self.deny(jid)
    }

    /// The contact refuses, or no longer lets the owner see. Whether that changes anything.
    pub(crate) fn denied_by(&mut self, jid: &BareJid) -> bool {
        self.stop_asking(jid)
    }

    fn change(&mut self, jid: &BareJid, change: impl FnOnce(&mut Contact) -> bool) -> bool {
        let Some(contact) = self.contacts.get_mut(jid) else {
            return false;
        };
        let is_change = change(contact);
        let (is_listed, waits) = (contact.is_listed, contact.waits);
        if is_change && is_listed {
            self.version += 1;
        }
        if !is_listed && !waits {
            self.forget(jid);
        }
        is_change
    }

    /// The entry of `jid`, a new one if there is none; `None` when the list is full.
    fn entry(&mut self, jid: &BareJid) -> Option<&mut Contact> {
        if !self.contacts.contains_key(jid) {
            let bytes = self.bytes + jid.as_str().len();
            if self.contacts.len() >= MAX_CONTACTS || bytes > MAX_BYTES {
                return None;
            }
            self.bytes = bytes;
        }
        Some(self.contacts.entry(jid.clone()).or_default())
    }

    fn forget(&mut self, jid: &BareJid) -> Option<Contact> {
        let contact = self.contacts.remove(jid)?;
        self.bytes -= jid.as_str().len() + contact.bytes();
        Some(contact)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jid() -> BareJid {
        BareJid::new("u2@host.test").unwrap()
    }

    fn state(roster: &Roster) -> (&'static str, bool, bool, bool) {
        let contact = roster.contact(&jid()).cloned().unwrap_or_default();
        (contact.subscription().as_str(), contact.asks, contact.waits, contact.is_listed)
    }

    #[test]
    fn a_subscription_is_asked_for_allowed_and_given_up() {
        let mut roster = Roster::default();
        assert_eq!(roster.ask(&jid()), Ok(true));
        assert_eq!(roster.ask(&jid()), Ok(false));
        assert_eq!(state(&roster), ("none", true, false, true));
        assert!(roster.allowed_by(&jid()));
        assert!(!roster.allowed_by(&jid()));
        assert_eq!(state(&roster), ("to", false, false, true));
        assert!(roster.stop_asking(&jid()));
        assert!(!roster.stop_asking(&jid()));
        assert_eq!(state(&roster), ("none", false, false, true));
        assert_eq!(roster.version(), 3);
    }

    #[test]
    fn a_contact_that_asks_is_not_listed_until_it_is_allowed_or_denied() {
        let mut roster = Roster::default();
        assert!(roster.asked_by(&jid()));
        assert!(!roster.asked_by(&jid()));
        assert_eq!(state(&roster), ("none", false, true, false));
        assert_eq!((roster.listed().count(), roster.version()), (0, 0));
        assert!(roster.deny(&jid()));
        assert_eq!(roster.contact(&jid()), None);
        assert!(roster.asked_by(&jid()));
        assert!(roster.allow(&jid()));
        assert_eq!(state(&roster), ("from", false, false, true));
        assert!(!roster.asked_by(&jid()));
        assert!(roster.is_seen_by(&jid()));
    }

    #[test]
    fn answers_without_a_request_change_nothing() {
        let mut roster = Roster::default();
        assert!(!roster.allow(&jid()));
        assert!(!roster.allowed_by(&jid()));
        roster.store(&jid(), None, BTreeSet::new()).unwrap();
        assert!(!roster.allow(&jid()));
        assert!(!roster.allowed_by(&jid()));
        assert_eq!(state(&roster), ("none", false, false, true));
    }

    #[test]
    fn a_removed_contact_takes_its_subscriptions_along() {
        let mut roster = Roster::default();
        assert_eq!(roster.remove(&jid()), None);
        roster.asked_by(&jid());
        assert_eq!(roster.remove(&jid()), None);
        roster.allow(&jid());
        roster.ask(&jid()).unwrap();
        roster.allowed_by(&jid());
        assert_eq!(roster.remove(&jid()).unwrap().subscription(), Subscription::Both);
        assert_eq!(roster.contact(&jid()), None);
    }

    #[test]
    fn names_groups_and_contacts_above_the_limits_are_not_stored() {
        let mut roster = Roster::default();
        let long = "x".repeat(MAX_NAME_BYTES + 1);
        let refused = Err(RosterError::NotAcceptable);
        let none = BTreeSet::new;
        assert_eq!(roster.store(&jid(), Some(long), none()), refused);
        let groups = (0..=MAX_GROUPS).map(|n| n.to_string()).collect();
        assert_eq!(roster.store(&jid(), None, groups), refused);
        assert_eq!(roster.store(&jid(), None, [String::new()].into()), refused);
        for n in 0..MAX_CONTACTS {
            let other = BareJid::new(&format!("o{n}@host.test")).unwrap();
            assert_eq!(roster.store(&other, None, none()), Ok(()));
        }
        assert_eq!(roster.store(&jid(), None, none()), Err(RosterError::Full));
        assert_eq!(roster.ask(&jid()), Err(RosterError::Full));
        assert!(!roster.asked_by(&jid()));
        assert_eq!(roster.contact(&jid()), None);
    }

    #[test]
    fn the_texts_of_a_list_are_bounded_together_and_give_their_room_back() {
        let mut roster = Roster::default();
        let other = |n: usize| BareJid::new(&format!("o{n}@host.test")).unwrap();
        let name = || Some("x".repeat(MAX_NAME_BYTES));
        let stored = (0..MAX_CONTACTS)
            .take_while(|&n| roster.store(&other(n), name(), BTreeSet::new()).is_ok())
            .count();
        assert!((1_900..2_100).contains(&stored), "{stored}");
        // Naming anew takes no more room.
        assert_eq!(roster.store(&other(0), name(), BTreeSet::new()), Ok(()));
        roster.remove(&other(1)).unwrap();
        assert_eq!(roster.store(&jid(), name(), BTreeSet::new()), Ok(()));
        for n in 0..stored {
            roster.remove(&other(n));
        }
        roster.remove(&jid()).unwrap();
        assert_eq!(roster.bytes, 0);
        roster.asked_by(&jid());
        roster.deny(&jid());
        assert_eq!(roster.bytes, 0);
    }
}
