//! Last activity of standard accounts and of the server (XEP-0012).

use crate::core::call::{Call, Reply, refusal};
use mfly_proto::payload::last_seen::{GetLastSeen, LastSeen};
use mfly_proto::stanza::{ErrorCondition, StanzaError};

/// Seconds since an account was online, 0 while it is. Only accounts that see its presence may ask
/// (XEP-0012 §4).
pub(crate) fn account(call: &mut Call<'_>) -> Result<Reply, StanzaError> {
    let (world, target) = (&*call.world, &call.target);
    let account =
        world.standard(target).ok_or_else(|| refusal(ErrorCondition::ServiceUnavailable))?;
    let asker = world.jid_of(&call.user).bare();
    if *target != call.user && !account.roster.is_seen_by(&asker) {
        return Err(refusal(ErrorCondition::Forbidden));
    }
    let (seconds, status) = match &account.left {
        _ if world.is_online(target) => (0, None),
        Some((left, status)) => (call.now.seconds_since(*left), status.clone()),
        // An account that never was online counts from when it was made.
        None => (call.now.seconds_since(account.made_at), None),
    };
    Ok(reply(seconds, status))
}

/// Seconds since the server accepted its first stream.
pub(crate) fn server(call: &mut Call<'_>) -> Result<Reply, StanzaError> {
    let seconds = call.now.seconds_since(call.world.first_stream_at(call.now));
    Ok(reply(seconds, None))
}

fn reply(seconds: u64, status: Option<String>) -> Reply {
    Reply::of::<GetLastSeen>(LastSeen { from: None, seconds, status })
}
