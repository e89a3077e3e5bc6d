//! The phase in which requests are sent and pushes arrive.
//!
//! On entry, initial presence and the request for carbons are sent, unless switched off, in the
//! order of the official SDK. Both are sent on every connection, because the server forgets them.

use super::io::{Notice, Output, Request, RequestFailure};
use super::phase::{Phase, PhaseContext};
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

/// The phase of a bound connection.
#[derive(Debug)]
pub(super) struct Online {
    pub(super) own: OwnAddress,
}

impl Online {
    /// Enters the phase. `has_carbons` says whether message carbons are enabled already.
    pub(super) fn start(
        own: OwnAddress,
        has_carbons: bool,
        limit: Option<u64>,
        cx: &mut PhaseContext<'_>,
    ) -> Phase {
        cx.notice(Notice::StanzaLimit(limit));
        cx.timers.stop(Timer::Phase);
        cx.keepalive.on_received(cx.now, cx.timers);
        cx.reconnect.on_online(cx.now);
        cx.login.on_success();
        if cx.config.presence {
            let mut buffer = Vec::new();
            Presence { priority: 1, ..Presence::new(PresenceKind::Available) }.write(&mut buffer);
            cx.send(buffer);
        }
        if cx.config.carbons && !has_carbons {
            let deadline = cx.now + cx.config.phase_timeout.min(YEAR);
            send_own_request(&EnableCarbons, deadline, false, cx);
        }
        cx.notice(Notice::State(ConnectionState::Connected));
        cx.notice(Notice::Connected {
            jid: own.full.clone(),
            resumed: false,
            server: cx.login.known().cloned().map(Box::new),
        });
        for request in cx.waiting.take_all() {
            Self::send_waiting(request, limit, cx);
        }
        Phase::Online(Self { own })
    }

    /// Sends a request that waited for the connection, unless it exceeds the server's limit, which
    /// was not known when the request was made.
    fn send_waiting(request: Request, limit: Option<u64>, cx: &mut PhaseContext<'_>) {
        match limit {
            Some(limit) if request.stanza.len() as u64 > limit => {
                let failure = RequestFailure::TooLarge { limit };
                cx.out.push_back(Output::Reply(request.request, Err(failure)));
            }
            _ => Self::on_request(request, cx),
        }
    }

    pub(super) fn on_document(self, document: &Document, cx: &mut PhaseContext<'_>) -> Phase {
        // With SASL2, features follow the success. Only their stanza limit is of use now.
        if let Ok(features) = Features::read(document.root()) {
            cx.notice(Notice::StanzaLimit(stanza_limit(&features)));
            return Phase::Online(self);
        }
        answer_and_deliver(route::route(document, cx.config.dialect, &self.own, cx.requests), cx);
        Phase::Online(self)
    }

    /// A stanza exceeded a limit and was not read.
    pub(super) fn on_skipped(self, skipped: &Skipped, cx: &mut PhaseContext<'_>) -> Phase {
        answer_and_deliver(route::route_skipped(skipped, &self.own, cx.requests), cx);
        Phase::Online(self)
    }

    /// The server sent something, even white space.
    pub(super) fn on_activity(cx: &mut PhaseContext<'_>) {
        cx.keepalive.on_received(cx.now, cx.timers);
    }

    /// The server was silent for long: pings it.
    pub(super) fn on_idle(cx: &mut PhaseContext<'_>) {
        // Anything that the server sends counts. If its answer may take very long, the ping itself
        // is forgotten earlier, so that pings do not pile up.
        let latest = cx.now + cx.config.phase_timeout.min(YEAR);
        let deadline = cx.keepalive.on_ping(cx.now, cx.timers).min(latest);
        send_own_request(&Ping::default(), deadline, false, cx);
    }

    /// A request was not answered in time: pings the server to find out whether it answers at all,
    /// unless such a ping is pending.
    pub(super) fn check(cx: &mut PhaseContext<'_>) {
        if !cx.requests.has_check() {
            let deadline = cx.now + cx.keepalive.answer_timeout().min(YEAR);
            send_own_request(&Ping::default(), deadline, true, cx);
        }
    }

    pub(super) fn on_request(request: Request, cx: &mut PhaseContext<'_>) {
        let Request { request, id, stanza, to, deadline, is_check, .. } = request;
        if deadline <= cx.now {
            cx.out.push_back(Output::Reply(request, Err(RequestFailure::TimedOut)));
            return;
        }
        let entry = Entry { id, to, deadline, is_check };
        cx.out.push_back(match cx.requests.insert(request, entry) {
            true => Output::Send(stanza),
            false => Output::Reply(request, Err(RequestFailure::TooManyRequests)),
        });
    }
}

/// The most bytes that the server accepts in one stanza (XEP-0478).
pub(super) fn stanza_limit(features: &Features) -> Option<u64> {
    features.limits.and_then(|limits| limits.max_bytes)
}

/// Sends a request of the session itself, whose answer is not used. If no answer comes to a check,
/// the connection is closed.
fn send_own_request<R: IqRequest>(
    request: &R,
    deadline: Instant,
    is_check: bool,
    cx: &mut PhaseContext<'_>,
) {
    let id = cx.random.stanza_id();
    let mut buffer = Vec::new();
    // Only a text of the caller could not be written; these requests have none.
    let written = iq::write_request(request, &id, &mut buffer);
    debug_assert!(written.is_ok(), "{written:?}");
    cx.send(buffer);
    cx.requests.insert_own(id, deadline, is_check);
}

fn answer_and_deliver(mut routed: Routed, cx: &mut PhaseContext<'_>) {
    if let Some(answer) = routed.answer.take() {
        cx.send(answer);
    }
    deliver(routed, cx);
}

/// Gives the outcome of a stanza to its caller or to the app. The answer to the stanza is not sent.
pub(super) fn deliver(routed: Routed, cx: &mut PhaseContext<'_>) {
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
