//! Presence: which sessions are told that a session came, changed or left.
//!
//! Contacts need no subscription: a user's presence reaches the available sessions of all contacts
//! that no block separates from the user, and the user's own other sessions.

use crate::core::relay::{self, MAX_ENVELOPE_BYTES, MAX_STANZA_BYTES};
use crate::core::world::session::frame;
use crate::core::world::{StreamId, Timestamp, World};
use mfly_proto::jid::{FullJid, UserId};
use mfly_proto::stanza::{ErrorCondition, Presence, PresenceKind};

/// Handles a presence from the session of `stream`. Subscriptions and probes mean nothing here and
/// are dropped.
pub(crate) fn receive(world: &mut World, now: Timestamp, stream: StreamId, presence: Presence) {
    // Writing it again may take several times as many bytes: a character may become a reference.
    if frame(|buffer| presence.write(buffer)).len() + MAX_ENVELOPE_BYTES > MAX_STANZA_BYTES {
        return relay::refuse_presence(world, stream, &presence, ErrorCondition::PolicyViolation);
    }
    match (presence.kind, &presence.to) {
        (PresenceKind::Available, None) => come(world, stream, presence),
        (PresenceKind::Unavailable, None) => go(world, now, stream, presence),
        (PresenceKind::Available | PresenceKind::Unavailable, Some(_)) => {
            direct(world, stream, presence);
        }
        _ => {}
    }
}

/// A session ended: the sessions that saw it are sent `unavailable`.
pub(crate) fn leave(world: &mut World, now: Timestamp, stream: StreamId) {
    go(world, now, stream, Presence::new(PresenceKind::Unavailable));
}

/// Shows the available sessions of `user` to those of `viewer`.
pub(super) fn show(world: &mut World, user: &UserId, viewer: &UserId) {
    for (jid, presence) in available_sessions(world, user) {
        for stream in world.streams_of_where(viewer, |s| s.presence.is_some()) {
            send(world, stream, &jid, presence.clone());
        }
    }
}

/// Makes the available sessions of `user` disappear from those of `viewer`.
pub(super) fn hide(world: &mut World, user: &UserId, viewer: &UserId) {
    for (jid, _) in available_sessions(world, user) {
        for stream in world.streams_of_where(viewer, |s| s.presence.is_some()) {
            send(world, stream, &jid, Presence::new(PresenceKind::Unavailable));
        }
    }
}

fn come(world: &mut World, stream: StreamId, presence: Presence) {
    let Some(session) = world.session_mut(stream) else {
        return;
    };
    let is_first = session.presence.is_none();
    session.presence = Some(presence.clone());
    let (user, jid) = (session.user.clone(), session.jid.clone());
    let seen = watchers(world, stream, &user);
    for watcher in &seen {
        send(world, *watcher, &jid, presence.clone());
    }
    if is_first {
        // Seeing is mutual.
        for other in seen {
            let Some(session) = world.session(other) else {
                continue;
            };
            let (jid, presence) = (session.jid.clone(), session.presence.clone());
            if let Some(presence) = presence {
                send(world, stream, &jid, presence);
            }
        }
    }
}

fn go(world: &mut World, now: Timestamp, stream: StreamId, presence: Presence) {
    let Some(session) = world.session_mut(stream) else {
        return;
    };
    if session.presence.take().is_none() {
        return;
    }
    let (user, jid) = (session.user.clone(), session.jid.clone());
    for watcher in watchers(world, stream, &user) {
        send(world, watcher, &jid, presence.clone());
    }
    if !world.is_online(&user)
        && let Some(account) = world.user_mut(&user)
    {
        account.last_offline = Some(now);
    }
}

/// Presence for one user only (RFC 6121 §4.6), which contacts alone may send.
fn direct(world: &mut World, stream: StreamId, presence: Presence) {
    let Some(session) = world.session(stream) else {
        return;
    };
    let (user, jid) = (session.user.clone(), session.jid.clone());
    let Some(to) = &presence.to else { return };
    let Some(recipient) = world.local_user(to) else {
        return;
    };
    let is_own = recipient == user;
    if !is_own && (!world.are_contacts(&user, &recipient) || world.separated(&user, &recipient)) {
        return;
    }
    let resource = to.resource().map(str::to_owned);
    let targets = world.streams_of_where(&recipient, |session| {
        resource.as_deref().is_none_or(|wanted| session.jid.resource() == Some(wanted))
    });
    for target in targets {
        if target != stream {
            send(world, target, &jid, presence.clone());
        }
    }
}

/// The available sessions that see a session of `user`, without that of `stream` itself.
fn watchers(world: &World, stream: StreamId, user: &UserId) -> Vec<StreamId> {
    let mut watchers = world.audience_streams(user);
    watchers.retain(|watcher| {
        world.session(*watcher).is_some_and(|session| session.presence.is_some())
    });
    watchers.retain(|watcher| *watcher != stream);
    watchers
}

fn available_sessions(world: &World, user: &UserId) -> Vec<(FullJid, Presence)> {
    let streams = world.streams_of(user);
    let sessions = streams.into_iter().filter_map(|stream| world.session(stream));
    sessions.filter_map(|s| Some((s.jid.clone(), s.presence.clone()?))).collect()
}

fn send(world: &mut World, stream: StreamId, from: &FullJid, mut presence: Presence) {
    let Some(session) = world.session(stream) else {
        return;
    };
    presence.to = Some(session.jid.clone().into());
    presence.from = Some(from.clone().into());
    world.send(stream, frame(|buffer| presence.write(buffer)));
}
