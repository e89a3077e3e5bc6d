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
        let progress = Progress::of(&self.phase);
        if matches!(progress, Progress::NoConnection) {
            return;
        }
        let reason = match loss {
            Loss::ConnectFailed(cause) => DisconnectReason::ConnectFailed(cause),
            Loss::Closed(close) => DisconnectReason::closed(close),
            Loss::TooLarge(limit) => DisconnectReason::FrameTooLarge { limit },
            Loss::Broken(cause) => DisconnectReason::ConnectionBroken(cause),
            Loss::WriteStalled => DisconnectReason::WriteStalled,
        };
        self.lose(now, progress, reason, Transport::Gone);
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

    /// Ends the connection, or the attempt to make one, and decides what follows.
    pub(super) fn lose(
        &mut self,
        now: Instant,
        progress: Progress,
        reason: DisconnectReason,
        transport: Transport,
    ) {
        let reason = self.login.redact(reason);
        if transport == Transport::Up {
            if matches!(progress, Progress::LoggingIn | Progress::Online) {
                let frames = closing_frames(&reason, &self.channel);
                self.out.extend(frames.into_iter().map(Output::Send));
            }
            self.out.push_back(Output::Disconnect);
        }
        if matches!(progress, Progress::LoggingIn) {
            self.login.on_failure();
        }
        let was_online = match progress {
            Progress::Closing(end) => return self.end(end),
            Progress::Online => true,
            Progress::NoConnection | Progress::Connecting | Progress::LoggingIn => false,
        };
        for request in self.requests.take_all() {
            let failure = RequestFailure::ConnectionLost(Box::new(reason.clone()));
            self.out.push_back(Output::Reply(request, Err(failure)));
        }
        self.timers.clear();
        self.last_loss = Some(reason.clone());
        let attempt = self.reconnect.attempt();
        let notice = if was_online {
            Notice::Disconnected { reason: reason.clone() }
        } else {
            Notice::ConnectFailed { attempt, reason: reason.clone() }
        };
        self.out.push_back(Output::Notice(notice));
        let verdict = self.reconnect.on_loss(Lost {
            now,
            reason: &reason,
            redirect: self.allowed_redirect(&reason),
            policy: &self.config.reconnect,
            first_attempts: self.config.first_attempts,
            fraction: self.random.fraction(),
        });
        if was_online && !matches!(verdict, Verdict::End(_)) {
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

    /// Makes a new connection at once, in any phase.
    pub(super) fn reconnect(&mut self, now: Instant) {
        match &self.phase {
            Phase::Offline(Offline::Waiting) => {
                self.timers.stop(Timer::Reconnect);
                self.advance(now, |_, cx| Ok(Phase::Offline(Offline::dial(None, cx))));
            }
            Phase::Offline(Offline::Idle | Offline::Ended) | Phase::Closing(_) => {}
            phase => {
                let progress = Progress::of(phase);
                let reason = DisconnectReason::ReconnectRequested;
                self.lose(now, progress, reason, Transport::Up);
            }
        }
    }

    /// The redirect in a reason, if the policy allows to follow it. A redirect over a connection
    /// that is not confidential is never followed.
    fn allowed_redirect(&self, reason: &DisconnectReason) -> Option<Redirect> {
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
