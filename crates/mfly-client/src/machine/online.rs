//! Requests can be made, news arrive.
//!
//! On entry, in the order of the official SDK: initial presence, then carbons, unless switched off.
//! Both after every connection: the server forgets them.

use super::io::{Notice, Output, Request, RequestFailure};
use super::phase::{Cx, Phase};
use super::reason::ConnectionState;
use super::requests::{Entry, OwnAddress, Owner};
use super::route::{self, Outcome, Routed};
use super::timers::{Timer, YEAR};
use mfly_proto::framing::Skipped;
use mfly_proto::payload::carbons::EnableCarbons;
use mfly_proto::payload::ping::Ping;
use mfly_proto::stanza::{IqRequest, Presence, PresenceKind, iq};
use mfly_proto::stream::Features;
use mfly_proto::xml::Document;
use std::time::Instant;

/// A connection that stands.
#[derive(Debug)]
pub(super) struct Online {
    pub(super) own: OwnAddress,
}

impl Online {
    /// `has_carbons` says whether copies of messages are on already.
    pub(super) fn start(
        own: OwnAddress,
        has_carbons: bool,
        limit: Option<u64>,
        cx: &mut Cx<'_>,
    ) -> Phase {
        cx.notice(Notice::StanzaLimit(limit));
        cx.timers.stop(Timer::Phase);
        cx.keepalive.heard(cx.now, cx.timers);
        cx.reconnect.online(cx.now);
        cx.login.succeeded();
        if cx.config.presence {
            let mut buffer = Vec::new();
            Presence { priority: 1, ..Presence::new(PresenceKind::Available) }.write(&mut buffer);
            cx.send(buffer);
        }
        if cx.config.carbons && !has_carbons {
            let deadline = cx.now + cx.config.phase_timeout.min(YEAR);
            ask(&EnableCarbons, deadline, false, cx);
        }
        cx.notice(Notice::State(ConnectionState::Connected));
        cx.notice(Notice::Connected {
            jid: own.full.clone(),
            resumed: false,
            server: cx.login.known().cloned().map(Box::new),
        });
        for request in cx.waiting.take_all() {
            Self::on_waited(request, limit, cx);
        }
        Phase::Online(Self { own })
    }

    /// A request that waited for the connection. How much the server takes was not known when it
    /// was made.
    fn on_waited(request: Request, limit: Option<u64>, cx: &mut Cx<'_>) {
        match limit {
            Some(limit) if request.stanza.len() as u64 > limit => {
                let failure = RequestFailure::TooLarge { limit };
                cx.out.push_back(Output::Reply(request.request, Err(failure)));
            }
            _ => Self::on_request(request, cx),
        }
    }

    pub(super) fn on_document(self, document: &Document, cx: &mut Cx<'_>) -> Phase {
        // With SASL2 they follow the success; all that matters of them now is how much may be sent.
        if let Ok(features) = Features::read(document.root()) {
            cx.notice(Notice::StanzaLimit(stanza_limit(&features)));
            return Phase::Online(self);
        }
        answer_and_deliver(route::route(document, cx.config.dialect, &self.own, cx.requests), cx);
        Phase::Online(self)
    }

    /// A stanza exceeds a limit and was not read.
    pub(super) fn on_skipped(self, skipped: &Skipped, cx: &mut Cx<'_>) -> Phase {
        answer_and_deliver(route::route_skipped(skipped, &self.own, cx.requests), cx);
        Phase::Online(self)
    }

    /// Anything arrived, even white space.
    pub(super) fn on_heard(cx: &mut Cx<'_>) {
        cx.keepalive.heard(cx.now, cx.timers);
    }

    /// Nothing arrived for long.
    pub(super) fn on_idle(cx: &mut Cx<'_>) {
        // Where the answer may take a long time, not every ping waits for its own: only some sign
        // of life counts.
        let total_timeout = cx.now + cx.config.phase_timeout.min(YEAR);
        let deadline = cx.keepalive.asked(cx.now, cx.timers).min(total_timeout);
        ask(&Ping::default(), deadline, false, cx);
    }

    /// A request was not answered in time: does the server answer anything? One question at a time
    /// is enough.
    pub(super) fn check(cx: &mut Cx<'_>) {
        if !cx.requests.has_check() {
            let deadline = cx.now + cx.keepalive.total_timeout().min(YEAR);
            ask(&Ping::default(), deadline, true, cx);
        }
    }

    pub(super) fn on_request(request: Request, cx: &mut Cx<'_>) {
        let Request { request, id, stanza, to, deadline, is_check, .. } = request;
        if deadline <= cx.now {
            cx.out.push_back(Output::Reply(request, Err(RequestFailure::TimedOut)));
            return;
        }
        let entry = Entry { id, to, deadline, is_check };
        match cx.requests.insert(request, entry) {
            Ok(()) => cx.out.push_back(Output::Send(stanza)),
            Err(_) => {
                cx.out.push_back(Output::Reply(request, Err(RequestFailure::TooManyRequests)));
            }
        }
    }
}

/// The most bytes that the server takes in one stanza.
pub(super) fn stanza_limit(features: &Features) -> Option<u64> {
    features.limits.and_then(|limits| limits.max_bytes)
}

/// Asks something whose answer only matters as a sign of life; without the answer to a check, the
/// connection is given up.
fn ask<R: IqRequest>(request: &R, deadline: Instant, is_check: bool, cx: &mut Cx<'_>) {
    let id = cx.random.stanza_id();
    let mut buffer = Vec::new();
    // What a caller chose of it, the resource, was checked when it was chosen.
    let written = iq::write_request(request, &id, &mut buffer);
    debug_assert!(written.is_ok(), "{written:?}");
    cx.send(buffer);
    cx.requests.insert_own(id, deadline, is_check);
}

fn answer_and_deliver(mut routed: Routed, cx: &mut Cx<'_>) {
    if let Some(answer) = routed.answer.take() {
        cx.send(answer);
    }
    deliver(routed, cx);
}

/// Tells the caller or the app what a stanza says. Its answer is not sent.
pub(super) fn deliver(routed: Routed, cx: &mut Cx<'_>) {
    if let Some(reason) = routed.pending_end {
        cx.reconnect.set_pending_end(reason);
    }
    match routed.outcome {
        Outcome::Reply(Owner::Caller(request), result) => {
            cx.out.push_back(Output::Reply(request, result));
        }
        Outcome::Notice(notice) => cx.notice(notice),
        Outcome::Reply(Owner::Session(_), _) | Outcome::Nothing => {}
    }
}
