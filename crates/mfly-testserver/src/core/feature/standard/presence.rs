//! Presence of standard accounts (RFC 6121 §4): sent to subscribed contacts, to the account's own
//! sessions, and to the addresses that a session names.

use super::subscription;
use super::visibility::{
    address, available, may_see, own_account, sees, show, unavailable, viewers,
};
use crate::core::relay::{self, MAX_ENVELOPE_BYTES, MAX_STANZA_BYTES};
use crate::core::world::{StreamId, Timestamp, World};
use mfly_proto::jid::{FullJid, Jid};
use mfly_proto::stanza::{ErrorCondition, Presence, PresenceKind};
use mfly_proto::xml::Element;
use std::collections::BTreeSet;

/// Most addresses that a session may send directed presence to; further ones are not told of its
/// end.
const MAX_DIRECTED: usize = 256;

/// Handles a presence from a standard account's session.
pub(crate) fn receive(
    world: &mut World,
    now: Timestamp,
    stream: StreamId,
    presence: Presence,
    element: Element<'_>,
) {
    if element.source().len() + MAX_ENVELOPE_BYTES > MAX_STANZA_BYTES {
        return relay::refuse_presence(world, stream, &presence, ErrorCondition::PolicyViolation);
    }
    match (presence.kind, presence.to.clone()) {
        (PresenceKind::Available, None) => come(world, stream, presence, element),
        (PresenceKind::Unavailable, None) => {
            go(world, now, stream, presence.status, Some(element));
        }
        (PresenceKind::Available | PresenceKind::Unavailable, Some(to)) => {
            direct(world, stream, &presence, &to, element);
        }
        (
            PresenceKind::Subscribe
            | PresenceKind::Subscribed
            | PresenceKind::Unsubscribe
            | PresenceKind::Unsubscribed,
            Some(to),
        ) => subscription::receive(world, stream, &presence, &to, element),
        // Probes are the server's business, and an error is never answered.
        _ => {}
    }
}

/// A session ended: the sessions that saw it are sent `unavailable`.
pub(crate) fn leave(world: &mut World, now: Timestamp, stream: StreamId) {
    go(world, now, stream, None, None);
}

fn come(world: &mut World, stream: StreamId, presence: Presence, element: Element<'_>) {
    let Some(session) = world.session_mut(stream) else {
        return;
    };
    let is_first = session.presence.replace(presence).is_none();
    let user = session.user.clone();
    if let Some(standard) = &mut session.standard {
        standard.presence = Some(element.to_document());
    }
    // The own sessions see it, that one included (RFC 6121 §4.2.2).
    let own = available(world, &user);
    let viewers = viewers(world, stream);
    show(world, own.iter().chain(&viewers).map(|viewer| (stream, *viewer)));
    if !is_first {
        return;
    }
    let others = own.into_iter().filter(|other| *other != stream);
    show(world, others.map(|other| (other, stream)));
    let visible = sees(world, &user);
    show(world, visible.into_iter().filter(|(_, viewer)| *viewer == stream));
    subscription::remind(world, stream);
}

fn go(
    world: &mut World,
    now: Timestamp,
    stream: StreamId,
    status: Option<String>,
    element: Option<Element<'_>>,
) {
    let mut told: BTreeSet<_> = viewers(world, stream).into_iter().collect();
    let Some(session) = world.session_mut(stream) else {
        return;
    };
    let (user, own) = (session.user.clone(), session.jid.clone());
    let was_available = session.presence.take().is_some();
    let directed = match &mut session.standard {
        Some(standard) => {
            standard.presence = None;
            std::mem::take(&mut standard.directed)
        }
        None => return,
    };
    if was_available {
        told.extend(available(world, &user));
    } else {
        told.clear();
    }
    for target in directed {
        told.extend(recipients(world, stream, &target));
    }
    for viewer in told {
        let Some(to) = address(world, viewer) else {
            continue;
        };
        let stanza = element.and_then(|e| relay::stanza(e, own.as_str(), to.bare_str()).ok());
        let stanza = stanza.unwrap_or_else(|| unavailable(&own, to.bare_str()));
        world.send(viewer, stanza);
    }
    if was_available
        && !world.is_online(&user)
        && let Some(account) = world.standard_mut(&user)
    {
        account.left = Some((now, status));
    }
}

/// Presence for one address only (RFC 6121 §4.6).
fn direct(
    world: &mut World,
    stream: StreamId,
    presence: &Presence,
    to: &Jid,
    element: Element<'_>,
) {
    let Some(own) = address(world, stream) else {
        return;
    };
    let is_blocked = own_account(world, stream).is_some_and(|account| account.blocks(to));
    if is_blocked {
        return relay::refuse_presence(world, stream, presence, ErrorCondition::NotAcceptable);
    }
    let Ok(stanza) = relay::stanza(element, own.as_str(), to.as_str()) else {
        return relay::refuse_presence(world, stream, presence, ErrorCondition::PolicyViolation);
    };
    for recipient in recipients(world, stream, to) {
        world.send(recipient, stanza.clone());
    }
    let session = world.session_mut(stream);
    if let Some(standard) = session.and_then(|session| session.standard.as_mut()) {
        if presence.kind == PresenceKind::Unavailable {
            standard.directed.remove(to);
        } else if standard.directed.len() < MAX_DIRECTED {
            standard.directed.insert(to.clone());
        }
    }
}

/// The sessions that presence for `to` reaches.
fn recipients(world: &World, stream: StreamId, to: &Jid) -> Vec<StreamId> {
    let Some(user) = world.local_user(to) else {
        return Vec::new();
    };
    let mut found = available(world, &user);
    found.retain(|recipient| {
        let is_meant =
            |jid: FullJid| to.resource().is_none_or(|wanted| jid.resource() == Some(wanted));
        *recipient != stream
            && address(world, *recipient).is_some_and(is_meant)
            && may_see(world, *recipient, stream)
    });
    found
}

#[cfg(test)]
mod tests {
    use crate::core::testing::{Server, settings};
    use crate::core::world::Settings;

    #[test]
    fn the_sessions_of_an_account_are_limited() {
        let mut server = Server::with(Settings { max_resources: 2, ..settings() });
        let one = server.connect_standard("u1", "a");
        server.connect_standard("u1", "b");
        let surplus = server.bound_standard("u1", "c");
        assert!(server.core.world().session(surplus).is_none());
        // A session that replaces another one does not count.
        let again = server.bound_standard("u1", "a");
        assert!(server.core.world().session(again).is_some());
        assert!(server.is_closed(one));
    }
}
