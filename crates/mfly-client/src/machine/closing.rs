//! The phase in which this side has closed the stream, and waits for the server to close its side.
//! Answers to earlier requests still arrive.

use super::io::Notice;
use super::online::deliver;
use super::phase::{Phase, PhaseContext};
use super::reason::{ConnectionState, EndReason};
use super::requests::OwnAddress;
use super::route;
use super::timers::Timer;
use mfly_proto::framing::Skipped;
use mfly_proto::stanza::{Presence, PresenceKind};
use mfly_proto::xml::Document;

/// A connection that is being closed.
#[derive(Debug)]
pub(super) struct Closing {
    own: OwnAddress,
    pub(super) reason: EndReason,
}

impl Closing {
    pub(super) fn start(own: OwnAddress, reason: EndReason, cx: &mut PhaseContext<'_>) -> Phase {
        // After the closing frame nothing may be sent (RFC 7395 §3.6), so no ping is due either.
        cx.timers.clear();
        cx.timers.set(Timer::Phase, cx.now, cx.config.close_timeout);
        let mut buffer = Vec::new();
        Presence::new(PresenceKind::Unavailable).write(&mut buffer);
        cx.send(buffer);
        if let Some(close) = cx.channel.close() {
            cx.send_frame(close);
        }
        cx.notice(Notice::State(ConnectionState::Closing));
        Phase::Closing(Self { own, reason })
    }

    pub(super) fn on_document(self, document: &Document, cx: &mut PhaseContext<'_>) -> Phase {
        let routed = route::route(document, cx.config.dialect, &self.own, cx.requests);
        deliver(routed, cx);
        Phase::Closing(self)
    }

    pub(super) fn on_skipped(self, skipped: &Skipped, cx: &mut PhaseContext<'_>) -> Phase {
        let routed = route::route_skipped(skipped, &self.own, cx.requests);
        deliver(routed, cx);
        Phase::Closing(self)
    }
}
