//! Changes platform accounts and the plan of a running server, bypassing the network.

use crate::core::feature::account;
use crate::core::world::{RegisterError, StandardError, User, World};
use crate::state::ServerState;
use mfly_api::Feature;
use mfly_proto::argument::InvalidArgument;
use mfly_proto::cipher::{Iv, ProfileCipher};
use mfly_proto::jid::{FullJid, UserId, UserIdentifier};
use mfly_proto::payload::profile::VCard;
use mfly_proto::secret::Password;
use std::collections::BTreeMap;
use std::sync::Arc;
use thiserror::Error;

/// The reason why an operation on an account failed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum UserError {
    /// The id or another argument cannot be used.
    #[error(transparent)]
    InvalidArgument(#[from] InvalidArgument),
    /// There is no such account; register it first.
    #[error("there is no such account; register it first")]
    NoSuchUser,
    /// The account has as many devices as the plan allows.
    #[error("You have reached maximum sessions allowed.")]
    SessionLimit,
    /// An administrator blocked the account.
    #[error("the account is blocked by an administrator")]
    AdminBlocked,
    /// The server holds as many accounts as it can.
    #[error("the server holds as many accounts as it can")]
    TooManyUsers,
    /// A platform account or a standard account, the other kind, has this name.
    #[error("the name belongs to an account of the other kind; choose another")]
    Taken,
}

impl From<StandardError> for UserError {
    fn from(error: StandardError) -> Self {
        match error {
            StandardError::Taken => Self::Taken,
            StandardError::TooManyUsers => Self::TooManyUsers,
        }
    }
}

impl From<RegisterError> for UserError {
    fn from(error: RegisterError) -> Self {
        match error {
            RegisterError::SessionLimit => Self::SessionLimit,
            RegisterError::AdminBlocked => Self::AdminBlocked,
            RegisterError::TooManyUsers => Self::TooManyUsers,
            RegisterError::Taken => Self::Taken,
        }
    }
}

/// The credentials of a registered device.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Credentials {
    /// The user's id, which is the name for logging in.
    pub username: UserId,
    /// The device's password, not encrypted.
    pub password: Password,
}

/// A profile, not encrypted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserProfile {
    /// The name that others see.
    pub nick_name: String,
    /// The e-mail address.
    pub email: String,
    /// The telephone number.
    pub mobile_number: String,
    /// The status text.
    pub status: String,
    /// The picture: a file token or a URL.
    pub image: String,
    /// The small picture: a file token or a URL.
    pub thumb_image: String,
}

/// One platform account, which need not exist yet. Its methods bypass the network.
#[derive(Clone, Debug)]
pub struct UserHandle {
    state: Arc<ServerState>,
    id: String,
}

impl UserHandle {
    pub(crate) fn new(state: Arc<ServerState>, id: String) -> Self {
        Self { state, id }
    }

    /// Registers one more device, as a client does with `forceRegister`, and creates the account if
    /// necessary.
    ///
    /// # Errors
    /// See [`UserError`].
    pub fn register(&self) -> Result<Credentials, UserError> {
        let device = self.state.with_core(|core, _| core.world_mut().fresh_id());
        self.register_device(&device, true)
    }

    /// Registers the device `device_id`. At the session limit, `force` ends the oldest device.
    ///
    /// # Errors
    /// See [`UserError`].
    pub fn register_device(&self, device_id: &str, force: bool) -> Result<Credentials, UserError> {
        let identifier = UserIdentifier::new(&self.id)?;
        let registered = self.state.with_core(|core, now| {
            let device = (device_id, force);
            account::register(core.world_mut(), now, &identifier, device, BTreeMap::new())
        })?;
        Ok(Credentials { username: registered.user, password: registered.password })
    }

    /// Creates the account without a registered device, if it does not exist.
    ///
    /// # Errors
    /// See [`UserError`].
    pub fn create(&self) -> Result<(), UserError> {
        let identifier = UserIdentifier::new(&self.id)?;
        let id = UserId::new(&self.id)?;
        self.state.with_core(|core, now| {
            let world = core.world_mut();
            // Under one lock: a client that registers at this moment stays registered.
            if world.user(&id).is_some() {
                return Ok(());
            }
            let registered =
                account::register(world, now, &identifier, ("", true), BTreeMap::new())?;
            world.log_out(now, &registered.user, registered.registration);
            Ok(())
        })
    }

    /// Whether the account exists.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.look(|_, _| ()).is_ok()
    }

    /// The addresses of the account's sessions.
    #[must_use]
    pub fn sessions(&self) -> Vec<FullJid> {
        let sessions = self.look(|world, user| {
            let streams = world.streams_of(&user.id);
            streams.iter().filter_map(|id| Some(world.session(*id)?.jid.clone())).collect()
        });
        sessions.unwrap_or_default()
    }

    /// Whether one of the account's sessions is available.
    #[must_use]
    pub fn is_online(&self) -> bool {
        self.look(|world, user| world.is_online(&user.id)).unwrap_or_default()
    }

    /// Whether the account has blocked `other`.
    #[must_use]
    pub fn has_blocked(&self, other: &str) -> bool {
        let Ok(other) = UserId::new(other) else {
            return false;
        };
        self.look(|world, user| world.has_blocked(&user.id, &other)).unwrap_or_default()
    }

    /// The account's profile, decrypted.
    ///
    /// # Errors
    /// [`UserError::NoSuchUser`], or an invalid id.
    pub fn profile(&self) -> Result<UserProfile, UserError> {
        self.look(|world, user| {
            let cipher = cipher(world, &user.id)?;
            let open = |sealed: &str| cipher.open(sealed).into_string();
            Ok(UserProfile {
                nick_name: open(&user.profile().nick_name),
                email: open(&user.profile().email),
                mobile_number: open(&user.profile().mobile_number),
                status: user.profile().status.clone(),
                image: user.profile().image.clone(),
                thumb_image: user.profile().thumb_image.clone(),
            })
        })?
    }

    /// Replaces the account's profile. Other users are not notified; later queries return it.
    ///
    /// # Errors
    /// [`UserError::NoSuchUser`], or an invalid id.
    pub fn set_profile(&self, profile: UserProfile) -> Result<(), UserError> {
        let id = UserId::new(&self.id)?;
        self.state.with_core(|core, _| {
            let world = core.world_mut();
            let cipher = cipher(world, &id)?;
            let seal = |text: &str| {
                if text.is_empty() { String::new() } else { cipher.seal(text) }
            };
            let profile = VCard {
                nick_name: seal(&profile.nick_name),
                email: seal(&profile.email),
                mobile_number: seal(&profile.mobile_number),
                status: profile.status,
                image: profile.image,
                thumb_image: profile.thumb_image,
                others: Vec::new(),
            };
            let is_known = world.set_profile(&id, profile);
            found(is_known)
        })
    }

    /// Makes the account and `other` contacts of each other.
    ///
    /// # Errors
    /// [`UserError::NoSuchUser`] if one of them does not exist, or an invalid id.
    pub fn make_contact(&self, other: &str) -> Result<(), UserError> {
        let (one, other) = (UserId::new(&self.id)?, UserId::new(other)?);
        found(self.state.with_core(|core, _| core.world_mut().make_contacts(&one, &other)))
    }

    /// Blocks `other` for the account. No session is notified; later queries return it.
    ///
    /// # Errors
    /// [`UserError::NoSuchUser`], or an invalid id.
    pub fn block(&self, other: &str) -> Result<(), UserError> {
        let (id, other) = (UserId::new(&self.id)?, UserId::new(other)?);
        self.state.with_core(|core, _| {
            let user = core.world_mut().user_mut(&id);
            user.ok_or(UserError::NoSuchUser)?.blocked.insert(other);
            Ok(())
        })
    }

    /// Blocks or unblocks the account as an administrator: notifies its contacts, and ends the
    /// sessions of a blocked account.
    ///
    /// # Errors
    /// [`UserError::NoSuchUser`], or an invalid id.
    pub fn admin_block(&self, is_blocked: bool) -> Result<(), UserError> {
        let id = UserId::new(&self.id)?;
        found(self.state.with_core(|core, now| {
            account::set_admin_blocked(core.world_mut(), now, &id, is_blocked)
        }))
    }

    /// Deletes the account as its user can, and notifies its contacts.
    ///
    /// # Errors
    /// [`UserError::NoSuchUser`], or an invalid id.
    pub fn delete(&self) -> Result<(), UserError> {
        let id = UserId::new(&self.id)?;
        found(self.state.with_core(|core, now| account::delete(core.world_mut(), now, &id)))
    }

    /// Makes all REST tokens that the account has now expire.
    ///
    /// # Errors
    /// [`UserError::NoSuchUser`], or an invalid id.
    pub fn expire_tokens(&self) -> Result<(), UserError> {
        let id = self.look(|_, user| user.id.clone())?;
        self.state.tokens.expire(&id);
        Ok(())
    }

    fn look<R>(&self, work: impl FnOnce(&World, &User) -> R) -> Result<R, UserError> {
        let id = UserId::new(&self.id)?;
        self.state.read_core(|core| {
            let user = core.world().user(&id).ok_or(UserError::NoSuchUser)?;
            Ok(work(core.world(), user))
        })
    }
}

/// An error unless the account was found.
pub(super) fn found(is_found: bool) -> Result<(), UserError> {
    is_found.then_some(()).ok_or(UserError::NoSuchUser)
}

fn cipher(world: &World, user: &UserId) -> Result<ProfileCipher, UserError> {
    Ok(ProfileCipher::new(user, &Iv::new(&world.settings.iv_profile)?))
}

/// The plan of the licence. Changes apply to later requests; clients see them in their next
/// configuration.
#[derive(Clone, Debug)]
pub struct PlanHandle {
    state: Arc<ServerState>,
}

impl PlanHandle {
    pub(crate) fn new(state: Arc<ServerState>) -> Self {
        Self { state }
    }

    /// Removes a feature from the plan.
    pub fn disable(&self, feature: Feature) -> &Self {
        self.set(feature, false)
    }

    /// Adds a feature to the plan.
    pub fn enable(&self, feature: Feature) -> &Self {
        self.set(feature, true)
    }

    /// Limits how many devices an account may have registered at a time; at least 1.
    pub fn session_limit(&self, limit: usize) -> &Self {
        self.state.with_core(|core, _| core.world_mut().settings.session_limit = limit.max(1));
        self
    }

    /// Whether the plan has a feature.
    #[must_use]
    pub fn includes(&self, feature: Feature) -> bool {
        self.state.read_core(|core| core.world().settings.features.contains(feature))
    }

    fn set(&self, feature: Feature, is_enabled: bool) -> &Self {
        self.state.with_core(|core, _| {
            let settings = &mut core.world_mut().settings;
            settings.features = settings.features.with(feature, is_enabled);
        });
        self
    }
}
