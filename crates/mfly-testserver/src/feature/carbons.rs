//! Copies of messages for an account's other sessions (XEP-0280).

use super::message;
use crate::dispatch::{Call, Handle};
use crate::world::session::frame;
use crate::world::{StreamId, World};
use mfly_proto::jid::UserId;
use mfly_proto::ns;
use mfly_proto::payload::carbons::EnableCarbons;
use mfly_proto::stanza::{Message, MessageKind, StanzaError};
use mfly_proto::xml::Writer;

impl Handle for EnableCarbons {
    fn handle(self, call: &mut Call<'_>) -> Result<(), StanzaError> {
        if let Some(session) = call.world.session_mut(call.stream) {
            session.carbons = true;
        }
        Ok(())
    }
}

/// Whether a message is to be copied at all (XEP-0280 §6.1).
pub(super) fn wants_copies(original: &Message<'_>) -> bool {
    let element = original.element();
    matches!(original.kind, MessageKind::Chat | MessageKind::Normal)
        && element.child(ns::CARBONS, "private").is_none()
        && !original.claims_carbon()
}

/// Copies a message to every session of `user` that asked for copies, but not to the stream `except`.
pub(super) fn copy(
    world: &mut World,
    user: &UserId,
    except: StreamId,
    direction: &'static str,
    original: &Message<'_>,
    (from, to): (&str, &str),
) {
    let own = world.jid_of(user);
    for stream in world.streams_of_where(user, |session| session.carbons) {
        let Some(session) = world.session(stream).filter(|_| stream != except) else {
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
                        message::write(w, original.element(), from, to);
                    });
                });
            });
        });
        world.send(stream, carbon);
    }
}
