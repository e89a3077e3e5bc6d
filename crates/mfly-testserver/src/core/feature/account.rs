//! Platform accounts: what registering, deleting and blocking by an administrator do to sessions.

use super::{admin_block, session_end, user_deleted};
use crate::core::world::{RegisterError, Registered, Timestamp, World};
use mfly_proto::jid::{UserId, UserIdentifier};
use mfly_proto::stream::{StreamCondition, StreamError};
use serde_json::Value;
use std::collections::BTreeMap;

/// Registers a device; see [`World::register_device`]. The streams of registrations that it
/// replaces end with `conflict`.
///
/// # Errors
/// See [`RegisterError`].
pub(crate) fn register(
    world: &mut World,
    now: Timestamp,
    identifier: &UserIdentifier,
    (device_id, force): (&str, bool),
    metadata: BTreeMap<String, Value>,
) -> Result<Registered, RegisterError> {
    let (registered, ended) = world.register_device(now, identifier, device_id, force, metadata)?;
    for stream in world.streams_of_where(&registered.user, |s| ended.contains(&s.registration)) {
        session_end::end(world, now, stream, &StreamError::new(StreamCondition::Conflict));
    }
    Ok(registered)
}

/// Deletes an account: its contacts are told, its streams end, and nothing of it is left.
/// Registering the same identifier again makes a fresh account. `false` when there was none.
pub(crate) fn delete(world: &mut World, now: Timestamp, user: &UserId) -> bool {
    if world.user(user).is_none() {
        return false;
    }
    user_deleted::announce(world, user);
    let error = StreamError {
        text: Some("User removed".to_owned()),
        ..StreamError::new(StreamCondition::NotAuthorized)
    };
    session_end::end_all(world, now, user, &error);
    world.remove_user(user);
    true
}

/// Blocks or unblocks an account as an administrator: the account and its contacts are told, and
/// the streams of a blocked account end. `false` when there is no such account.
pub(crate) fn set_admin_blocked(
    world: &mut World,
    now: Timestamp,
    user: &UserId,
    blocked: bool,
) -> bool {
    let Some(account) = world.user_mut(user) else {
        return false;
    };
    if std::mem::replace(&mut account.admin_blocked, blocked) == blocked {
        return true;
    }
    admin_block::announce(world, user, blocked);
    if blocked {
        session_end::end_all(world, now, user, &StreamError::new(StreamCondition::NotAuthorized));
    }
    true
}

#[cfg(test)]
mod tests {
    use super::{delete, set_admin_blocked};
    use crate::core::testing::{Server, id, settings};
    use crate::core::world::{LoginError, RegisterError, Registered, Settings};
    use mfly_proto::jid::UserIdentifier;
    use mfly_proto::payload::profile::VCard;
    use std::collections::BTreeMap;
    use std::time::Duration;

    fn register(
        server: &mut Server,
        device: &str,
        force: bool,
    ) -> Result<Registered, RegisterError> {
        let identifier = UserIdentifier::new("u1").unwrap();
        let now = server.now;
        super::register(server.core.world_mut(), now, &identifier, (device, force), BTreeMap::new())
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
    fn registering_a_deleted_identifier_again_makes_a_fresh_account() {
        let mut server = Server::new();
        let old = server.register("u1");
        server.register("u2");
        let world = server.core.world_mut();
        let card = VCard { status: "old".to_owned(), ..VCard::default() };
        assert!(world.set_profile(&id("u1"), card));
        world.user_mut(&id("u2")).unwrap().blocked.insert(id("u1"));
        let now = server.now;
        assert!(delete(server.core.world_mut(), now, &id("u1")));
        assert!(!delete(server.core.world_mut(), now, &id("u1")));
        let new = server.register("u1");
        assert_ne!(old.password, new.password);
        let world = server.core.world();
        assert!(!world.is_registered(&id("u1"), old.registration));
        assert_eq!(world.user(&id("u1")).unwrap().profile().status, "");
        assert!(!world.has_blocked(&id("u2"), &id("u1")));
    }

    #[test]
    fn an_administrators_block_refuses_logins_and_registrations_until_it_is_lifted() {
        let mut server = Server::new();
        let registered = server.register("u1");
        let now = server.now;
        assert!(set_admin_blocked(server.core.world_mut(), now, &id("u1"), true));
        assert_eq!(log_in(&server, &registered), Err(LoginError::AdminBlocked));
        assert_eq!(register(&mut server, "x", true).unwrap_err(), RegisterError::AdminBlocked);
        assert!(!server.core.world().is_registered(&registered.user, registered.registration));
        assert!(set_admin_blocked(server.core.world_mut(), now, &id("u1"), false));
        assert_eq!(log_in(&server, &registered), Ok(()));
        assert!(!set_admin_blocked(server.core.world_mut(), now, &id("nobody"), true));
    }
}
