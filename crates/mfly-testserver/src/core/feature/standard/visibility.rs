//! Which sessions see which, and the presence that appears or disappears with it (RFC 6121 §4).

use crate::core::relay;
use crate::core::world::session::frame;
use crate::core::world::{StandardAccount, StreamId, World};
use mfly_proto::framing::Frame;
use mfly_proto::jid::{FullJid, Jid, UserId};
use mfly_proto::stanza::{Presence, PresenceKind};
use std::collections::BTreeSet;

/// Pairs of a session that is seen and a session that sees it.
pub(crate) type VisiblePairs = BTreeSet<(StreamId, StreamId)>;

/// All pairs of which the first is an available session of `user`, and the second one of another
/// account that sees it.
pub(crate) fn seen(world: &World, user: &UserId) -> VisiblePairs {
    let mut pairs = VisiblePairs::new();
    for own in available(world, user) {
        pairs.extend(viewers(world, own).into_iter().map(|viewer| (own, viewer)));
    }
    pairs
}

/// All pairs of which the second is an available session of `user`, and the first one of another
/// account that it sees.
pub(crate) fn sees(world: &World, user: &UserId) -> VisiblePairs {
    let Some(account) = world.standard(user) else {
        return VisiblePairs::new();
    };
    let mut pairs = VisiblePairs::new();
    let own = available(world, user);
    for contact in account.roster.who(|contact| contact.to) {
        let Some(contact) = world.local_user(&contact) else {
            continue;
        };
        for shown in available(world, &contact) {
            let visible = own.iter().filter(|own| may_see(world, **own, shown));
            pairs.extend(visible.map(|own| (shown, *own)));
        }
    }
    pairs
}

/// Sends the presence of the first session of each pair to the second.
pub(crate) fn show(world: &mut World, pairs: impl IntoIterator<Item = (StreamId, StreamId)>) {
    for (shown, viewer) in pairs {
        if let Some(presence) = current(world, shown, viewer) {
            world.send(viewer, presence);
        }
    }
}

/// Sends `unavailable` of the first session of each pair to the second.
pub(crate) fn hide(world: &mut World, pairs: impl IntoIterator<Item = (StreamId, StreamId)>) {
    for (hidden, viewer) in pairs {
        if let (Some(from), Some(to)) = (address(world, hidden), address(world, viewer)) {
            world.send(viewer, unavailable(&from, to.bare_str()));
        }
    }
}

/// Makes the sessions of `user` disappear from those of `viewer`, whose subscription has just
/// ended.
pub(crate) fn part(world: &mut World, user: &UserId, viewer: &UserId) {
    let viewers = available(world, viewer);
    let mut pairs = VisiblePairs::new();
    for own in available(world, user) {
        let seeing = viewers.iter().filter(|viewer| may_see(world, **viewer, own));
        pairs.extend(seeing.map(|viewer| (own, *viewer)));
    }
    hide(world, pairs);
}

/// The available sessions of others that are subscribed to the presence of a session's account.
pub(super) fn viewers(world: &World, stream: StreamId) -> Vec<StreamId> {
    let Some(account) = own_account(world, stream) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    for contact in account.roster.who(|contact| contact.from) {
        let Some(contact) = world.local_user(&contact).filter(|c| *c != account.id) else {
            continue;
        };
        let sessions = available(world, &contact).into_iter();
        found.extend(sessions.filter(|viewer| may_see(world, *viewer, stream)));
    }
    found
}

/// Whether neither account blocks the other session.
pub(super) fn may_see(world: &World, viewer: StreamId, shown: StreamId) -> bool {
    let is_blocked = |by: StreamId, whom: StreamId| {
        own_account(world, by)
            .zip(address(world, whom))
            .is_some_and(|(account, jid)| account.blocks(&jid))
    };
    !is_blocked(viewer, shown) && !is_blocked(shown, viewer)
}

/// The available sessions of a standard account.
pub(crate) fn available(world: &World, user: &UserId) -> Vec<StreamId> {
    world.streams_of_where(user, |session| session.presence.is_some() && session.standard.is_some())
}

pub(super) fn own_account(world: &World, stream: StreamId) -> Option<&StandardAccount> {
    world.standard(&world.session(stream)?.user)
}

pub(super) fn address(world: &World, stream: StreamId) -> Option<FullJid> {
    world.session(stream).map(|session| session.jid.clone())
}

/// The presence that a session sent last, addressed to one viewer.
fn current(world: &World, shown: StreamId, viewer: StreamId) -> Option<Frame> {
    let session = world.session(shown)?;
    let presence = session.standard.as_ref()?.presence.as_ref()?;
    let to = world.session(viewer)?.jid.bare_str();
    relay::stanza(presence.root(), session.jid.as_str(), to).ok()
}

pub(super) fn unavailable(from: &FullJid, to: &str) -> Frame {
    let mut presence = Presence::new(PresenceKind::Unavailable);
    presence.from = Some(from.clone().into());
    presence.to = Jid::new(to).ok();
    frame(|buffer| presence.write(buffer))
}
