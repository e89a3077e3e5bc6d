//! Messages to standard accounts (RFC 6121 §5, §8.5).
//!
//! Nothing is stored: a message for an account without a session is returned with
//! `service-unavailable`.

use crate::core::feature::carbons;
use crate::core::relay::{self, Letter};
use crate::core::world::{StreamId, World};
use mfly_proto::jid::UserId;
use mfly_proto::stanza::{ErrorCondition, MessageKind, StanzaError};
use std::collections::BTreeSet;

/// Delivers a message to a standard account. Returns the sessions that it reached.
///
/// # Errors
/// The error that the sender gets back, if any.
pub(crate) fn arrive(
    world: &mut World,
    recipient: &UserId,
    letter: &Letter<'_>,
) -> Result<BTreeSet<StreamId>, StanzaError> {
    let Letter { from, to, message } = *letter;
    let unavailable = || StanzaError::new(ErrorCondition::ServiceUnavailable);
    let account = world.standard(recipient).ok_or_else(unavailable)?;
    if account.blocks(from) || message.kind == MessageKind::Groupchat {
        return Err(unavailable());
    }
    let addressed = to.resource().and_then(|_| world.stream_at(to));
    let is_for_all = to.resource().is_none() || message.kind == MessageKind::Chat;
    let reached: BTreeSet<_> = match addressed {
        Some(only) => [only].into(),
        None if is_for_all && message.kind != MessageKind::Error => {
            accepting_sessions(world, recipient)
        }
        None => BTreeSet::new(),
    };
    if reached.is_empty() {
        return match message.kind {
            MessageKind::Headline | MessageKind::Error => Ok(reached),
            _ => Err(unavailable()),
        };
    }
    let is_private = |child: &mfly_proto::xml::Element<'_>| carbons::is_private(*child);
    let element = message.element();
    let stanza = relay::stanza_where(element, from.as_str(), to.as_str(), |c| !is_private(c))?;
    for stream in &reached {
        world.send(*stream, stanza.clone());
    }
    if carbons::wants_copies(message) {
        // The sending session needs no copy.
        let mut except = reached.clone();
        except.extend(world.stream_at(from));
        carbons::copy(world, recipient, &except, "received", letter);
    }
    Ok(reached)
}

/// The available sessions whose priority is not negative (RFC 6121 §8.5.2.1.1).
fn accepting_sessions(world: &World, user: &UserId) -> BTreeSet<StreamId> {
    let sessions = world.streams_of_where(user, |session| {
        session.presence.as_ref().is_some_and(|presence| presence.priority >= 0)
    });
    sessions.into_iter().collect()
}
