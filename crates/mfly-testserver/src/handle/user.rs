//! Changing a running server's accounts and plan from outside.

use crate::core::world::{RegisterError, StandardError, User, World};
use crate::state::ServerState;
use mfly_api::Feature;
use mfly_proto::argument::InvalidArgument;
use mfly_proto::cipher::{Iv, ProfileCipher};
use mfly_proto::jid::{FullJid, UserId, UserIdentifier};
use mfly_proto::payload::profile::VCard;
use mfly_proto::secret::Password;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use thiserror::Error;

/// Why an operation on an account failed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum UserError {
    /// The id cannot be one.
    #[error(transparent)]
    InvalidArgument(#[from] InvalidArgument),
    /// There is no such account; register it first.
    #[error("there is no such account; register it first")]
    NoSuchUser,
    /// The account has as many devices as allowed.
    #[error("You have reached maximum sessions allowed.")]
    SessionLimit,
    /// An administrator blocked the account.
    #[error("the account is blocked by an administrator")]
    AdminBlocked,
    /// The server holds as many accounts as it can.
    #[error("the server holds as many accounts as it can")]
    TooManyUsers,
    /// The name belongs to an account of the other kind: of the platform, or standard.
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

/// What a device logs in with.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Credentials {
    /// The user's id.
    pub username: UserId,
    /// This device's password, not sealed.
    pub password: Password,
}

/// A profile in clear.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserProfile {
    /// The name that others see.
    pub nick_name: String,
    /// E-mail address.
    pub email: String,
    /// Telephone number.
    pub mobile_number: String,
    /// What the user says about themselves.
    pub status: String,
    /// File token or URL of the picture.
    pub image: String,
    /// The same of the small picture.
    pub thumb_image: String,
}

/// One account, whether it exists yet or not. Nothing here goes through the network.
#[derive(Clone)]
pub struct UserHandle {
    state: Arc<ServerState>,
    id: String,
}

impl UserHandle {
    pub(crate) fn new(state: Arc<ServerState>, id: String) -> Self {
        Self { state, id }
    }

    /// Registers one more device, as a client would with `forceRegister`, and makes the account
    /// if there is none.
    ///
    /// # Errors
    /// See [`UserError`].
    pub fn register(&self) -> Result<Credentials, UserError> {
        let device = self.state.with_core(|core, _| core.world_mut().fresh_id());
        self.register_device(&device, true)
    }

    /// Registers the device `device_id`, ending older ones at the session limit if `force` says so.
    ///
    /// # Errors
    /// See [`UserError`].
    pub fn register_device(&self, device_id: &str, force: bool) -> Result<Credentials, UserError> {
        let identifier = UserIdentifier::new(&self.id)?;
        let registered = self.state.with_core(|core, now| {
            core.world_mut().register(now, &identifier, device_id, force, BTreeMap::new())
        })?;
        Ok(Credentials { username: registered.user, password: registered.password })
    }

    /// Makes the account without leaving a device registered, if there is none.
    ///
    /// # Errors
    /// See [`UserError`].
    pub fn create(&self) -> Result<(), UserError> {
        let identifier = UserIdentifier::new(&self.id)?;
        let id = UserId::new(&self.id)?;
        self.state.with_core(|core, now| {
            let world = core.world_mut();
            // Looked for under the same lock: a client may register at this moment, and stays
            // registered.
            if world.user(&id).is_some() {
                return Ok(());
            }
            let registered = world.register(now, &identifier, "", true, BTreeMap::new())?;
            world.log_out(now, &registered.user, registered.registration);
            Ok(())
        })
    }

    /// Whether the account exists.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.look(|_, _| ()).is_ok()
    }

    /// The addresses of its connections.
    #[must_use]
    pub fn sessions(&self) -> Vec<FullJid> {
        let sessions = self.look(|world, user| {
            let streams = world.streams_of(&user.id);
            streams.iter().filter_map(|id| Some(world.session(*id)?.jid.clone())).collect()
        });
        sessions.unwrap_or_default()
    }

    /// Whether one of its connections says it is available.
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

    /// Its profile, opened.
    ///
    /// # Errors
    /// [`UserError::NoSuchUser`], or an id that cannot be one.
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

    /// Replaces its profile. Nobody is told; clients that ask get the new one.
    ///
    /// # Errors
    /// [`UserError::NoSuchUser`], or an id that cannot be one.
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
            is_known.then_some(()).ok_or(UserError::NoSuchUser)
        })
    }

    /// Makes the account and `other` contacts of each other.
    ///
    /// # Errors
    /// [`UserError::NoSuchUser`] when one of them does not exist, or an id that cannot be one.
    pub fn make_contact(&self, other: &str) -> Result<(), UserError> {
        let (one, other) = (UserId::new(&self.id)?, UserId::new(other)?);
        let is_done = self.state.with_core(|core, _| core.world_mut().make_contacts(&one, &other));
        if is_done { Ok(()) } else { Err(UserError::NoSuchUser) }
    }

    /// Blocks `other` for the account. Nobody is told; clients that ask get the new list.
    ///
    /// # Errors
    /// [`UserError::NoSuchUser`], or an id that cannot be one.
    pub fn block(&self, other: &str) -> Result<(), UserError> {
        let (id, other) = (UserId::new(&self.id)?, UserId::new(other)?);
        self.state.with_core(|core, _| {
            let user = core.world_mut().user_mut(&id);
            user.ok_or(UserError::NoSuchUser)?.blocked.insert(other);
            Ok(())
        })
    }

    /// Blocks or unblocks the account as an administrator: everybody concerned is told, and a
    /// blocked account's connections end.
    ///
    /// # Errors
    /// [`UserError::NoSuchUser`], or an id that cannot be one.
    pub fn admin_block(&self, is_blocked: bool) -> Result<(), UserError> {
        let id = UserId::new(&self.id)?;
        let is_done = self
            .state
            .with_core(|core, now| core.world_mut().set_admin_blocked(now, &id, is_blocked));
        if is_done { Ok(()) } else { Err(UserError::NoSuchUser) }
    }

    /// Deletes the account as its user would.
    ///
    /// # Errors
    /// [`UserError::NoSuchUser`], or an id that cannot be one.
    pub fn delete(&self) -> Result<(), UserError> {
        let id = UserId::new(&self.id)?;
        let is_done = self.state.with_core(|core, now| core.world_mut().delete_account(now, &id));
        if is_done { Ok(()) } else { Err(UserError::NoSuchUser) }
    }

    /// Makes every REST token that the account has now expire.
    ///
    /// # Errors
    /// [`UserError::NoSuchUser`], or an id that cannot be one.
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

fn cipher(world: &World, user: &UserId) -> Result<ProfileCipher, UserError> {
    Ok(ProfileCipher::new(user, &Iv::new(&world.settings.iv_profile)?))
}

impl fmt::Debug for UserHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UserHandle({})", self.id)
    }
}

/// The plan of the licence. Changes hold for requests from now on; clients learn of them with their
/// next configuration.
#[derive(Clone)]
pub struct PlanHandle {
    state: Arc<ServerState>,
}

impl PlanHandle {
    pub(crate) fn new(state: Arc<ServerState>) -> Self {
        Self { state }
    }

    /// Takes a feature out.
    pub fn disable(&self, feature: Feature) -> &Self {
        self.set(feature, false)
    }

    /// Puts a feature in.
    pub fn enable(&self, feature: Feature) -> &Self {
        self.set(feature, true)
    }

    /// How many devices an account may have registered at a time; at least 1.
    pub fn session_limit(&self, limit: usize) -> &Self {
        self.state.with_core(|core, _| core.world_mut().settings.session_limit = limit.max(1));
        self
    }

    /// Whether a feature is in.
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

impl fmt::Debug for PlanHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlanHandle")
    }
}
