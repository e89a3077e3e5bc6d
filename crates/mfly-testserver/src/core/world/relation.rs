//! Contacts, blocks, and what a user may see of another.
//!
//! A block separates two users in both directions: no presence, message or profile push crosses it.
//! Beyond that, the one who is blocked is refused the blocker's last seen and sees only the name of
//! the profile (both inferred).

use super::{StreamId, User, World};
use mfly_proto::cipher::{Decrypted, Iv, ProfileCipher};
use mfly_proto::jid::UserId;
use mfly_proto::payload::profile::VCard;

/// Which users are contacts of each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Contacts {
    /// All users are contacts.
    #[default]
    Everyone,
    /// Only users who were made contacts.
    Explicit,
}

/// A profile as one particular user may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ProfileView {
    /// The owner of the profile.
    pub(crate) user: UserId,
    /// The fields, sealed as they were stored.
    pub(crate) card: VCard,
    /// Whether an administrator blocked the account.
    pub(crate) is_admin_blocked: bool,
}

impl World {
    /// Whether `user` has blocked `other`.
    pub(crate) fn has_blocked(&self, user: &UserId, other: &UserId) -> bool {
        self.user(user).is_some_and(|user| user.blocked.contains(other))
    }

    /// Whether either of two users blocks the other.
    pub(crate) fn separated(&self, one: &UserId, other: &UserId) -> bool {
        self.has_blocked(one, other) || self.has_blocked(other, one)
    }

    /// Whether two different users are contacts.
    pub(crate) fn are_contacts(&self, one: &UserId, other: &UserId) -> bool {
        one != other
            && match self.settings.contacts {
                Contacts::Everyone => self.user(one).is_some() && self.user(other).is_some(),
                Contacts::Explicit => {
                    self.user(one).is_some_and(|user| user.contacts.contains(other))
                }
            }
    }

    /// Makes two users contacts of each other, for [`Contacts::Explicit`]. `false` when one does
    /// not exist.
    pub(crate) fn make_contacts(&mut self, one: &UserId, other: &UserId) -> bool {
        if one == other || self.user(one).is_none() || self.user(other).is_none() {
            return false;
        }
        for (owner, contact) in [(one, other), (other, one)] {
            if let Some(user) = self.user_mut(owner) {
                user.contacts.insert(contact.clone());
            }
        }
        true
    }

    /// The contacts of a user, by id, the blocked ones included.
    pub(crate) fn contacts_of(&self, user: &UserId) -> Vec<UserId> {
        match self.settings.contacts {
            Contacts::Everyone => {
                self.users().map(|other| &other.id).filter(|id| *id != user).cloned().collect()
            }
            Contacts::Explicit => self
                .user(user)
                .map(|user| user.contacts.iter().cloned().collect())
                .unwrap_or_default(),
        }
    }

    /// The contacts that a user's presence and profile reach.
    pub(crate) fn audience_of(&self, user: &UserId) -> Vec<UserId> {
        let mut contacts = self.contacts_of(user);
        contacts.retain(|other| !self.separated(user, other));
        contacts
    }

    /// The bound streams that a user's presence and profile reach: the audience's and the user's
    /// own.
    pub(crate) fn audience_streams(&self, user: &UserId) -> Vec<StreamId> {
        if self.settings.contacts == Contacts::Everyone {
            return self.streams_where(|session| {
                session.user == *user
                    || (self.are_contacts(user, &session.user)
                        && !self.separated(user, &session.user))
            });
        }
        let mut streams = self.streams_of(user);
        for other in self.audience_of(user) {
            streams.extend(self.streams_of(&other));
        }
        streams.sort_unstable();
        streams
    }

    /// The profile of `target` as `asker` may see it; `None` when there is no such account.
    pub(crate) fn profile_for(&self, asker: &UserId, target: &UserId) -> Option<ProfileView> {
        let user = self.user(target)?;
        let hidden = user.blocked.contains(asker) && !self.settings.quirks.profile_open_to_blocked;
        let card = if hidden {
            VCard { nick_name: user.profile.nick_name.clone(), ..VCard::default() }
        } else {
            user.profile.clone()
        };
        Some(ProfileView { user: user.id.clone(), card, is_admin_blocked: user.admin_blocked })
    }

    /// The name in clear; a name that was never sealed is returned as it is.
    pub(crate) fn nick_name(&self, user: &User) -> String {
        open_name(&self.iv_profile, user)
    }
}

/// The name of a user in clear; a name that was never sealed is returned as it is.
pub(super) fn open_name(iv: &Iv, user: &User) -> String {
    let cipher = ProfileCipher::new(&user.id, iv);
    match cipher.open(&user.profile.nick_name) {
        Decrypted::Plain(name) | Decrypted::Passthrough(name) => name,
    }
}
