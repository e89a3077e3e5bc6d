//! Bound: stanzas are routed, and the stream is pinged.

use super::{Cx, Phase, Step};
use crate::core::dispatch;
use crate::core::feature::{message, presence, standard};
use crate::core::relay;
use crate::core::world::session::frame;
use crate::core::world::{Settings, StreamId, Timestamp, World};
use mfly_proto::decode::DecodeError;
use mfly_proto::id::StanzaId;
use mfly_proto::payload::ping::Ping;
use mfly_proto::stanza::{ErrorCondition, IqKind, IqRequest, Stanza, StanzaError, iq};
use mfly_proto::stream::StreamCondition;
use mfly_proto::xml::Element;

/// The phase of a bound stream.
pub(super) struct Online {
    next_ping: Timestamp,
    /// When it counts as dead, while nothing was heard since a ping.
    dead_at: Option<Timestamp>,
}

impl Online {
    pub(super) fn new(now: Timestamp, settings: &Settings) -> Self {
        Self { next_ping: now.after(settings.ping_interval), dead_at: None }
    }

    pub(super) const fn deadline(&self) -> Timestamp {
        match self.dead_at {
            Some(dead_at) if dead_at.0 < self.next_ping.0 => dead_at,
            _ => self.next_ping,
        }
    }

    /// Any frame proves that the client lives.
    pub(super) const fn heard(&mut self) {
        self.dead_at = None;
    }

    /// Pings when it is time; `false` when the client is dead.
    pub(super) fn on_timeout(&mut self, now: Timestamp, id: StreamId, world: &mut World) -> bool {
        if self.dead_at.is_some_and(|dead_at| dead_at <= now) {
            return false;
        }
        if self.next_ping <= now {
            self.next_ping = now.after(world.settings.ping_interval);
            self.dead_at.get_or_insert(now.after(world.settings.ping_grace));
            ping(id, world);
        }
        true
    }

    pub(super) fn on_element(self, element: Element<'_>, cx: &mut Cx<'_>) -> Step {
        let Some(session) = cx.world.session(cx.id) else {
            // The session has just ended; frames that arrive afterwards are ignored.
            return Step::Become(Phase::Closed);
        };
        let (own, is_standard) = (session.jid.clone(), session.standard.is_some());
        let stanza = match Stanza::read(element) {
            Ok(Some(stanza)) => stanza,
            Ok(None) => return Step::Fail(StreamCondition::UnsupportedStanzaType),
            Err(error) => {
                refuse(element, &error, cx);
                return Step::Become(Phase::Online(self));
            }
        };
        let from = match &stanza {
            Stanza::Iq(iq) => &iq.from,
            Stanza::Presence(presence) => &presence.from,
            Stanza::Message(message) => &message.from,
        };
        if from.as_ref().is_some_and(|from| *from != *own && *from != *own.bare()) {
            return Step::Fail(StreamCondition::InvalidFrom);
        }
        match stanza {
            Stanza::Presence(stanza) if is_standard => {
                standard::presence::receive(cx.world, cx.now, cx.id, stanza, element);
            }
            Stanza::Iq(iq) => dispatch::receive(cx.world, cx.now, cx.id, &iq),
            Stanza::Presence(presence) => presence::receive(cx.world, cx.now, cx.id, presence),
            Stanza::Message(message) => message::receive(cx.world, cx.id, &message),
        }
        Step::Become(Phase::Online(self))
    }
}

fn ping(id: StreamId, world: &mut World) {
    let Some(to) = world.session(id).map(|session| session.jid.to_string()) else {
        return;
    };
    let Ok(ping_id) = StanzaId::new(world.fresh_id()) else {
        return;
    };
    let from = world.host().to_string();
    let ping = Ping { to: None };
    world.send(
        id,
        frame(|buffer| {
            iq::write(buffer, IqKind::Get, &ping_id, Some(&from), Some(&to), |w| ping.write(w));
        }),
    );
}

/// Answers a stanza whose envelope cannot be read. Errors and results are never answered.
fn refuse(element: Element<'_>, error: &DecodeError, cx: &mut Cx<'_>) {
    if matches!(element.attr("type").as_deref(), Some("error" | "result")) {
        return;
    }
    let condition = match error {
        DecodeError::InvalidValue { field: "to" | "from", .. } => ErrorCondition::JidMalformed,
        _ => ErrorCondition::BadRequest,
    };
    let id = element.attr("id");
    let stanza = (element.name(), id.as_deref());
    relay::refuse(cx.world, cx.id, stanza, None, &StanzaError::new(condition));
}
