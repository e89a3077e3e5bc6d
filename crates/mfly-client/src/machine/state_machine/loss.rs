//! The end of a connection, and of the session.

use super::{Machine, Progress, Transport};
use crate::machine::closing::Closing;
use crate::machine::closing_frames::closing_frames;
use crate::machine::config::Config;
use crate::machine::io::{Loss, Notice, Output, RequestFailure};
use crate::machine::offline::Offline;
use crate::machine::phase::Phase;
use crate::machine::reason::{ConnectionState, DisconnectReason, EndReason};
use crate::machine::reconnect::{Lost, Verdict};
use crate::machine::redirect::Redirect;
use crate::machine::timers::Timer;
use std::time::{Duration, Instant};

impl Machine {
    pub(super) fn on_loss(&mut self, now: Instant, loss: Loss) {
        let standing = Progress::of(&self.phase);
        if matches!(standing, Progress::Nothing) {
            return;
        }
        let reason = match loss {
            Loss::ConnectFailed(cause) => DisconnectReason::ConnectFailed(cause),
            Loss::Closed(close) => DisconnectReason::closed(close),
            Loss::TooLarge(limit) => DisconnectReason::FrameTooLarge { limit },
            Loss::Broken(cause) => DisconnectReason::ConnectionBroken(cause),
            Loss::WriteStalled => DisconnectReason::WriteStalled,
        };
        self.lose(now, standing, reason, Transport::Gone);
    }

    pub(super) fn close(&mut self, now: Instant, reason: EndReason) {
        match &self.phase {
            Phase::Online(online) => {
                let own = online.own.clone();
                self.advance(now, |_, cx| Ok(Closing::start(own, reason, cx)));
            }
            Phase::Closing(_) | Phase::Offline(Offline::Ended) => {}
            Phase::Offline(Offline::Idle | Offline::Waiting) => self.end(reason),
            Phase::Offline(Offline::Dialling) => {
                self.out.push_back(Output::Disconnect);
                self.end(reason);
            }
            Phase::Opening(_) | Phase::Authenticating(_) | Phase::Binding(_) => {
                self.out.extend(self.channel.close().map(Output::Send));
                self.out.push_back(Output::Disconnect);
                self.end(reason);
            }
        }
    }

    /// The connection, or the attempt to make one, is over.
    pub(super) fn lose(
        &mut self,
        now: Instant,
        standing: Progress,
        reason: DisconnectReason,
        transport: Transport,
    ) {
        let reason = self.login.over(reason);
        if transport == Transport::Up {
            if matches!(standing, Progress::Stream | Progress::Session) {
                let last_words = closing_frames(&reason, &self.channel);
                self.out.extend(last_words.into_iter().map(Output::Send));
            }
            self.out.push_back(Output::Disconnect);
        }
        if matches!(standing, Progress::Stream) {
            self.login.failed();
        }
        let stood = match standing {
            Progress::Goodbye(end) => return self.end(end),
            Progress::Session => true,
            Progress::Nothing | Progress::Dial | Progress::Stream => false,
        };
        for request in self.requests.take_all() {
            let failure = RequestFailure::ConnectionLost(Box::new(reason.clone()));
            self.out.push_back(Output::Reply(request, Err(failure)));
        }
        self.timers.clear();
        self.last_loss = Some(reason.clone());
        let attempt = self.reconnect.attempt();
        let notice = if stood {
            Notice::Disconnected { reason: reason.clone() }
        } else {
            Notice::ConnectFailed { attempt, reason: reason.clone() }
        };
        self.out.push_back(Output::Notice(notice));
        let verdict = self.reconnect.lost(Lost {
            now,
            reason: &reason,
            pointer: self.pointer(&reason),
            policy: &self.config.reconnect,
            first_attempts: self.config.first_attempts,
            fraction: self.random.fraction(),
        });
        if stood && !matches!(verdict, Verdict::End(_)) {
            let state = Notice::State(ConnectionState::Reconnecting);
            self.out.push_back(Output::Notice(state));
        }
        match verdict {
            Verdict::AtOnce { attempt, redirect } => {
                let delay = Duration::ZERO;
                self.out.push_back(Output::Notice(Notice::Reconnecting { attempt, delay }));
                self.advance(now, |_, cx| Ok(Phase::Offline(Offline::dial(redirect, cx))));
            }
            Verdict::Retry { attempt, delay } => {
                self.out.push_back(Output::Notice(Notice::Reconnecting { attempt, delay }));
                self.timers.set(Timer::Reconnect, now, delay);
                self.phase = Phase::Offline(Offline::Waiting);
            }
            Verdict::End(reason) => self.end(reason),
        }
    }

    /// The app wants a new connection: at once, whatever there is now.
    pub(super) fn reconnect(&mut self, now: Instant) {
        match &self.phase {
            Phase::Offline(Offline::Waiting) => {
                self.timers.stop(Timer::Reconnect);
                self.advance(now, |_, cx| Ok(Phase::Offline(Offline::dial(None, cx))));
            }
            Phase::Offline(Offline::Idle | Offline::Ended) | Phase::Closing(_) => {}
            phase => {
                let standing = Progress::of(phase);
                let reason = DisconnectReason::ReconnectRequested;
                self.lose(now, standing, reason, Transport::Up);
            }
        }
    }

    /// Where the server points, if it may be followed there. One that could not be trusted with a
    /// password cannot be trusted with that either.
    fn pointer(&self, reason: &DisconnectReason) -> Option<Redirect> {
        let redirect = match reason {
            DisconnectReason::Moved { to } => Redirect::to_uri(to),
            DisconnectReason::StreamError(error) => {
                error.see_other_host.as_deref().and_then(Redirect::to_host)
            }
            _ => None,
        }?;
        let Config { redirects, home, .. } = &self.config;
        (self.channel.confidential && redirects.allows(&redirect, home)).then_some(redirect)
    }

    fn end(&mut self, reason: EndReason) {
        let waiting = self.waiting.take_all();
        let waiting = waiting.into_iter().map(|request| request.request);
        for request in self.requests.take_all().chain(waiting) {
            self.out.push_back(Output::Reply(request, Err(RequestFailure::Closed)));
        }
        self.timers.clear();
        self.phase = Phase::Offline(Offline::Ended);
        self.out.push_back(Output::Notice(Notice::State(ConnectionState::Ended)));
        self.out.push_back(Output::Notice(Notice::Ended(reason)));
    }
}
