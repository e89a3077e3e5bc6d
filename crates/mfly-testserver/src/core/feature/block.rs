//! Blocking users.
//!
//! A block takes effect at once: the blocked user is sent `unavailable` and
//! `userblocked`, the blocker's sessions get a push. What a block hides afterwards is in
//! [`crate::core::world::relation`].

use super::presence;
use crate::core::call::{Call, refusal};
use crate::core::world::session::Notice;
use crate::core::world::{StreamId, World};
use mfly_api::feature::Feature;
use mfly_proto::jid::{BareJid, UserId, UserReference};
use mfly_proto::listed::Listed;
use mfly_proto::payload::block::{
    Block, BlockPush, GetBlocked, GetBlockedBy, Unblock, UserBlocked,
};
use mfly_proto::stanza::{ErrorCondition, IqKind, StanzaError};

/// Blocks a user.
pub(crate) fn block(call: &mut Call<'_>, request: Block) -> Result<(), StanzaError> {
    set(call, &request.user, true)
}

/// Unblocks a user.
pub(crate) fn unblock(call: &mut Call<'_>, request: Unblock) -> Result<(), StanzaError> {
    set(call, &request.user, false)
}

fn set(call: &mut Call<'_>, jid: &BareJid, is_blocked: bool) -> Result<(), StanzaError> {
    let other = other_party(call, jid)?;
    if set_blocked(call.world, Some(call.stream), &call.user, &other, is_blocked) {
        Ok(())
    } else {
        Err(refusal(ErrorCondition::ItemNotFound))
    }
}

/// Blocks or unblocks `other` for `user`, and tells both; `asking` is the session that asked for
/// it, if one did. `false` if the blocker does not exist.
pub(crate) fn set_blocked(
    world: &mut World,
    asking: Option<StreamId>,
    user: &UserId,
    other: &UserId,
    is_blocked: bool,
) -> bool {
    let was_separated = world.separated(user, other);
    let Some(account) = world.user_mut(user) else {
        return false;
    };
    let blocked = &mut account.blocked;
    if !(if is_blocked { blocked.insert(other.clone()) } else { blocked.remove(other) }) {
        return true;
    }
    let jids = vec![world.jid_of(other).bare()].into();
    let made = if is_blocked { BlockPush::Blocked(jids) } else { BlockPush::Unblocked(jids) };
    push(world, asking, user, &made);
    notify(world, user, other, is_blocked);
    if !world.are_contacts(user, other) {
        return true;
    }
    if is_blocked && !was_separated {
        presence::hide(world, user, other);
    }
    if !is_blocked && !world.separated(user, other) {
        presence::show(world, user, other);
        presence::show(world, other, user);
    }
    true
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
fn push(world: &mut World, asking: Option<StreamId>, user: &UserId, push: &BlockPush) {
    let own = world.jid_of(user);
    for stream in world.streams_of(user) {
        if Some(stream) == asking && !world.settings.quirks.block_push_to_requester {
            continue;
        }
        world.send_iq(stream, IqKind::Set, &own, |w| push.write(w));
    }
}

/// Notifies the other user. The attribute names the blocker: the recipient's app marks that user
/// unavailable.
fn notify(world: &mut World, user: &UserId, other: &UserId, blocked: bool) {
    let notice = UserBlocked { user: UserReference::Id(user.clone()), blocked };
    let from = world.jid_of(user);
    let envelope = Notice { from: from.as_str(), chat: true, except: None };
    world.notify(other, &envelope, |w| notice.write(w));
}
