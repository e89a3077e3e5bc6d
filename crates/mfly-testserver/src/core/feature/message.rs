//! Messages between users. Their content is opaque to the server.
//!
//! Nothing is stored. A message for a platform account without a session is dropped; one for a
//! standard account is returned with `service-unavailable`.

use super::{carbons, standard};
use crate::core::relay::{self, Letter};
use crate::core::world::{StandardAccount, StreamId, World};
use mfly_proto::jid::UserId;
use mfly_proto::stanza::{ErrorCondition, Message, MessageKind, StanzaError};
use std::collections::BTreeSet;

/// Routes a message from the session of `stream`.
pub(crate) fn receive(world: &mut World, stream: StreamId, message: &Message<'_>) {
    let Some(session) = world.session(stream) else {
        return;
    };
    let (sender, from) = (session.user.clone(), session.jid.clone());
    let to = message.to.clone().unwrap_or_else(|| from.bare().into());
    let letter = Letter { from: &from, to: &to, message };
    match route(world, &sender, &letter) {
        Ok(mut reached) => {
            // A platform account's message to itself is not copied.
            let is_own = world.local_user(&to).as_ref() == Some(&sender);
            let is_platform = world.user(&sender).is_some();
            if carbons::wants_copies(message) && !(is_own && is_platform) {
                reached.insert(stream);
                carbons::copy(world, &sender, &reached, "sent", &letter);
            }
        }
        // An error is never answered.
        Err(_) if message.kind == MessageKind::Error => {}
        Err(error) => {
            let stanza = ("message", message.id.as_deref());
            relay::refuse(world, stream, stanza, Some(&to), &error);
        }
    }
}

/// Delivers a message. Returns the sessions that it reached.
fn route(
    world: &mut World,
    sender: &UserId,
    letter: &Letter<'_>,
) -> Result<BTreeSet<StreamId>, StanzaError> {
    let to = letter.to;
    let recipient =
        world.local_user(to).ok_or_else(|| StanzaError::new(relay::unreachable(world, to)))?;
    // XEP-0191 §3.2: the sender is told of its own block, and not of the recipient's.
    let is_blocked = |own: &StandardAccount| recipient != *sender && own.blocks(to);
    if world.has_blocked(sender, &recipient) || world.standard(sender).is_some_and(is_blocked) {
        return Err(StanzaError::new(ErrorCondition::NotAcceptable));
    }
    if world.standard(&recipient).is_some() {
        return standard::message::arrive(world, &recipient, letter);
    }
    if world.user(&recipient).is_none() || letter.message.kind == MessageKind::Groupchat {
        return Err(StanzaError::new(ErrorCondition::ServiceUnavailable));
    }
    if world.has_blocked(&recipient, sender) {
        return Ok(BTreeSet::new());
    }
    arrive(world, &recipient, letter)
}

/// Delivers a message to a platform account. Returns the sessions that it reached.
fn arrive(
    world: &mut World,
    recipient: &UserId,
    letter: &Letter<'_>,
) -> Result<BTreeSet<StreamId>, StanzaError> {
    let Letter { from, to, message } = *letter;
    let stanza = relay::stanza(message.element(), from.as_str(), to.as_str())?;
    let sender = world.stream_at(from);
    // A resource that is gone counts as none (RFC 6121 §8.5.3.2.1).
    let addressed = to.resource().and_then(|_| world.stream_at(to));
    let reached: BTreeSet<_> = match addressed {
        Some(only) => [only].into(),
        None => {
            let all = world.streams_of(recipient).into_iter();
            all.filter(|stream| Some(*stream) != sender).collect()
        }
    };
    for stream in &reached {
        world.send(*stream, stanza.clone());
    }
    let is_own = world.local_user(from).as_ref() == Some(recipient);
    if addressed.is_some() && carbons::wants_copies(message) && !is_own {
        carbons::copy(world, recipient, &reached, "received", letter);
    }
    Ok(reached)
}
