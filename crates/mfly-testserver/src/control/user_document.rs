//! A platform account as JSON, and what can be asked for it.

use super::error::{ControlError, ControlResult};
use crate::core::world::{Session, StreamId, User, World};
use crate::handle::user::UserProfile;
use mfly_proto::jid::UserId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;

/// A platform account.
#[derive(Serialize, ToSchema)]
#[schema(as = User)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserDocument {
    id: String,
    jid: String,
    /// Whether one of the sessions is available.
    online: bool,
    profile: ProfileDocument,
    metadata: BTreeMap<String, Value>,
    settings: SettingsDocument,
    /// The users whom this one has blocked.
    blocks: BTreeSet<String>,
    /// The users who have blocked this one.
    blocked_by: BTreeSet<String>,
    /// The account's contacts, when contacts are explicit.
    contacts: BTreeSet<String>,
    /// The users whose notifications are muted.
    muted_users: BTreeSet<String>,
    /// Whether an administrator blocked the account.
    admin_blocked: bool,
    /// When the account was made, in milliseconds since 1970-01-01 00:00 UTC.
    registered_at_ms: u64,
    /// When the last session ended, in milliseconds since 1970-01-01 00:00 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    last_offline_ms: Option<u64>,
    /// The devices that are logged in, oldest first.
    registrations: Vec<RegistrationDocument>,
    sessions: Vec<SessionDocument>,
}

/// A profile in clear.
#[derive(Clone, Default, Serialize, Deserialize, ToSchema)]
#[schema(as = Profile)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct ProfileDocument {
    nick_name: String,
    email: String,
    mobile_number: String,
    status: String,
    /// The picture: a file token or a URL.
    image: String,
    /// The small picture: a file token or a URL.
    thumb_image: String,
}

/// Changes of a profile. What is left out stays.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[schema(as = ProfileChanges)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct ProfileChanges {
    nick_name: Option<String>,
    email: Option<String>,
    mobile_number: Option<String>,
    status: Option<String>,
    image: Option<String>,
    thumb_image: Option<String>,
}

/// The settings that the server keeps for an account.
#[derive(Serialize, ToSchema)]
#[schema(as = UserSettings)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SettingsDocument {
    /// Whether archived chats stay archived.
    archive: bool,
    /// Whether the notifications of all chats are muted.
    mute_notifications: bool,
}

/// Changes of the settings. What is left out stays.
#[derive(Clone, Default, Deserialize, ToSchema)]
#[schema(as = UserSettingsChanges)]
#[serde(default, deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct SettingsChanges {
    archive: Option<bool>,
    mute_notifications: Option<bool>,
}

/// A device that is logged in.
#[derive(Serialize, ToSchema)]
#[schema(as = Registration)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RegistrationDocument {
    /// The number of the registration.
    id: u64,
    /// The id that the device sent.
    device_id: String,
}

/// An XMPP session.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
pub(crate) struct SessionDocument {
    /// The number of the session's connection.
    id: u64,
    user: String,
    kind: AccountKind,
    /// The full address.
    jid: String,
    resource: String,
    /// Whether the session has sent its presence.
    available: bool,
}

/// The kind of an account.
#[derive(Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) enum AccountKind {
    /// An account of the platform.
    Platform,
    /// An account for any XMPP client.
    Standard,
}

/// An account to create.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct NewUser {
    /// The identifier, which becomes the id of the account.
    pub(super) id: String,
    /// The password of a device to register; drawn if only `deviceId` is given.
    pub(super) password: Option<String>,
    /// The id of a device to register; drawn if only `password` is given.
    pub(super) device_id: Option<String>,
    profile: Option<ProfileDocument>,
    metadata: Option<BTreeMap<String, Value>>,
    settings: Option<SettingsChanges>,
    /// The users whom the account blocks. No session is told.
    blocks: Option<BTreeSet<String>>,
    /// The account's contacts, when contacts are explicit.
    contacts: Option<BTreeSet<String>>,
    /// The users whose notifications are muted.
    muted_users: Option<BTreeSet<String>>,
}

/// Changes of an account. What is left out stays.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct UserChanges {
    profile: Option<ProfileChanges>,
    metadata: Option<BTreeMap<String, Value>>,
    settings: Option<SettingsChanges>,
    /// All users whom the account blocks. Both sides are told what changes.
    pub(super) blocks: Option<BTreeSet<String>>,
    /// All contacts of the account, when contacts are explicit.
    contacts: Option<BTreeSet<String>>,
    /// All users whose notifications are muted.
    muted_users: Option<BTreeSet<String>>,
    /// Whether an administrator blocks the account. Contacts are told, and sessions end.
    pub(super) admin_blocked: Option<bool>,
}

/// The part of a change that changes only the account itself, checked.
pub(super) struct Fields {
    profile: ProfileChanges,
    metadata: Option<BTreeMap<String, Value>>,
    settings: SettingsChanges,
    contacts: Option<BTreeSet<UserId>>,
    muted_users: Option<BTreeSet<UserId>>,
}

impl NewUser {
    /// Checks the members. The second value is the users to block.
    ///
    /// # Errors
    /// The member at fault.
    pub(super) fn fields(&self) -> ControlResult<(Fields, BTreeSet<UserId>)> {
        let profile = self.profile.clone().map(|profile| ProfileChanges {
            nick_name: Some(profile.nick_name),
            email: Some(profile.email),
            mobile_number: Some(profile.mobile_number),
            status: Some(profile.status),
            image: Some(profile.image),
            thumb_image: Some(profile.thumb_image),
        });
        let changes = UserChanges {
            profile,
            metadata: self.metadata.clone(),
            settings: self.settings.clone(),
            contacts: self.contacts.clone(),
            muted_users: self.muted_users.clone(),
            ..UserChanges::default()
        };
        let blocks = self.blocks.clone().unwrap_or_default();
        Ok((changes.fields()?, ids("blocks", &blocks)?))
    }
}

impl UserChanges {
    /// Checks the members.
    ///
    /// # Errors
    /// The member at fault.
    pub(super) fn fields(&self) -> ControlResult<Fields> {
        let checked = |name: &str, given: &Option<BTreeSet<String>>| {
            given.as_ref().map(|given| ids(name, given)).transpose()
        };
        if self.metadata.as_ref().is_some_and(|metadata| metadata.len() > 3) {
            return Err(ControlError::invalid("metadata", "must be at most three values"));
        }
        Ok(Fields {
            profile: self.profile.clone().unwrap_or_default(),
            metadata: self.metadata.clone(),
            settings: self.settings.clone().unwrap_or_default(),
            contacts: checked("contacts", &self.contacts)?,
            muted_users: checked("mutedUsers", &self.muted_users)?,
        })
    }
}

impl Fields {
    /// Changes an account.
    pub(super) fn apply(self, user: &mut User) {
        if let Some(metadata) = self.metadata {
            user.metadata = metadata;
        }
        if let Some(contacts) = self.contacts {
            user.contacts = contacts;
        }
        if let Some(muted) = self.muted_users {
            user.muted_users = muted;
        }
        user.archive = self.settings.archive.unwrap_or(user.archive);
        user.mute_setting = self.settings.mute_notifications.unwrap_or(user.mute_setting);
    }

    /// The profile after the changes; `None` if nothing changes.
    pub(super) fn profile(&self, before: UserProfile) -> Option<UserProfile> {
        let changes = self.profile.clone();
        let after = UserProfile {
            nick_name: changes.nick_name.unwrap_or_else(|| before.nick_name.clone()),
            email: changes.email.unwrap_or_else(|| before.email.clone()),
            mobile_number: changes.mobile_number.unwrap_or_else(|| before.mobile_number.clone()),
            status: changes.status.unwrap_or_else(|| before.status.clone()),
            image: changes.image.unwrap_or_else(|| before.image.clone()),
            thumb_image: changes.thumb_image.unwrap_or_else(|| before.thumb_image.clone()),
        };
        (after != before).then_some(after)
    }
}

/// Checks user ids.
///
/// # Errors
/// The first that cannot be one.
pub(super) fn ids(field: &str, given: &BTreeSet<String>) -> ControlResult<BTreeSet<UserId>> {
    let refuse = |error: mfly_proto::argument::InvalidArgument| {
        ControlError::invalid(field, error.to_string())
    };
    given.iter().map(|id| UserId::new(id).map_err(refuse)).collect()
}

impl UserDocument {
    /// The account as it is now. `profile` is its profile in clear.
    pub(super) fn new(world: &World, user: &User, profile: UserProfile) -> Self {
        let names = |ids: &BTreeSet<UserId>| ids.iter().map(ToString::to_string).collect();
        let blockers = world.users().filter(|other| other.blocked.contains(&user.id));
        let registrations = user.registrations.iter().map(|registration| RegistrationDocument {
            id: registration.id.0,
            device_id: registration.device_id.clone(),
        });
        let streams = world.streams_of(&user.id).into_iter();
        let sessions = streams.filter_map(|stream| Some((stream, world.session(stream)?)));
        Self {
            id: user.id.to_string(),
            jid: world.jid_of(&user.id).to_string(),
            online: world.is_online(&user.id),
            profile: ProfileDocument {
                nick_name: profile.nick_name,
                email: profile.email,
                mobile_number: profile.mobile_number,
                status: profile.status,
                image: profile.image,
                thumb_image: profile.thumb_image,
            },
            metadata: user.metadata.clone(),
            settings: SettingsDocument {
                archive: user.archive,
                mute_notifications: user.mute_setting,
            },
            blocks: names(&user.blocked),
            blocked_by: blockers.map(|other| other.id.to_string()).collect(),
            contacts: names(&user.contacts),
            muted_users: names(&user.muted_users),
            admin_blocked: user.admin_blocked,
            registered_at_ms: user.registered_at.0,
            last_offline_ms: user.last_offline.map(|at| at.0),
            registrations: registrations.collect(),
            sessions: sessions
                .map(|(stream, session)| SessionDocument::new(stream, session))
                .collect(),
        }
    }
}

impl SessionDocument {
    /// The session of a stream.
    pub(super) fn new(stream: StreamId, session: &Session) -> Self {
        let standard = session.standard.as_ref();
        let is_available = match standard {
            Some(standard) => standard.presence.is_some(),
            None => session.presence.is_some(),
        };
        Self {
            id: stream.0,
            user: session.user.to_string(),
            kind: if standard.is_some() { AccountKind::Standard } else { AccountKind::Platform },
            jid: session.jid.to_string(),
            resource: session.jid.resource().unwrap_or_default().to_owned(),
            available: is_available,
        }
    }
}
