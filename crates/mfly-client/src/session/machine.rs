//! The machine itself: inputs to the right phase, losses to the right end.

use super::channel::Channel;
use super::closing::Closing;
use super::config::Config;
use super::entropy::Entropy;
use super::farewell::farewell;
use super::io::{Command, DerivationTicket, Input, Loss, Notice, Output, RequestFailure};
use super::keepalive::Keepalive;
use super::login::Login;
use super::offline::Offline;
use super::online::Online;
use super::opening::Opening;
use super::phase::{Cx, Phase};
use super::reason::{ConnectionState, DisconnectReason, EndReason};
use super::reconnect::{Lost, Reconnect, Verdict};
use super::redirect::Redirect;
use super::requests::{Owner, Requests};
use super::timers::{Timer, Timers};
use mfly_proto::framing::{Frame, Received};
use mfly_proto::sasl::ScramKeys;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// A session. See [`io`](super::io) for how to run it.
#[derive(Debug)]
pub(crate) struct Machine {
    phase: Phase,
    channel: Channel,
    login: Login,
    requests: Requests,
    reconnect: Reconnect,
    keepalive: Keepalive,
    timers: Timers,
    entropy: Entropy,
    config: Config,
    out: VecDeque<Output>,
}

/// Whether frames can still leave when a connection ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Transport {
    Up,
    Gone,
}

/// What there is to lose.
enum Standing {
    Nothing,
    Dial,
    Stream,
    Session,
    /// Only the rest of a goodbye, after which this is the end.
    Goodbye(EndReason),
}

impl Standing {
    fn of(phase: &Phase) -> Self {
        match phase {
            Phase::Offline(Offline::Dialling) => Self::Dial,
            Phase::Offline(_) => Self::Nothing,
            Phase::Opening(_) | Phase::Authenticating(_) | Phase::Binding(_) => Self::Stream,
            Phase::Online(_) => Self::Session,
            Phase::Closing(closing) => Self::Goodbye(closing.reason.clone()),
        }
    }
}

impl Machine {
    /// A session that begins with [`Command::Open`].
    pub(crate) fn new(config: Config, entropy: Entropy) -> Self {
        Self {
            phase: Phase::Offline(Offline::Idle),
            channel: Channel::nothing(config.limits),
            login: Login::new(&config),
            requests: Requests::new(config.max_requests),
            reconnect: Reconnect::new(),
            keepalive: Keepalive::new(config.keepalive),
            timers: Timers::default(),
            entropy,
            config,
            out: VecDeque::new(),
        }
    }

    /// The next thing to do.
    pub(crate) fn poll_output(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// When to feed [`Input::Timeout`] if nothing else happens before.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        [self.timers.next(), self.requests.next_deadline()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Whether nothing will happen any more.
    pub(crate) const fn is_ended(&self) -> bool {
        matches!(self.phase, Phase::Offline(Offline::Ended))
    }

    /// Takes in what happened at `now`.
    pub(crate) fn handle(&mut self, now: Instant, input: Input) {
        match input {
            Input::Connected {
                framing,
                confidential,
                bindings,
            } => {
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

    /// Lets the phase go on; an error from it ends the connection.
    fn advance(
        &mut self,
        now: Instant,
        step: impl FnOnce(Phase, &mut Cx<'_>) -> Result<Phase, DisconnectReason>,
    ) {
        let placeholder = Phase::Offline(Offline::Idle);
        let phase = std::mem::replace(&mut self.phase, placeholder);
        let before = Standing::of(&phase);
        let mut cx = Cx {
            now,
            config: &self.config,
            channel: &mut self.channel,
            login: &mut self.login,
            requests: &mut self.requests,
            reconnect: &mut self.reconnect,
            keepalive: self.keepalive,
            timers: &mut self.timers,
            entropy: &mut self.entropy,
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
            // Nobody asked for it, or no longer.
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
                Online::on_heard(cx);
            }
            match cx.channel.read(frame)? {
                Received::WhiteSpace => Ok(phase),
                received => phase.on_received(received, cx),
            }
        });
    }

    fn on_loss(&mut self, now: Instant, loss: Loss) {
        let standing = Standing::of(&self.phase);
        if matches!(standing, Standing::Nothing) {
            return;
        }
        let reason = match loss {
            Loss::ConnectFailed(cause) => DisconnectReason::ConnectFailed(cause),
            Loss::Closed => DisconnectReason::ClosedByServer,
            Loss::Broken(cause) => DisconnectReason::ConnectionBroken(cause),
            Loss::WriteStalled => DisconnectReason::WriteStalled,
        };
        self.lose(now, standing, reason, Transport::Gone);
    }

    fn on_command(&mut self, now: Instant, command: Command) {
        match command {
            Command::Open if matches!(self.phase, Phase::Offline(Offline::Idle)) => {
                self.out
                    .push_back(Output::Notice(Notice::State(ConnectionState::Connecting)));
                self.advance(now, |_, cx| Ok(Phase::Offline(Offline::dial(None, cx))));
            }
            Command::Open => {}
            Command::Request(request) => {
                let failure = match self.phase {
                    Phase::Online(_) => {
                        return self.advance(now, |phase, cx| {
                            Online::on_request(request, cx);
                            Ok(phase)
                        });
                    }
                    Phase::Closing(_) | Phase::Offline(Offline::Ended) => RequestFailure::Closed,
                    _ => RequestFailure::NotConnected,
                };
                self.out
                    .push_back(Output::Reply(request.request, Err(failure)));
            }
            Command::Cancel(request) => {
                self.requests.cancel(request);
            }
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

    fn on_keys(&mut self, now: Instant, ticket: DerivationTicket, keys: ScramKeys) {
        if matches!(self.phase, Phase::Authenticating(_)) {
            self.advance(now, |phase, cx| match phase {
                Phase::Authenticating(auth) => auth.on_keys(ticket, keys, cx),
                other => Ok(other),
            });
        }
    }

    fn on_timeout(&mut self, now: Instant) {
        while let Some(owner) = self.requests.expired(now) {
            if let Owner::Caller(request) = owner {
                self.out
                    .push_back(Output::Reply(request, Err(RequestFailure::TimedOut)));
            }
        }
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

    fn close(&mut self, now: Instant, reason: EndReason) {
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
    fn lose(
        &mut self,
        now: Instant,
        standing: Standing,
        reason: DisconnectReason,
        transport: Transport,
    ) {
        let reason = self.login.over(reason);
        if transport == Transport::Up {
            if matches!(standing, Standing::Stream | Standing::Session) {
                let last_words = farewell(&reason, &self.channel);
                self.out.extend(last_words.into_iter().map(Output::Send));
            }
            self.out.push_back(Output::Disconnect);
        }
        if matches!(standing, Standing::Stream) {
            self.login.failed();
        }
        let stood = match standing {
            Standing::Goodbye(end) => return self.end(end),
            Standing::Session => true,
            Standing::Nothing | Standing::Dial | Standing::Stream => false,
        };
        for request in self.requests.take_all() {
            self.out
                .push_back(Output::Reply(request, Err(RequestFailure::ConnectionLost)));
        }
        self.timers.clear();
        let attempt = self.reconnect.attempt();
        let notice = if stood {
            Notice::Disconnected {
                reason: reason.clone(),
            }
        } else {
            Notice::ConnectFailed {
                attempt,
                reason: reason.clone(),
            }
        };
        self.out.push_back(Output::Notice(notice));
        let verdict = self.reconnect.lost(Lost {
            now,
            reason: &reason,
            pointer: self.pointer(&reason),
            policy: &self.config.reconnect,
            first_attempts: self.config.first_attempts,
            fraction: self.entropy.fraction(),
        });
        if stood && !matches!(verdict, Verdict::End(_)) {
            let state = Notice::State(ConnectionState::Reconnecting);
            self.out.push_back(Output::Notice(state));
        }
        match verdict {
            Verdict::AtOnce { attempt, redirect } => {
                let delay = Duration::ZERO;
                self.out
                    .push_back(Output::Notice(Notice::Reconnecting { attempt, delay }));
                self.advance(now, |_, cx| Ok(Phase::Offline(Offline::dial(redirect, cx))));
            }
            Verdict::Retry { attempt, delay } => {
                self.out
                    .push_back(Output::Notice(Notice::Reconnecting { attempt, delay }));
                self.timers.set(Timer::Reconnect, now, delay);
                self.phase = Phase::Offline(Offline::Waiting);
            }
            Verdict::End(reason) => self.end(reason),
        }
    }

    /// Where the server points, if it may be followed there. One that could not be trusted with a password cannot be
    /// trusted with that either.
    fn pointer(&self, reason: &DisconnectReason) -> Option<Redirect> {
        let redirect = match reason {
            DisconnectReason::Moved { to } => Redirect::to_uri(to),
            DisconnectReason::StreamError(error) => {
                error.see_other_host.as_deref().and_then(Redirect::to_host)
            }
            _ => None,
        }?;
        let Config {
            redirects, home, ..
        } = &self.config;
        (self.channel.confidential && redirects.allows(&redirect, home)).then_some(redirect)
    }

    fn end(&mut self, reason: EndReason) {
        for request in self.requests.take_all() {
            self.out
                .push_back(Output::Reply(request, Err(RequestFailure::Closed)));
        }
        self.timers.clear();
        self.phase = Phase::Offline(Offline::Ended);
        self.out
            .push_back(Output::Notice(Notice::State(ConnectionState::Ended)));
        self.out.push_back(Output::Notice(Notice::Ended(reason)));
    }
}

#[cfg(test)]
impl Machine {
    pub(super) const fn is_online(&self) -> bool {
        matches!(self.phase, Phase::Online(_))
    }

    pub(super) const fn is_dialling(&self) -> bool {
        matches!(self.phase, Phase::Offline(Offline::Dialling))
    }

    pub(super) const fn known_server(&self) -> Option<&super::known_server::KnownServer> {
        self.login.known()
    }
}
