//! Standard accounts: what making, changing and removing them does to sessions and contacts.

use super::subscription;
use crate::core::feature::session_end;
use crate::core::world::{StandardError, Timestamp, World};
use mfly_proto::jid::UserId;
use mfly_proto::secret::Password;
use mfly_proto::stream::{StreamCondition, StreamError};

/// Makes a standard account, or gives one another password; its sessions end then.
///
/// # Errors
/// See [`StandardError`].
pub(crate) fn set(
    world: &mut World,
    now: Timestamp,
    id: UserId,
    password: Password,
) -> Result<(), StandardError> {
    if world.set_standard(now, id.clone(), password, false)? {
        end_sessions(world, now, &id);
    }
    Ok(())
}

/// Removes a standard account: its contacts lose it, its sessions end. `false` when there was
/// none.
pub(crate) fn remove(world: &mut World, now: Timestamp, id: &UserId) -> bool {
    if world.standard(id).is_none() {
        return false;
    }
    end_sessions(world, now, id);
    // Ending the last session has removed a temporary account already.
    subscription::forget(world, id);
    world.remove_standard(id);
    true
}

/// Makes two accounts see each other. `false` when one does not exist.
pub(crate) fn befriend(world: &mut World, one: &UserId, other: &UserId) -> bool {
    if one == other || world.standard(one).is_none() || world.standard(other).is_none() {
        return false;
    }
    subscription::befriend(world, one, other);
    true
}

fn end_sessions(world: &mut World, now: Timestamp, id: &UserId) {
    session_end::end_all(world, now, id, &StreamError::new(StreamCondition::NotAuthorized));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::feature::account::register;
    use crate::core::testing::{Server, id};
    use crate::core::world::RegisterError;
    use mfly_proto::jid::UserIdentifier;
    use std::collections::BTreeMap;

    #[test]
    fn the_two_kinds_of_account_do_not_share_a_name() {
        let mut server = Server::new();
        server.register("u1");
        server.standard("u2");
        let now = server.now;
        let world = server.core.world_mut();
        let password = Password::new("x").unwrap();
        assert_eq!(set(world, now, id("u1"), password), Err(StandardError::Taken));
        let identifier = UserIdentifier::new("u2").unwrap();
        let refused = register(world, now, &identifier, ("d", true), BTreeMap::new());
        assert_eq!(refused.unwrap_err(), RegisterError::Taken);
    }
}
