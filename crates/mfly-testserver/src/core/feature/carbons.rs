//! Copies of messages for an account's other sessions (XEP-0280).

use crate::core::call::{Call, Reply};
use crate::core::relay::{self, Letter, MAX_STANZA_BYTES};
use crate::core::world::session::frame;
use crate::core::world::{StreamId, World};
use mfly_proto::jid::UserId;
use mfly_proto::ns;
use mfly_proto::stanza::{Message, MessageKind, StanzaError};
use mfly_proto::xml::{Element, Writer};
use std::collections::BTreeSet;

/// XEP-0334: hints to servers.
const HINTS: &str = "urn:xmpp:hints";

/// Turns copies on for the session.
pub(crate) fn enable(call: &mut Call<'_>) -> Result<Reply, StanzaError> {
    Ok(set(call, true))
}

/// Turns copies off for the session.
pub(crate) fn disable(call: &mut Call<'_>) -> Result<Reply, StanzaError> {
    Ok(set(call, false))
}

fn set(call: &mut Call<'_>, is_on: bool) -> Reply {
    if let Some(session) = call.world.session_mut(call.stream) {
        session.carbons = is_on;
    }
    Reply::EMPTY
}

/// Whether a message is to be copied at all (XEP-0280 §6.1).
pub(super) fn wants_copies(original: &Message<'_>) -> bool {
    let element = original.element();
    matches!(original.kind, MessageKind::Chat | MessageKind::Normal)
        && !element.children().any(is_private)
        && element.child(HINTS, "no-copy").is_none()
        && !original.claims_carbon()
}

/// Whether this child says that its message is not to be copied. It has no meaning for the
/// recipient.
pub(super) fn is_private(child: Element<'_>) -> bool {
    child.is(ns::CARBONS, "private")
}

/// Copies a message to every session of `user` that asked for copies, but not to these. A copy that
/// would be too large is left out.
pub(super) fn copy(
    world: &mut World,
    user: &UserId,
    except: &BTreeSet<StreamId>,
    direction: &'static str,
    letter: &Letter<'_>,
) {
    let own = world.jid_of(user);
    for stream in world.streams_of_where(user, |session| session.carbons) {
        let Some(session) = world.session(stream).filter(|_| !except.contains(&stream)) else {
            continue;
        };
        let recipient = session.jid.clone();
        let carbon = frame(|buffer| {
            Writer::new(buffer).element("message", |w| {
                w.attr("from", own.as_str());
                w.attr("to", recipient.as_str());
                w.attr("type", "chat");
                w.attr("xmlns", ns::CLIENT);
                w.element(direction, |w| {
                    w.attr("xmlns", ns::CARBONS);
                    w.element("forwarded", |w| {
                        w.attr("xmlns", ns::FORWARD);
                        relay::write(
                            w,
                            letter.message.element(),
                            letter.from.as_str(),
                            letter.to.as_str(),
                        );
                    });
                });
            });
        });
        if carbon.len() <= MAX_STANZA_BYTES {
            world.send(stream, carbon);
        }
    }
}
