//! A platform account and its registrations.

use super::Timestamp;
use mfly_proto::jid::UserId;
use mfly_proto::payload::profile::VCard;
use mfly_proto::secret::Password;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// A platform account with its profile, contacts and settings.
#[derive(Clone, Debug)]
pub(crate) struct User {
    /// The local part of the account's address.
    pub(crate) id: UserId,
    /// The profile as the client sealed it. [`World::set_profile`](super::World::set_profile)
    /// changes it.
    pub(super) profile: VCard,
    /// Whether the account ever set its profile.
    pub(crate) profile_updated: bool,
    /// Up to three values, free for the app.
    pub(crate) metadata: BTreeMap<String, Value>,
    /// Whom this user has blocked.
    pub(crate) blocked: BTreeSet<UserId>,
    /// Contacts, when they are explicit.
    pub(crate) contacts: BTreeSet<UserId>,
    /// Names that the user gave to contacts; other contacts have their own.
    pub(crate) contact_names: BTreeMap<UserId, String>,
    /// Whether an administrator blocked the account.
    pub(crate) admin_blocked: bool,
    /// When the account was made.
    pub(crate) registered_at: Timestamp,
    /// When its last session went away; `None` before the first one came.
    pub(crate) last_offline: Option<Timestamp>,
    /// Setting: archived chats stay archived.
    pub(crate) archive: bool,
    /// Setting: notifications of all chats are muted.
    pub(crate) mute_setting: bool,
    /// Users whose notifications are muted.
    pub(crate) muted_users: BTreeSet<UserId>,
    /// Groups whose notifications are muted, by local part.
    pub(crate) muted_groups: BTreeSet<String>,
    /// Devices that are logged in, oldest first.
    pub(crate) registrations: Vec<Registration>,
}

impl User {
    pub(super) fn new(id: UserId, now: Timestamp) -> Self {
        Self {
            id,
            profile: VCard::default(),
            profile_updated: false,
            metadata: BTreeMap::new(),
            blocked: BTreeSet::new(),
            contacts: BTreeSet::new(),
            contact_names: BTreeMap::new(),
            admin_blocked: false,
            registered_at: now,
            last_offline: None,
            archive: false,
            mute_setting: false,
            muted_users: BTreeSet::new(),
            muted_groups: BTreeSet::new(),
            registrations: Vec::new(),
        }
    }

    /// The profile as the client sealed it.
    pub(crate) const fn profile(&self) -> &VCard {
        &self.profile
    }

    /// The registration with this id, while it is valid.
    pub(crate) fn registration(&self, id: RegistrationId) -> Option<&Registration> {
        self.registrations.iter().find(|registration| registration.id == id)
    }
}

/// Names one registration for ever: tokens carry it, and it is never given out twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RegistrationId(pub(crate) u64);

/// One device that registered and did not log out. Each has a password of its own, so that ending
/// one leaves the others alone.
#[derive(Clone, Debug)]
pub(crate) struct Registration {
    /// The id of the registration.
    pub(crate) id: RegistrationId,
    /// The id that the device sent.
    pub(crate) device_id: String,
    /// The password of the device.
    pub(crate) password: Password,
}
