//! The machine: passes inputs to the current phase, and ends connections and the session.

mod loss;

use super::channel::Channel;
use super::config::Config;
use super::io::{Command, DerivationTicket, Input, Notice, Output, Request, RequestFailure};
use super::keepalive::Keepalive;
use super::login_memory::LoginMemory;
use super::offline::Offline;
use super::online::Online;
use super::opening::Opening;
use super::phase::{Phase, PhaseContext};
use super::reason::{ConnectionState, DisconnectReason, EndReason};
use super::reconnect::Reconnect;
use super::requests::{Expired, Owner, Requests};
use super::seeded_random::SeededRandom;
use super::timers::{Timer, Timers};
use super::waiting_requests::WaitingRequests;
use mfly_proto::framing::{Frame, Received};
use mfly_proto::sasl::ScramKeys;
use std::collections::VecDeque;
use std::time::Instant;

/// The state machine of a session. The docs of [`machine`](super) describe how to run it.
#[derive(Debug)]
pub struct Machine {
    phase: Phase,
    channel: Channel,
    login: LoginMemory,
    requests: Requests,
    waiting: WaitingRequests,
    /// Why the last connection was lost or could not be made.
    last_loss: Option<DisconnectReason>,
    reconnect: Reconnect,
    keepalive: Keepalive,
    timers: Timers,
    random: SeededRandom,
    config: Config,
    out: VecDeque<Output>,
}

/// Whether the transport can still send frames when a connection ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Transport {
    Up,
    Gone,
}

/// How far the connection had got.
enum Progress {
    NoConnection,
    Connecting,
    LoggingIn,
    Online,
    /// This side has closed the stream; the session ends for this reason.
    Closing(EndReason),
}

impl Progress {
    fn of(phase: &Phase) -> Self {
        match phase {
            Phase::Offline(Offline::Dialling) => Self::Connecting,
            Phase::Offline(_) => Self::NoConnection,
            Phase::Opening(_) | Phase::Authenticating(_) | Phase::Binding(_) => Self::LoggingIn,
            Phase::Online(_) => Self::Online,
            Phase::Closing(closing) => Self::Closing(closing.reason.clone()),
        }
    }
}

impl Machine {
    /// Makes a machine, which starts connecting on [`Command::Open`].
    pub fn new(config: Config, random: SeededRandom) -> Self {
        Self {
            phase: Phase::Offline(Offline::Idle),
            channel: Channel::nothing(config.limits),
            login: LoginMemory::new(&config),
            requests: Requests::new(config.max_requests),
            waiting: WaitingRequests::new(config.max_waiting),
            last_loss: None,
            reconnect: Reconnect::new(),
            keepalive: Keepalive::new(config.keepalive),
            timers: Timers::default(),
            random,
            config,
            out: VecDeque::new(),
        }
    }

    /// Takes the next output, or `None` when all are taken.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// The time at which to feed [`Input::Timeout`], unless another input comes before.
    pub fn poll_timeout(&self) -> Option<Instant> {
        [self.timers.next(), self.requests.next_deadline(), self.waiting.next_deadline()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Whether the session has ended.
    pub const fn is_ended(&self) -> bool {
        matches!(self.phase, Phase::Offline(Offline::Ended))
    }

    /// Handles an input that happened at `now`.
    pub fn handle(&mut self, now: Instant, input: Input) {
        match input {
            Input::Connected { framing, confidential, bindings } => {
                let limits = self.config.limits;
                self.on_connected(now, Channel::new(framing, limits, confidential, bindings));
            }
            Input::Frame(frame) => self.on_frame(now, frame),
            Input::Disconnected(loss) => self.on_loss(now, loss),
            Input::Command(command) => self.on_command(now, command),
            Input::Derived(ticket, keys) => self.on_keys(now, ticket, keys),
            Input::Timeout => self.on_timeout(now),
        }
    }

    /// Runs a step of the current phase; an error ends the connection.
    fn advance(
        &mut self,
        now: Instant,
        step: impl FnOnce(Phase, &mut PhaseContext<'_>) -> Result<Phase, DisconnectReason>,
    ) {
        let placeholder = Phase::Offline(Offline::Idle);
        let phase = std::mem::replace(&mut self.phase, placeholder);
        let before = Progress::of(&phase);
        let mut cx = PhaseContext {
            now,
            config: &self.config,
            channel: &mut self.channel,
            login: &mut self.login,
            requests: &mut self.requests,
            waiting: &mut self.waiting,
            reconnect: &mut self.reconnect,
            keepalive: self.keepalive,
            timers: &mut self.timers,
            random: &mut self.random,
            out: &mut self.out,
        };
        match step(phase, &mut cx) {
            Ok(phase) => self.phase = phase,
            Err(reason) => self.lose(now, before, reason, Transport::Up),
        }
    }

    fn on_connected(&mut self, now: Instant, channel: Channel) {
        if matches!(self.phase, Phase::Offline(Offline::Dialling)) {
            self.channel = channel;
            self.advance(now, |_, cx| Opening::first(cx));
        } else if matches!(self.phase, Phase::Offline(_)) {
            // The connection was not asked for, or was cancelled.
            self.out.push_back(Output::Disconnect);
        }
    }

    fn on_frame(&mut self, now: Instant, frame: Frame) {
        if matches!(self.phase, Phase::Offline(_)) {
            return;
        }
        let is_online = matches!(self.phase, Phase::Online(_));
        self.advance(now, |phase, cx| {
            if is_online {
                Online::on_activity(cx);
            }
            match cx.channel.read(frame)? {
                Received::WhiteSpace => Ok(phase),
                received => phase.on_received(received, cx),
            }
        });
    }

    fn on_command(&mut self, now: Instant, command: Command) {
        match command {
            Command::Open if matches!(self.phase, Phase::Offline(Offline::Idle)) => {
                self.out.push_back(Output::Notice(Notice::State(ConnectionState::Connecting)));
                self.advance(now, |_, cx| Ok(Phase::Offline(Offline::dial(None, cx))));
            }
            Command::Open => {}
            Command::Request(request) => self.on_request(now, request),
            Command::Cancel(request) => {
                self.requests.cancel(request);
                self.waiting.cancel(request);
            }
            Command::Reconnect => self.reconnect(now),
            Command::Send(stanza) => {
                if matches!(self.phase, Phase::Online(_)) {
                    self.out.push_back(Output::Send(stanza));
                }
            }
            Command::Password(ticket, password) => {
                if matches!(self.phase, Phase::Authenticating(_)) {
                    self.advance(now, |phase, cx| match phase {
                        Phase::Authenticating(auth) => auth.on_password(ticket, password, cx),
                        other => Ok(other),
                    });
                }
            }
            Command::Close(reason) => self.close(now, reason),
        }
    }

    fn on_request(&mut self, now: Instant, request: Request) {
        let name = request.request;
        let failure = match self.phase {
            Phase::Online(_) => {
                return self.advance(now, |phase, cx| {
                    Online::on_request(request, cx);
                    Ok(phase)
                });
            }
            Phase::Closing(_) | Phase::Offline(Offline::Ended) => RequestFailure::Closed,
            _ if request.fail_fast || request.deadline <= now => self.not_connected(),
            _ if self.waiting.push(request) => return,
            _ => RequestFailure::TooManyRequests,
        };
        self.out.push_back(Output::Reply(name, Err(failure)));
    }

    fn not_connected(&self) -> RequestFailure {
        RequestFailure::NotConnected { last: self.last_loss.clone().map(Box::new) }
    }

    fn on_keys(&mut self, now: Instant, ticket: DerivationTicket, keys: ScramKeys) {
        if matches!(self.phase, Phase::Authenticating(_)) {
            self.advance(now, |phase, cx| match phase {
                Phase::Authenticating(auth) => auth.on_keys(ticket, keys, cx),
                other => Ok(other),
            });
        }
    }

    fn on_timeout(&mut self, now: Instant) {
        while let Some(request) = self.waiting.expired(now) {
            let failure = self.not_connected();
            self.out.push_back(Output::Reply(request, Err(failure)));
        }
        self.expire_requests(now);
        while let Some(timer) = self.timers.expired(now) {
            match timer {
                Timer::Phase => {
                    let reason = DisconnectReason::TimedOut(self.phase.stage());
                    self.advance(now, |_, _| Err(reason));
                }
                Timer::Reconnect => {
                    self.advance(now, |_, cx| Ok(Phase::Offline(Offline::dial(None, cx))));
                }
                Timer::Idle => self.advance(now, |phase, cx| {
                    Online::on_idle(cx);
                    Ok(phase)
                }),
                Timer::Pong => self.advance(now, |_, _| Err(DisconnectReason::PeerSilent)),
            }
        }
    }

    /// Settles the requests that were not answered in time, and then checks whether the server
    /// answers at all. If a check is among them, the connection is closed.
    fn expire_requests(&mut self, now: Instant) {
        let (mut unanswered, mut unresponsive) = (false, false);
        while let Some(Expired { owner, is_check }) = self.requests.expired(now) {
            unresponsive |= is_check;
            if let Owner::Caller(request) = owner {
                unanswered = true;
                let failure = match is_check {
                    true => {
                        RequestFailure::ConnectionLost(DisconnectReason::PeerUnresponsive.into())
                    }
                    false => RequestFailure::TimedOut,
                };
                self.out.push_back(Output::Reply(request, Err(failure)));
            }
        }
        if !matches!(self.phase, Phase::Online(_)) {
            return;
        }
        if unresponsive {
            self.advance(now, |_, _| Err(DisconnectReason::PeerUnresponsive));
        } else if unanswered {
            self.advance(now, |phase, cx| {
                Online::check(cx);
                Ok(phase)
            });
        }
    }
}

#[cfg(test)]
impl Machine {
    pub(super) const fn is_dialling(&self) -> bool {
        matches!(self.phase, Phase::Offline(Offline::Dialling))
    }

    pub(super) const fn known_server(&self) -> Option<&super::known_server::KnownServer> {
        self.login.known()
    }
}
