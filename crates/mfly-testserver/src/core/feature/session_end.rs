//! The end of sessions: contacts see the user leave, and then the connection closes.

use super::{presence, standard};
use crate::core::world::session::frame;
use crate::core::world::{StreamId, Timestamp, World};
use mfly_proto::jid::UserId;
use mfly_proto::stream::{StreamCondition, StreamError};

/// Ends a stream with an error: its user's contacts see it leave, and the connection closes.
pub(crate) fn end(world: &mut World, now: Timestamp, stream: StreamId, error: &StreamError) {
    unbind(world, now, stream);
    world.send(stream, frame(|buffer| error.write(buffer)));
    world.close(stream);
}

/// Ends every stream of an account with this error.
pub(crate) fn end_all(world: &mut World, now: Timestamp, user: &UserId, error: &StreamError) {
    for stream in world.streams_of(user) {
        end(world, now, stream, error);
    }
}

/// Ends the sessions whose deadline has passed.
pub(crate) fn end_due(world: &mut World, now: Timestamp) {
    while let Some(stream) = world.take_due(now) {
        end(world, now, stream, &StreamError::new(StreamCondition::NotAuthorized));
    }
}

/// Removes the session of a stream; contacts see it leave. A temporary account is removed with its
/// last session.
pub(crate) fn unbind(world: &mut World, now: Timestamp, stream: StreamId) {
    let Some(session) = world.session(stream) else {
        return;
    };
    let user = session.user.clone();
    if session.standard.is_some() {
        standard::presence::leave(world, now, stream);
    } else {
        presence::leave(world, now, stream);
    }
    world.remove_session(stream);
    let is_temporary = world.standard(&user).is_some_and(|own| own.is_temporary);
    if is_temporary && world.streams_of(&user).is_empty() {
        standard::subscription::forget(world, &user);
        world.remove_standard(&user);
    }
}
