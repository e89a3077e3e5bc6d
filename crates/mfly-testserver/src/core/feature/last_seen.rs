//! When a user was last online.

use crate::core::call::{Call, refusal};
use mfly_proto::payload::last_seen::{GetLastSeen, LastSeen};
use mfly_proto::stanza::{ErrorCondition, StanzaError};

/// Seconds since a user was online.
///
/// 0 while online, and never below 1 afterwards: apps show 0 as "online".
pub(crate) fn get(call: &mut Call<'_>, _: GetLastSeen) -> Result<LastSeen, StanzaError> {
    let (world, target) = (&*call.world, &call.target);
    let user = world.user(target).ok_or_else(|| refusal(ErrorCondition::ItemNotFound))?;
    let may_see = *target == call.user
        || (!user.blocked.contains(&call.user) && world.are_contacts(target, &call.user));
    if !may_see {
        return Err(refusal(ErrorCondition::Forbidden));
    }
    let seconds = if world.is_online(target) {
        0
    } else {
        // A user who never was online counts from the registration, as in the server family.
        let since = user.last_offline.unwrap_or(user.registered_at);
        call.now.seconds_since(since).max(1)
    };
    Ok(LastSeen { from: Some(world.jid_of(target)), seconds, status: None })
}
