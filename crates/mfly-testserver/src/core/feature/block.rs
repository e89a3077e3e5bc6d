//! Blocking users.
//!
//! A block takes effect at once: the blocked user is sent `unavailable` and
//! `userblocked`, the blocker's sessions get a push. What a block hides afterwards is in
//! [`crate::core::world::relation`].

use super::presence;
use crate::core::call::{Call, refusal};
use crate::core::world::session::Notice;
use mfly_api::feature::Feature;
use mfly_proto::jid::{BareJid, UserId, UserReference};
use mfly_proto::listed::Listed;
use mfly_proto::payload::block::{
    Block, BlockPush, GetBlocked, GetBlockedBy, Unblock, UserBlocked,
};
use mfly_proto::stanza::{ErrorCondition, IqKind, StanzaError};

/// Blocks a user.
pub(crate) fn block(call: &mut Call<'_>, request: Block) -> Result<(), StanzaError> {
    let other = other_party(call, &request.user)?;
    let was_separated = call.world.separated(&call.user, &other);
    let Some(account) = call.world.user_mut(&call.user) else {
        return Err(refusal(ErrorCondition::ItemNotFound));
    };
    if !account.blocked.insert(other.clone()) {
        return Ok(());
    }
    push(call, BlockPush::Blocked(vec![request.user].into()));
    notify(call, &other, true);
    if !was_separated && call.world.are_contacts(&call.user, &other) {
        presence::hide(call.world, &call.user, &other);
    }
    Ok(())
}

/// Unblocks a user.
pub(crate) fn unblock(call: &mut Call<'_>, request: Unblock) -> Result<(), StanzaError> {
    let other = other_party(call, &request.user)?;
    let Some(account) = call.world.user_mut(&call.user) else {
        return Err(refusal(ErrorCondition::ItemNotFound));
    };
    if !account.blocked.remove(&other) {
        return Ok(());
    }
    push(call, BlockPush::Unblocked(vec![request.user].into()));
    notify(call, &other, false);
    if !call.world.separated(&call.user, &other) && call.world.are_contacts(&call.user, &other) {
        presence::show(call.world, &call.user, &other);
        presence::show(call.world, &other, &call.user);
    }
    Ok(())
}

/// The users whom the account has blocked.
pub(crate) fn blocked(call: &mut Call<'_>, _: GetBlocked) -> Result<Listed<BareJid>, StanzaError> {
    let account = call.world.user(&call.user);
    let blocked = account.iter().flat_map(|user| &user.blocked);
    Ok(blocked.map(|other| call.world.jid_of(other).bare()).collect())
}

/// The users who have blocked the account.
pub(crate) fn blocked_by(
    call: &mut Call<'_>,
    _: GetBlockedBy,
) -> Result<Listed<UserReference>, StanzaError> {
    let blockers = call.world.users().filter(|user| user.blocked.contains(&call.user));
    let jids = blockers.map(|user| call.world.jid_of(&user.id).bare());
    Ok(jids.map(UserReference::Jid).collect())
}

/// The user to block or unblock.
fn other_party(call: &Call<'_>, jid: &BareJid) -> Result<UserId, StanzaError> {
    if !call.world.settings.features.contains(Feature::Block) {
        return Err(
            refusal(ErrorCondition::NotAllowed).with_text("Feature unavailable for your plan")
        );
    }
    let other = call
        .world
        .local_user(jid)
        .filter(|other| call.world.user(other).is_some())
        .ok_or_else(|| refusal(ErrorCondition::ItemNotFound))?;
    if other == call.user {
        return Err(refusal(ErrorCondition::NotAllowed));
    }
    Ok(other)
}

/// Sends the push to all sessions of the blocker (XEP-0191 §3.3); which of them the platform
/// chooses is not known.
fn push(call: &mut Call<'_>, push: BlockPush) {
    let own = call.own();
    for stream in call.world.streams_of(&call.user) {
        if stream == call.stream && !call.world.settings.quirks.block_push_to_requester {
            continue;
        }
        call.world.send_iq(stream, IqKind::Set, &own, |w| push.write(w));
    }
}

/// Notifies the other user. The attribute names the blocker: the recipient's app marks that user
/// unavailable.
fn notify(call: &mut Call<'_>, other: &UserId, blocked: bool) {
    let notice = UserBlocked { user: UserReference::Id(call.user.clone()), blocked };
    let from = call.own();
    let envelope = Notice { from: from.as_str(), chat: true, except: None };
    call.world.notify(other, &envelope, |w| notice.write(w));
}
