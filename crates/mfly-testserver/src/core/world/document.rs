//! The accounts and the plan as a document, which a later run of the server can read back.
//!
//! A document keeps what outlives sessions. It keeps no ids of registrations: a registration that
//! is read back is a new one, so tokens of before are not valid for it.

mod profile;
pub(crate) mod whole;

use super::roster::{Contact, Roster};
use super::standard::StandardAccount;
use super::{Names, Registration, RegistrationId, Timestamp, User, World, open_name};
use mfly_api::feature::{Feature, Features};
use mfly_proto::argument::InvalidArgument;
use mfly_proto::cipher::Iv;
use mfly_proto::jid::{BareJid, Jid, UserId};
use mfly_proto::secret::Password;
use mfly_proto::xml::{Document, Limits};
use profile::ProfileDocument;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;
use utoipa::ToSchema;
use whole::Whole;

/// All accounts and the plan.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct WorldDocument {
    pub(crate) users: Vec<UserDocument>,
    pub(crate) standard_users: Vec<StandardUserDocument>,
    pub(crate) plan: PlanDocument,
}

/// A platform account.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = StateUser)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct UserDocument {
    /// The id of the account.
    id: String,
    #[serde(default)]
    profile: ProfileDocument,
    /// Whether the account ever set its profile.
    #[serde(default)]
    profile_updated: bool,
    /// Up to three values, free for the app.
    #[serde(default)]
    metadata: BTreeMap<String, Value>,
    /// The accounts that this one has blocked.
    #[serde(default)]
    blocks: BTreeSet<String>,
    /// The account's contacts, when contacts are explicit.
    #[serde(default)]
    contacts: BTreeSet<String>,
    /// The names that the account gave to its contacts.
    #[serde(default)]
    contact_names: BTreeMap<String, String>,
    /// Whether an administrator blocked the account.
    #[serde(default)]
    admin_blocked: bool,
    /// When the account was made, in milliseconds since 1970-01-01 00:00 UTC.
    #[serde(default)]
    registered_at_ms: Whole,
    /// When the account's last session ended, in milliseconds since 1970-01-01 00:00 UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_offline_ms: Option<Whole>,
    /// Whether archived chats stay archived.
    #[serde(default)]
    archive: bool,
    /// Whether the notifications of all chats are muted.
    #[serde(default)]
    mute_notifications: bool,
    /// The users whose notifications are muted.
    #[serde(default)]
    muted_users: BTreeSet<String>,
    /// The groups whose notifications are muted, by local part.
    #[serde(default)]
    muted_groups: BTreeSet<String>,
    /// The devices that are logged in, oldest first.
    #[serde(default)]
    registrations: Vec<RegistrationDocument>,
}

/// A device that is logged in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = StateRegistration)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct RegistrationDocument {
    /// The id that the device sent.
    device_id: String,
    /// The device's password. Without it, a device that is registered when the document is read
    /// keeps its password, and another device gets a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    password: Option<SecretText>,
}

/// A standard account.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = StateStandardUser)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct StandardUserDocument {
    /// The name of the account.
    name: String,
    /// The password. Without it, an account that exists when the document is read keeps its
    /// password, and another account gets a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    password: Option<SecretText>,
    /// When the account was made, in milliseconds since 1970-01-01 00:00 UTC.
    #[serde(default)]
    made_at_ms: Whole,
    /// When the account's last session ended, in milliseconds since 1970-01-01 00:00 UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    left_at_ms: Option<Whole>,
    /// The status text with which the account's last session ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    left_status: Option<String>,
    /// The vCard as XML.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    card: Option<String>,
    /// The addresses that the account has blocked.
    #[serde(default)]
    blocks: BTreeSet<String>,
    /// The version of the contact list.
    #[serde(default)]
    roster_version: Whole,
    #[serde(default)]
    contacts: Vec<ContactDocument>,
}

/// An entry of a standard account's contact list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = StateContact)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct ContactDocument {
    /// The contact's bare address.
    jid: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(default)]
    groups: BTreeSet<String>,
    /// Whether the contact sees the account's presence.
    #[serde(default)]
    from: bool,
    /// Whether the account sees the contact's presence.
    #[serde(default)]
    to: bool,
    /// Whether the account has asked to see the contact's presence.
    #[serde(default)]
    asks: bool,
    /// Whether the contact has asked to see the account's presence, and waits.
    #[serde(default)]
    waits: bool,
    /// Whether the account's clients are sent the entry.
    #[serde(default = "yes")]
    listed: bool,
}

/// A password in a document. `Debug` does not show it.
#[derive(Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
pub(crate) struct SecretText(String);

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<redacted>")
    }
}

const fn yes() -> bool {
    true
}

/// The plan of the licence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = StatePlan)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(crate) struct PlanDocument {
    /// The features, each with whether the plan has it. A feature that is not named is on.
    pub(crate) features: BTreeMap<String, bool>,
    /// How many devices an account may have registered at a time.
    #[schema(minimum = 1)]
    pub(crate) session_limit: usize,
    /// How long a REST token is valid, in milliseconds.
    pub(crate) token_lifetime_ms: Whole,
}

impl Default for PlanDocument {
    fn default() -> Self {
        Self {
            features: BTreeMap::new(),
            session_limit: 5,
            token_lifetime_ms: Whole::new(3_600_000),
        }
    }
}

/// Why a document cannot be read back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {reason}")]
pub(crate) struct InvalidDocument {
    /// The path of the member at fault, such as `users[3].id`.
    pub(crate) field: String,
    /// What is wrong, and what to do.
    pub(crate) reason: String,
}

impl InvalidDocument {
    fn new(field: impl Into<String>, reason: impl ToString) -> Self {
        Self { field: field.into(), reason: reason.to_string() }
    }
}

/// Accounts that were read from a document and can replace the present ones.
struct Accounts {
    users: BTreeMap<UserId, User>,
    standard: BTreeMap<UserId, StandardAccount>,
    names: Names,
}

impl World {
    /// The accounts and the plan. Temporary accounts are left out, and so are passwords unless
    /// `secrets` are asked for.
    pub(crate) fn document(&self, secrets: bool) -> WorldDocument {
        let standard = self.standard.values().filter(|account| !account.is_temporary);
        let settings = &self.settings;
        let lifetime = settings.token_lifetime.as_millis();
        WorldDocument {
            users: self
                .users
                .values()
                .map(|user| user.document(&self.iv_profile, secrets))
                .collect(),
            standard_users: standard.map(|account| account.document(secrets)).collect(),
            plan: PlanDocument {
                features: Feature::ALL
                    .iter()
                    .map(|f| (f.wire_name().to_owned(), settings.features.contains(*f)))
                    .collect(),
                session_limit: settings.session_limit,
                token_lifetime_ms: Whole::new(u64::try_from(lifetime).unwrap_or(u64::MAX)),
            },
        }
    }

    /// Replaces all accounts and the plan. Nothing changes if the document cannot be read. The
    /// caller ends the sessions first.
    ///
    /// # Errors
    /// See [`InvalidDocument`].
    pub(crate) fn set_document(&mut self, document: &WorldDocument) -> Result<(), InvalidDocument> {
        let count = document.users.len() + document.standard_users.len();
        if count > self.settings.max_users {
            let limit = self.settings.max_users;
            return Err(InvalidDocument::new("users", format!("must be at most {limit} accounts")));
        }
        if document.plan.session_limit == 0 {
            return Err(InvalidDocument::new("plan.sessionLimit", "must be at least 1"));
        }
        let mut features = Features::all();
        for (name, is_on) in &document.plan.features {
            let feature = Feature::from_wire_name(name);
            let field = || format!("plan.features.{name}");
            let unknown = || InvalidDocument::new(field(), "there is no such feature");
            features = features.with(feature.ok_or_else(unknown)?, *is_on);
        }
        let accounts = self.accounts(document)?;
        self.users = accounts.users;
        self.standard = accounts.standard;
        self.names = accounts.names;
        self.qr_sessions.clear();
        self.told_to_leave.clear();
        self.settings.features = features;
        self.settings.session_limit = document.plan.session_limit;
        self.settings.token_lifetime = Duration::from_millis(document.plan.token_lifetime_ms.get());
        Ok(())
    }

    fn accounts(&mut self, document: &WorldDocument) -> Result<Accounts, InvalidDocument> {
        let mut users = BTreeMap::new();
        let mut names = Names::default();
        for (index, entry) in document.users.iter().enumerate() {
            let place = format!("users[{index}]");
            let user = self.user_of(entry, &place)?;
            names.set(&user.id, &open_name(&self.iv_profile, &user));
            let id = user.id.clone();
            if users.insert(id, user).is_some() {
                return Err(InvalidDocument::new(format!("{place}.id"), "names an account twice"));
            }
        }
        let mut standard = BTreeMap::new();
        for (index, entry) in document.standard_users.iter().enumerate() {
            let place = format!("standardUsers[{index}]");
            let account = self.standard_of(entry, &place)?;
            let id = account.id.clone();
            if users.contains_key(&id) || standard.insert(id, account).is_some() {
                return Err(InvalidDocument::new(
                    format!("{place}.name"),
                    "names an account twice",
                ));
            }
        }
        Ok(Accounts { users, standard, names })
    }

    fn user_of(&mut self, entry: &UserDocument, place: &str) -> Result<User, InvalidDocument> {
        let field = |name: &str| format!("{place}.{name}");
        let at = |name: &str, error: InvalidArgument| InvalidDocument::new(field(name), error);
        let id = UserId::new(&entry.id).map_err(|error| at("id", error))?;
        let ids = |name: &str, ids: &BTreeSet<String>| -> Result<BTreeSet<UserId>, _> {
            ids.iter().map(|id| UserId::new(id).map_err(|error| at(name, error))).collect()
        };
        let mut contact_names = BTreeMap::new();
        for (contact, name) in &entry.contact_names {
            let contact = UserId::new(contact).map_err(|error| at("contactNames", error))?;
            contact_names.insert(contact, name.clone());
        }
        let mut registrations = Vec::new();
        for device in &entry.registrations {
            let known = self.users.get(&id).and_then(|user| {
                user.registrations.iter().find(|known| known.device_id == device.device_id)
            });
            let known = known.map(|known| known.password.clone());
            let password = match (&device.password, known) {
                (Some(password), _) => Password::new(password.0.clone()),
                (None, Some(known)) => Ok(known),
                (None, None) => Password::new(self.ids.hex()),
            };
            let password = password.map_err(|error| at("registrations", error))?;
            let id = RegistrationId(self.ids.number());
            registrations.push(Registration { id, device_id: device.device_id.clone(), password });
        }
        Ok(User {
            profile: entry.profile.card(&id, &self.iv_profile),
            profile_updated: entry.profile_updated,
            metadata: entry.metadata.clone(),
            blocked: ids("blocks", &entry.blocks)?,
            contacts: ids("contacts", &entry.contacts)?,
            contact_names,
            admin_blocked: entry.admin_blocked,
            last_offline: entry.last_offline_ms.map(|at| Timestamp(at.get())),
            archive: entry.archive,
            mute_setting: entry.mute_notifications,
            muted_users: ids("mutedUsers", &entry.muted_users)?,
            muted_groups: entry.muted_groups.clone(),
            registrations,
            ..User::new(id, Timestamp(entry.registered_at_ms.get()))
        })
    }

    fn standard_of(
        &mut self,
        entry: &StandardUserDocument,
        place: &str,
    ) -> Result<StandardAccount, InvalidDocument> {
        let field = |name: &str| format!("{place}.{name}");
        let at = |name: &str, error: InvalidArgument| InvalidDocument::new(field(name), error);
        let id = UserId::new(&entry.name).map_err(|error| at("name", error))?;
        let known = self.standard.get(&id).map(|account| account.password.clone());
        let password = match (&entry.password, known) {
            (Some(password), _) => Password::new(password.0.clone()),
            (None, Some(known)) => Ok(known),
            (None, None) => Password::new(self.ids.hex()),
        };
        let password = password.map_err(|error| at("password", error))?;
        let card = entry.card.clone().map(|text| Document::parse(text, &Limits::default()));
        let card = card.transpose().map_err(|error| InvalidDocument::new(field("card"), error))?;
        let blocked = entry.blocks.iter().map(|jid| Jid::new(jid));
        let blocked: Result<_, _> = blocked.collect();
        let mut account = StandardAccount::new(
            id,
            RegistrationId(self.ids.number()),
            password,
            Timestamp(entry.made_at_ms.get()),
        );
        account.card = card;
        account.blocked = blocked.map_err(|error| at("blocks", error))?;
        account.left = entry.left_at_ms.map(|at| (Timestamp(at.get()), entry.left_status.clone()));
        let mut contacts = BTreeMap::new();
        for contact in &entry.contacts {
            let jid = BareJid::new(&contact.jid).map_err(|error| at("contacts", error))?;
            contacts.insert(jid, contact.into());
        }
        account.roster = Roster::restored(contacts, entry.roster_version.get())
            .map_err(|error| InvalidDocument::new(field("contacts"), error))?;
        Ok(account)
    }
}

impl User {
    fn document(&self, iv: &Iv, secrets: bool) -> UserDocument {
        let names = |ids: &BTreeSet<UserId>| ids.iter().map(ToString::to_string).collect();
        let registrations = self.registrations.iter().map(|registration| RegistrationDocument {
            device_id: registration.device_id.clone(),
            password: secrets.then(|| SecretText(registration.password.expose().to_owned())),
        });
        let contact_names = self.contact_names.iter();
        UserDocument {
            id: self.id.to_string(),
            profile: ProfileDocument::of(&self.id, iv, &self.profile),
            profile_updated: self.profile_updated,
            metadata: self.metadata.clone(),
            blocks: names(&self.blocked),
            contacts: names(&self.contacts),
            contact_names: contact_names.map(|(id, name)| (id.to_string(), name.clone())).collect(),
            admin_blocked: self.admin_blocked,
            registered_at_ms: Whole::new(self.registered_at.0),
            last_offline_ms: self.last_offline.map(|at| Whole::new(at.0)),
            archive: self.archive,
            mute_notifications: self.mute_setting,
            muted_users: names(&self.muted_users),
            muted_groups: self.muted_groups.clone(),
            registrations: registrations.collect(),
        }
    }
}

impl StandardAccount {
    fn document(&self, secrets: bool) -> StandardUserDocument {
        let contacts = self.roster.contacts().map(|(jid, contact)| ContactDocument {
            jid: jid.to_string(),
            name: contact.name.clone(),
            groups: contact.groups.clone(),
            from: contact.from,
            to: contact.to,
            asks: contact.asks,
            waits: contact.waits,
            listed: contact.is_listed,
        });
        StandardUserDocument {
            name: self.id.to_string(),
            password: secrets.then(|| SecretText(self.password.expose().to_owned())),
            made_at_ms: Whole::new(self.made_at.0),
            left_at_ms: self.left.as_ref().map(|(at, _)| Whole::new(at.0)),
            left_status: self.left.as_ref().and_then(|(_, status)| status.clone()),
            card: self.card.as_ref().map(|card| card.as_str().to_owned()),
            blocks: self.blocked.iter().map(ToString::to_string).collect(),
            roster_version: Whole::new(self.roster.version()),
            contacts: contacts.collect(),
        }
    }
}

impl From<&ContactDocument> for Contact {
    fn from(entry: &ContactDocument) -> Self {
        Self {
            name: entry.name.clone(),
            groups: entry.groups.clone(),
            from: entry.from,
            to: entry.to,
            asks: entry.asks,
            waits: entry.waits,
            is_listed: entry.listed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::testing::Server;
    use proptest::prelude::*;

    /// Ids that are accounts, and some that need not be.
    fn ids() -> impl Strategy<Value = BTreeSet<String>> {
        proptest::collection::btree_set("[a-z0-9]{1,8}", 0..4)
    }

    fn texts() -> impl Strategy<Value = String> {
        prop_oneof![Just(String::new()), "[ -~äß\u{1F600}]{1,24}"]
    }

    prop_compose! {
        fn profiles()(
            [nick_name, email, mobile_number, status, image] in [texts(), texts(), texts(), texts(), texts()],
            raw in proptest::option::of("[A-Za-z0-9+/=]{1,30}"),
        ) -> ProfileDocument {
            ProfileDocument {
                nick_name, email, mobile_number, status, image,
                thumb_image: String::new(),
                others: vec![("x".to_owned(), "y".to_owned())],
                as_received: raw.map(|raw| ("nickName".to_owned(), raw)).into_iter().collect(),
            }
        }
    }

    prop_compose! {
        fn users()(
            profile in profiles(),
            [blocks, contacts, muted_users, muted_groups] in [ids(), ids(), ids(), ids()],
            [admin_blocked, archive, mute_notifications, profile_updated] in any::<[bool; 4]>(),
            registered_at_ms in any::<u32>(),
            last_offline_ms in proptest::option::of(any::<u64>().prop_map(Whole::new)),
            name in texts(),
        ) -> UserDocument {
            UserDocument {
                id: String::new(),
                profile,
                profile_updated,
                metadata: [("key".to_owned(), Value::from(name.clone()))].into(),
                contact_names: contacts.iter().map(|id| (id.clone(), name.clone())).collect(),
                blocks, contacts, admin_blocked, archive, mute_notifications, muted_users, muted_groups,
                registered_at_ms: Whole::new(u64::from(registered_at_ms)),
                last_offline_ms,
                registrations: vec![RegistrationDocument {
                    device_id: "d1".to_owned(),
                    password: Some(SecretText("secret".to_owned())),
                }],
            }
        }
    }

    prop_compose! {
        fn standard_users()(
            password in "[!-~]{1,12}",
            contacts in proptest::collection::btree_set("[a-z]{1,6}", 0..4),
            flags in any::<[bool; 5]>(),
            left in proptest::option::of((any::<u64>().prop_map(Whole::new), texts())),
            roster_version in any::<u64>().prop_map(Whole::new),
        ) -> StandardUserDocument {
            let [from, to, asks, waits, listed] = flags;
            StandardUserDocument {
                name: String::new(),
                password: Some(SecretText(password)),
                made_at_ms: Whole::new(7),
                left_at_ms: left.as_ref().map(|(at, _)| *at),
                left_status: left.map(|(_, status)| status),
                card: from.then(|| "<vCard xmlns=\"vcard-temp\"><FN>x</FN></vCard>".to_owned()),
                blocks: contacts.iter().map(|name| format!("{name}@h.test")).collect(),
                roster_version,
                contacts: contacts.into_iter().map(|name| ContactDocument {
                    jid: format!("{name}@h.test"),
                    name: waits.then_some(name),
                    groups: to.then(|| "friends".to_owned()).into_iter().collect(),
                    from, to, asks, waits, listed,
                }).collect(),
            }
        }
    }

    prop_compose! {
        fn documents()(
            users in proptest::collection::vec(users(), 0..5),
            standard_users in proptest::collection::vec(standard_users(), 0..4),
            session_limit in 1..9_usize,
            token_lifetime_ms in any::<u32>(),
            has_block in any::<bool>(),
        ) -> WorldDocument {
            let numbered = users.into_iter().enumerate();
            let users = numbered.map(|(n, user)| UserDocument { id: format!("u{n}"), ..user });
            let numbered = standard_users.into_iter().enumerate();
            let standard =
                numbered.map(|(n, user)| StandardUserDocument { name: format!("s{n}"), ..user });
            WorldDocument {
                users: users.collect(),
                standard_users: standard.collect(),
                plan: PlanDocument {
                    features: Feature::ALL
                        .iter()
                        .map(|f| (f.wire_name().to_owned(), has_block || *f != Feature::Block))
                        .collect(),
                    session_limit,
                    token_lifetime_ms: Whole::new(u64::from(token_lifetime_ms)),
                },
            }
        }
    }

    /// A text that the server would seal as it was received is not kept as received.
    fn normal(mut document: WorldDocument) -> WorldDocument {
        let mut server = Server::new();
        server.core.world_mut().set_document(&document).unwrap();
        document.users = server.core.world().document(true).users;
        document
    }

    proptest! {
        #[test]
        fn what_one_server_writes_another_reads_back_equal(document in documents()) {
            let document = normal(document);
            let json = serde_json::to_string(&document.users).unwrap();
            prop_assert!(serde_json::from_str::<Vec<UserDocument>>(&json).unwrap() == document.users);
            let json = serde_json::to_string(&document.standard_users).unwrap();
            let standard_users = serde_json::from_str(&json).unwrap();
            let read = WorldDocument { standard_users, ..document.clone() };
            let mut server = Server::new();
            server.core.world_mut().set_document(&read).unwrap();
            prop_assert!(server.core.world().document(true) == document);
        }
    }

    #[test]
    fn without_secrets_no_password_is_written_and_known_accounts_keep_theirs() {
        let mut server = Server::new();
        server.connect("u1", "a");
        server.standard("s1");
        let whole = server.core.world().document(true);
        let shown = server.core.world().document(false);
        let text = serde_json::to_string(&(&shown.users, &shown.standard_users)).unwrap();
        assert!(!text.contains("password"), "{text}");
        server.core.world_mut().set_document(&shown).unwrap();
        assert!(server.core.world().document(true) == whole);
        // A server that does not know the accounts draws new passwords.
        let mut other = Server::new();
        other.core.world_mut().set_document(&shown).unwrap();
        let drawn = other.core.world().document(true);
        assert!(drawn != whole && drawn.users[0].registrations[0].password.is_some());
    }

    #[test]
    fn a_member_that_cannot_be_used_is_named() {
        let user = |id: &str| UserDocument { id: id.to_owned(), ..UserDocument::default() };
        let with = |users: Vec<UserDocument>| WorldDocument { users, ..WorldDocument::default() };
        let blocks = UserDocument { blocks: ["a b".to_owned()].into(), ..user("u1") };
        let plan = PlanDocument { session_limit: 0, ..PlanDocument::default() };
        for (document, field) in [
            (with(vec![user("a b")]), "users[0].id"),
            (with(vec![user("u1"), user("U1")]), "users[1].id"),
            (with(vec![user("u0"), blocks]), "users[1].blocks"),
            (WorldDocument { plan, ..WorldDocument::default() }, "plan.sessionLimit"),
        ] {
            let error = Server::new().core.world_mut().set_document(&document).unwrap_err();
            assert_eq!(error.field, field, "{error}");
        }
    }
}
