//! Accounts: registering, checking passwords, logging out, deleting, and blocking by an
//! administrator.

use super::{Registration, RegistrationId, Timestamp, User, World};
use crate::core::feature::{admin_block, user_deleted};
use mfly_proto::cipher::login;
use mfly_proto::jid::{UserId, UserIdentifier};
use mfly_proto::secret::Password;
use mfly_proto::stream::{StreamCondition, StreamError};
use serde_json::Value;
use std::collections::BTreeMap;
use thiserror::Error;

/// What a registration returns.
#[derive(Clone, Debug)]
pub(crate) struct Registered {
    /// The account.
    pub(crate) user: UserId,
    /// What tokens of this device carry.
    pub(crate) registration: RegistrationId,
    /// What this device logs in with.
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
    /// The server holds as many accounts as it was told to.
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
    /// their passwords and tokens stop working and their streams end with `conflict` (which of them
    /// the platform ends is inferred).
    ///
    /// # Errors
    /// See [`RegisterError`].
    pub(crate) fn register(
        &mut self,
        now: Timestamp,
        identifier: &UserIdentifier,
        device_id: &str,
        force: bool,
        metadata: BTreeMap<String, Value>,
    ) -> Result<Registered, RegisterError> {
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
        for stream in self.streams_of_where(&id, |s| ended.contains(&s.registration)) {
            self.end_stream(now, stream, &StreamError::new(StreamCondition::Conflict));
        }
        Ok(Registered {
            user: id,
            registration: registration.id,
            password: registration.password,
            profile_updated,
        })
    }

    /// Checks what a client presents as its password: sealed on a live plan, as it is on a trial
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

    /// Deletes an account: its contacts are told, its streams end, and nothing of it is left.
    /// Registering the same identifier again makes a fresh account. `false` when there was none.
    pub(crate) fn delete_account(&mut self, now: Timestamp, user: &UserId) -> bool {
        if !self.users.contains_key(user) {
            return false;
        }
        user_deleted::announce(self, user);
        for stream in self.streams_of(user) {
            let error = StreamError {
                text: Some("User removed".to_owned()),
                ..StreamError::new(StreamCondition::NotAuthorized)
            };
            self.end_stream(now, stream, &error);
        }
        self.users.remove(user);
        self.names.remove(user);
        for other in self.users.values_mut() {
            other.blocked.remove(user);
            other.contacts.remove(user);
            other.contact_names.remove(user);
            other.muted_users.remove(user);
        }
        true
    }

    /// Blocks or unblocks an account as an administrator: the account and its contacts are told,
    /// and the streams of a blocked account end. `false` when there is no such account.
    pub(crate) fn set_admin_blocked(
        &mut self,
        now: Timestamp,
        user: &UserId,
        blocked: bool,
    ) -> bool {
        let Some(account) = self.users.get_mut(user) else {
            return false;
        };
        if std::mem::replace(&mut account.admin_blocked, blocked) == blocked {
            return true;
        }
        admin_block::announce(self, user, blocked);
        if blocked {
            for stream in self.streams_of(user) {
                self.end_stream(now, stream, &StreamError::new(StreamCondition::NotAuthorized));
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::{LoginError, RegisterError, Registered};
    use crate::core::testing::{HOST, Server, id, settings};
    use crate::core::world::Settings;
    use mfly_proto::jid::UserIdentifier;
    use std::collections::BTreeMap;
    use std::time::Duration;

    fn register(
        server: &mut Server,
        device: &str,
        force: bool,
    ) -> Result<Registered, RegisterError> {
        let identifier = UserIdentifier::new("u1").unwrap();
        let now = server.now;
        server.core.world_mut().register(now, &identifier, device, force, BTreeMap::new())
    }

    fn log_in(server: &Server, registered: &Registered) -> Result<(), LoginError> {
        let sealed = server.sealed(&registered.password);
        let outcome = server.core.world().check_password(&registered.user, sealed.expose());
        outcome.map(|registration| assert_eq!(registration, registered.registration))
    }

    fn server_with_limit(session_limit: usize) -> Server {
        Server::with(Settings { session_limit, ..settings() })
    }

    #[test]
    fn every_device_has_a_password_of_its_own_and_keeps_it() {
        let mut server = server_with_limit(2);
        let one = register(&mut server, "one", false).unwrap();
        let two = register(&mut server, "two", false).unwrap();
        assert_ne!(one.password, two.password);
        assert_eq!(register(&mut server, "one", false).unwrap().password, one.password);
        assert_eq!(log_in(&server, &one), Ok(()));
        assert_eq!(log_in(&server, &two), Ok(()));
    }

    #[test]
    fn at_the_limit_a_new_device_is_refused_unless_forced() {
        let mut server = server_with_limit(1);
        let old = register(&mut server, "one", false).unwrap();
        assert_eq!(
            register(&mut server, "two", false).unwrap_err().to_string(),
            "You have reached maximum sessions allowed."
        );
        assert_eq!(log_in(&server, &old), Ok(()));
        let new = register(&mut server, "two", true).unwrap();
        assert_eq!(log_in(&server, &old), Err(LoginError::InvalidCredentials));
        assert_eq!(log_in(&server, &new), Ok(()));
        assert!(!server.core.world().is_registered(&old.user, old.registration));
        assert!(server.core.world().is_registered(&new.user, new.registration));
    }

    #[test]
    fn a_forced_registration_ends_the_streams_of_the_registration_it_replaces() {
        let mut server = server_with_limit(1);
        let old = server.connect("u1", "a");
        register(&mut server, "another device", true).unwrap();
        let said = server.received(old);
        assert!(said[0].contains("<conflict "), "{said:?}");
        assert!(server.is_closed(old));
    }

    #[test]
    fn a_server_that_is_full_takes_no_new_account() {
        let mut server = Server::with(Settings { max_users: 1, ..settings() });
        server.register("u2");
        assert_eq!(register(&mut server, "one", true).unwrap_err(), RegisterError::TooManyUsers);
    }

    #[test]
    fn the_wrong_password_and_the_raw_one_are_refused() {
        let mut server = Server::new();
        let registered = register(&mut server, "one", false).unwrap();
        let world = server.core.world();
        for presented in ["", "wrong", registered.password.expose()] {
            assert_eq!(
                world.check_password(&registered.user, presented),
                Err(LoginError::InvalidCredentials)
            );
        }
    }

    #[test]
    fn logging_out_ends_the_registration_at_once_and_its_stream_after_a_while() {
        let mut server = Server::new();
        let stream = server.connect("u1", "a");
        let registered = server.register("u1");
        let now = server.now;
        server.core.world_mut().log_out(now, &registered.user, registered.registration);
        assert_eq!(log_in(&server, &registered), Err(LoginError::InvalidCredentials));
        server.pass(Duration::from_secs(9));
        assert!(!server.is_closed(stream));
        server.pass(Duration::from_secs(1));
        assert!(server.is_closed(stream));
    }

    #[test]
    fn a_deleted_account_is_announced_ended_and_gone() {
        let mut server = Server::new();
        let deleted = server.connect("u1", "a");
        let contact = server.connect("u2", "b");
        server.received(deleted);
        let world = server.core.world_mut();
        world.user_mut(&id("u1")).unwrap().profile.status = "old".to_owned();
        world.user_mut(&id("u2")).unwrap().blocked.insert(id("u3"));
        let now = server.now;
        assert!(server.core.world_mut().delete_account(now, &id("u1")));
        let told = server.received(contact);
        assert_eq!(
            told[0],
            format!(
                r#"<message from="{HOST}" to="u2@{HOST}" xmlns="jabber:client"><user_deleted user="u1@{HOST}"/></message>"#
            )
        );
        assert!(told[1].contains(r#"type="unavailable""#), "{told:?}");
        let said = server.received(deleted);
        assert!(said[1].contains("<not-authorized "), "{said:?}");
        assert!(server.is_closed(deleted));
        assert_eq!(server.core.world().profile_for(&id("u2"), &id("u1")), None);
        assert!(!server.core.world_mut().delete_account(now, &id("u1")));
    }

    #[test]
    fn registering_a_deleted_identifier_again_makes_a_fresh_account() {
        let mut server = Server::new();
        let old = server.register("u1");
        server.register("u2");
        let world = server.core.world_mut();
        world.user_mut(&id("u1")).unwrap().profile.status = "old".to_owned();
        world.user_mut(&id("u2")).unwrap().blocked.insert(id("u1"));
        let now = server.now;
        server.core.world_mut().delete_account(now, &id("u1"));
        let new = server.register("u1");
        assert_ne!(old.password, new.password);
        let world = server.core.world();
        assert!(!world.is_registered(&id("u1"), old.registration));
        assert_eq!(world.user(&id("u1")).unwrap().profile.status, "");
        assert!(!world.has_blocked(&id("u2"), &id("u1")));
    }

    #[test]
    fn an_administrators_block_is_announced_ends_the_streams_and_refuses_logins() {
        let mut server = Server::new();
        let blocked = server.connect("u1", "a");
        let contact = server.connect("u2", "b");
        server.received(blocked);
        let registered = server.register("u1");
        let now = server.now;
        assert!(server.core.world_mut().set_admin_blocked(now, &id("u1"), true));
        let notice = |to: &str, status: &str| {
            format!(
                r#"<message from="{HOST}" to="{to}@{HOST}" xmlns="jabber:client"><admin_block block_status="{status}" chat_type="chat" jid="u1@{HOST}"/></message>"#
            )
        };
        assert_eq!(server.received(blocked)[0], notice("u1", "1"));
        assert!(server.is_closed(blocked));
        assert_eq!(server.received(contact)[0], notice("u2", "1"));
        assert_eq!(log_in(&server, &registered), Err(LoginError::AdminBlocked));
        assert_eq!(register(&mut server, "x", true).unwrap_err(), RegisterError::AdminBlocked);
        assert!(!server.core.world().is_registered(&registered.user, registered.registration));
        assert!(server.core.world_mut().set_admin_blocked(now, &id("u1"), false));
        assert_eq!(server.received(contact), [notice("u2", "0")]);
        assert_eq!(log_in(&server, &registered), Ok(()));
        assert!(!server.core.world_mut().set_admin_blocked(now, &id("nobody"), true));
    }
}
