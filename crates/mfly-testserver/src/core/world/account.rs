//! Platform accounts: registrations, passwords, and removal.

use super::{Registration, RegistrationId, Timestamp, User, World};
use mfly_proto::cipher::login;
use mfly_proto::jid::{UserId, UserIdentifier};
use mfly_proto::secret::Password;
use serde_json::Value;
use std::collections::BTreeMap;
use thiserror::Error;

/// A registered device and its credentials.
#[derive(Clone, Debug)]
pub(crate) struct Registered {
    /// The account that was registered.
    pub(crate) user: UserId,
    /// The registration id, which tokens of this device carry.
    pub(crate) registration: RegistrationId,
    /// The password of this device.
    pub(crate) password: Password,
    /// Whether the account has ever set its profile.
    pub(crate) profile_updated: bool,
}

/// Why a registration is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum RegisterError {
    /// As many devices as allowed are registered, and the registration is not forced.
    #[error("You have reached maximum sessions allowed.")]
    SessionLimit,
    /// An administrator blocked the account.
    #[error("User is blocked by admin")]
    AdminBlocked,
    /// The server has as many accounts as its settings allow.
    #[error("Maximum number of users reached")]
    TooManyUsers,
    /// The name belongs to a standard account.
    #[error("The name belongs to a standard account")]
    Taken,
}

/// Why a login is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum LoginError {
    /// No such account, or another password.
    #[error("Invalid Credentials")]
    InvalidCredentials,
    /// An administrator blocked the account.
    #[error("User is blocked by admin")]
    AdminBlocked,
}

impl World {
    /// Registers a device, making the account if there is none.
    ///
    /// Metadata replace what there was, unless they are empty. A device that is registered already
    /// keeps its registration. At the session limit a forced registration ends the oldest ones:
    /// their passwords and tokens stop working (which of them the platform ends is inferred). The
    /// second value names them.
    ///
    /// # Errors
    /// See [`RegisterError`].
    pub(crate) fn register_device(
        &mut self,
        now: Timestamp,
        identifier: &UserIdentifier,
        device_id: &str,
        force: bool,
        metadata: BTreeMap<String, Value>,
    ) -> Result<(Registered, Vec<RegistrationId>), RegisterError> {
        // Cannot fail: an identifier's alphabet is a part of a user id's. Were it to, the server
        // would be at fault.
        let id = UserId::new(identifier.as_str()).map_err(|_| RegisterError::TooManyUsers)?;
        if self.standard.contains_key(&id) {
            return Err(RegisterError::Taken);
        }
        let limit = self.settings.session_limit.max(1);
        if let Some(user) = self.users.get(&id) {
            if user.admin_blocked {
                return Err(RegisterError::AdminBlocked);
            }
            let known = user.registrations.iter().any(|r| r.device_id == device_id);
            if !known && user.registrations.len() >= limit && !force {
                return Err(RegisterError::SessionLimit);
            }
        } else if self.users.len() >= self.settings.max_users {
            return Err(RegisterError::TooManyUsers);
        }
        let fresh = Registration {
            id: RegistrationId(self.ids.number()),
            device_id: device_id.to_owned(),
            // Cannot fail either: hexadecimal digits are a valid password.
            password: Password::new(self.ids.hex()).map_err(|_| RegisterError::TooManyUsers)?,
        };
        if !self.users.contains_key(&id) {
            self.names.set(&id, "");
        }
        let user = self.users.entry(id.clone()).or_insert_with(|| User::new(id.clone(), now));
        if !metadata.is_empty() {
            user.metadata = metadata;
        }
        let mut ended = Vec::new();
        let registration = match user.registrations.iter().find(|r| r.device_id == device_id) {
            Some(known) => known.clone(),
            None => {
                let surplus = (user.registrations.len() + 1).saturating_sub(limit);
                ended.extend(user.registrations.drain(..surplus).map(|r| r.id));
                user.registrations.push(fresh.clone());
                fresh
            }
        };
        let profile_updated = user.profile_updated;
        let registered = Registered {
            user: id,
            registration: registration.id,
            password: registration.password,
            profile_updated,
        };
        Ok((registered, ended))
    }

    /// Checks the password that a client sent: sealed on a live plan, as it is on a trial
    /// plan.
    ///
    /// The sealed form carries the client's idea of the time. It is not judged: the official SDK
    /// adds its time zone's offset to it.
    ///
    /// # Errors
    /// See [`LoginError`].
    pub(crate) fn check_password(
        &self,
        user: &UserId,
        presented: &str,
    ) -> Result<RegistrationId, LoginError> {
        let opened;
        let password = if self.settings.trial {
            presented
        } else {
            opened = login::open_password(&self.request_cipher, presented)
                .ok_or(LoginError::InvalidCredentials)?
                .0;
            opened.expose()
        };
        let user = self.users.get(user).ok_or(LoginError::InvalidCredentials)?;
        let registration = user
            .registrations
            .iter()
            .find(|registration| registration.password.expose() == password)
            .ok_or(LoginError::InvalidCredentials)?;
        if user.admin_blocked {
            return Err(LoginError::AdminBlocked);
        }
        Ok(registration.id)
    }

    /// Sets the password of a registered device. `false` if there is no such device.
    pub(crate) fn set_device_password(
        &mut self,
        user: &UserId,
        device_id: &str,
        password: Password,
    ) -> bool {
        let devices = self.users.get_mut(user).map(|user| user.registrations.iter_mut());
        let device = devices.into_iter().flatten().find(|device| device.device_id == device_id);
        device.is_some_and(|device| {
            device.password = password;
            true
        })
    }

    /// Whether a token of this registration is still good.
    pub(crate) fn is_registered(&self, user: &UserId, registration: RegistrationId) -> bool {
        self.users
            .get(user)
            .is_some_and(|user| !user.admin_blocked && user.registration(registration).is_some())
    }

    /// Ends one registration. Its streams get some time to close by themselves.
    pub(crate) fn log_out(&mut self, now: Timestamp, user: &UserId, registration: RegistrationId) {
        let Some(account) = self.users.get_mut(user) else {
            return;
        };
        account.registrations.retain(|known| known.id != registration);
        let end = now.after(self.settings.logout_grace);
        self.end_later(end, user, registration);
    }

    /// Removes an account and what others have stored about it.
    pub(crate) fn remove_user(&mut self, user: &UserId) {
        self.users.remove(user);
        self.names.remove(user);
        for other in self.users.values_mut() {
            other.blocked.remove(user);
            other.contacts.remove(user);
            other.contact_names.remove(user);
            other.muted_users.remove(user);
        }
    }
}
