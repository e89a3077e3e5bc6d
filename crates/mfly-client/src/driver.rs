//! The only `select!` loop: transport, commands, passwords, keys and time on one side, the sans-IO
//! machine on the other.
//!
//! The loop never waits for anything in particular. Writing goes on beside reading, so a server
//! that does not read cannot keep answers from their callers; one that reads nothing for long is
//! let go. News go to a callback that must not block, answers straight to their callers: a slow
//! consumer of news does not delay an answer.

mod catch_up;
mod handle;
mod last_words;
#[cfg(test)]
mod tests;
mod wire;

pub(crate) use handle::{Asking, DriverHandle};

use crate::connector::Connector;
use crate::machine::{
    Cause, Command, Config, EndReason, Input, KnownServer, Machine, Notice, Output, RequestId,
    SeededRandom, YEAR,
};
use async_trait::async_trait;
use futures_core::future::BoxFuture;
use handle::{Caller, DriverChannels, DriverCommand, Habits, Urgent};
use mfly_proto::jid::FullJid;
use mfly_proto::secret::Password;
use std::collections::HashMap;
use std::future::{pending, poll_fn};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};
use wire::{Wire, WireEvent};

/// Makes the password for one attempt, sealed if the licence asks for that.
#[async_trait]
pub(crate) trait PasswordSource: Send + Sync {
    /// Makes one.
    ///
    /// # Errors
    /// When there is none now; the attempt fails and another follows.
    async fn password(&self) -> Result<Password, Cause>;
}

/// Everything a session needs.
pub(crate) struct DriverParts {
    /// What the machine is told.
    pub(crate) config: Config,
    /// 32 bytes from the operating system; a constant in tests.
    pub(crate) seed: [u8; 32],
    /// Makes connections.
    pub(crate) connector: Arc<dyn Connector>,
    /// Makes passwords.
    pub(crate) passwords: Arc<dyn PasswordSource>,
    /// Takes the news, in command. Must not block.
    pub(crate) notices: Box<dyn FnMut(Notice) + Send>,
    /// How long a request may take when its caller does not say.
    pub(crate) request_timeout: Duration,
    /// Whether a request fails at once while there is no connection, when its caller does not say.
    pub(crate) fail_fast: bool,
    /// How long the server may take nothing of what is sent to it. 10 s is a good value.
    pub(crate) write_timeout: Duration,
}

/// How far a session has come, for those who wait.
#[derive(Clone, Debug, Default)]
struct Progress {
    jid: Option<FullJid>,
    server: Option<Box<KnownServer>>,
    /// The most bytes that the server takes in one stanza.
    stanza_limit: Option<u64>,
    ended: Option<EndReason>,
}

/// Starts a session: it connects at once. Must be called within a tokio runtime.
pub(crate) fn spawn(parts: DriverParts) -> DriverHandle {
    let mut random = SeededRandom::new(parts.seed);
    let habits = Habits {
        request_timeout: parts.request_timeout,
        check_timeout: parts.config.keepalive.answer,
        fail_fast: parts.fail_fast,
    };
    let (link, ends) = DriverHandle::new(random.fork(), habits);
    let driver = Driver {
        machine: Machine::new(parts.config, random),
        connector: parts.connector,
        passwords: parts.passwords,
        notices: parts.notices,
        write_timeout: parts.write_timeout.min(YEAR),
        ends,
        callers: HashMap::new(),
        wire: Wire::Nothing,
        work: None,
        lingering: None,
        ended: None,
    };
    tokio::spawn(driver.run());
    link
}

struct Driver {
    machine: Machine,
    connector: Arc<dyn Connector>,
    passwords: Arc<dyn PasswordSource>,
    notices: Box<dyn FnMut(Notice) + Send>,
    write_timeout: Duration,
    ends: DriverChannels,
    callers: HashMap<RequestId, Caller>,
    wire: Wire,
    /// What the machine waits for besides the server: a password, or keys. One at a time.
    work: Option<BoxFuture<'static, Input>>,
    /// The last words on a connection that was let go.
    lingering: Option<BoxFuture<'static, ()>>,
    ended: Option<EndReason>,
}

/// What ended the wait.
enum Event {
    Wire(WireEvent),
    DriverCommand(Option<DriverCommand>),
    Urgent(Urgent),
    Worked(Input),
    Lingered,
    /// This deadline of the machine's is reached.
    Timeout(Instant),
}

impl Driver {
    async fn run(mut self) {
        self.feed(Input::Command(Command::Open));
        let mut has_links = true;
        while !self.machine.is_ended() {
            match self.next_event(has_links).await {
                Event::Wire(event) => self.hear(event),
                Event::DriverCommand(Some(command)) => {
                    self.take(command);
                    self.take_waiting();
                }
                Event::DriverCommand(None) => {
                    has_links = false;
                    self.feed(Input::Command(Command::Close(EndReason::Closed)));
                }
                Event::Urgent(Urgent::Close(reason)) => {
                    self.take_accepted();
                    self.feed(Input::Command(Command::Close(reason)));
                }
                Event::Urgent(Urgent::Reconnect(begun)) => {
                    self.feed(Input::Command(Command::Reconnect));
                    // The caller may be gone.
                    let _ = begun.send(());
                }
                Event::Urgent(Urgent::Cancel(request)) => {
                    self.callers.remove(&request);
                    self.feed(Input::Command(Command::Cancel(request)));
                }
                Event::Worked(input) => {
                    self.work = None;
                    self.feed(input);
                }
                Event::Lingered => self.lingering = None,
                Event::Timeout(deadline) => {
                    self.catch_up(deadline).await;
                    self.feed(Input::Timeout);
                }
            }
        }
        if let Some(last_words) = self.lingering.take() {
            last_words.await;
        }
        self.ends.commands.close();
        let ended = self.ended.take().unwrap_or(EndReason::Closed);
        self.ends.progress.send_modify(|progress| progress.ended = Some(ended));
    }

    fn hear(&mut self, event: WireEvent) {
        self.feed(match event {
            WireEvent::Connected { framing, confidential, bindings } => {
                Input::Connected { framing, confidential, bindings }
            }
            WireEvent::Frame(frame) => Input::Frame(frame),
            WireEvent::Lost(loss) => Input::Disconnected(loss),
        });
    }

    fn take(&mut self, command: DriverCommand) {
        match command {
            DriverCommand::Request(request, caller) => {
                // A caller that is gone by now has cancelled, perhaps before this command was seen.
                if caller.take() {
                    self.callers.insert(request.request, caller);
                    self.feed(Input::Command(Command::Request(request)));
                }
            }
            DriverCommand::Command(command) => self.feed(Input::Command(command)),
        }
    }

    /// Takes what else was ordered by now, so that it leaves in one write; no more than may wait,
    /// because the wire has to have its turn.
    fn take_waiting(&mut self) {
        for _ in 0..handle::COMMANDS {
            if self.wire.is_busy() || self.machine.is_ended() {
                break;
            }
            let Ok(command) = self.ends.commands.try_recv() else {
                break;
            };
            self.take(command);
        }
    }

    async fn next_event(&mut self, has_links: bool) -> Event {
        let Self { machine, ends, wire, work, lingering, write_timeout, .. } = self;
        let deadline = machine.poll_timeout().map(Instant::from_std);
        let takes_commands = has_links && !wire.is_busy();
        tokio::select! {
            event = poll_fn(|cx| wire.poll_event(*write_timeout, cx)) => Event::Wire(event),
            command = ends.commands.recv(), if takes_commands => Event::DriverCommand(command),
            Some(urgent) = ends.urgent.recv() => Event::Urgent(urgent),
            input = or_pending(work) => Event::Worked(input),
            () = or_pending(lingering) => Event::Lingered,
            deadline = reached(deadline) => Event::Timeout(deadline),
        }
    }

    fn feed(&mut self, input: Input) {
        self.machine.handle(Instant::now().into_std(), input);
        while let Some(output) = self.machine.poll_output() {
            self.obey(output);
        }
    }

    fn obey(&mut self, output: Output) {
        match output {
            Output::Connect { attempt, redirect } => {
                tracing::debug!(attempt, ?redirect, "connecting");
                self.wire = Wire::dial(Arc::clone(&self.connector), redirect);
            }
            Output::Send(frame) => self.wire.send(frame),
            Output::Disconnect => {
                self.work = None;
                self.lingering = self.wire.release().or(self.lingering.take());
            }
            Output::NeedPassword(ticket) => {
                let source = Arc::clone(&self.passwords);
                self.work = Some(Box::pin(async move {
                    Input::Command(Command::Password(ticket, source.password().await))
                }));
            }
            Output::Derive(ticket, derivation) => {
                let work = tokio::task::spawn_blocking(move || derivation.run());
                self.work = Some(Box::pin(async move {
                    match work.await {
                        Ok(keys) => Input::Derived(ticket, keys),
                        // The runtime goes down.
                        Err(_) => pending().await,
                    }
                }));
            }
            Output::Reply(request, result) => {
                if let Some(caller) = self.callers.remove(&request) {
                    caller.tell(result);
                }
            }
            Output::Notice(notice) => self.announce(notice),
        }
    }

    /// Tells the app, then those who wait. Whoever is told finds the new state and address in
    /// place, whoever is woken finds the news delivered.
    fn announce(&mut self, notice: Notice) {
        let DriverChannels { state, progress, .. } = &self.ends;
        let quietly = false;
        match &notice {
            Notice::State(new) => {
                state.send_if_modified(|state| {
                    *state = *new;
                    quietly
                });
            }
            Notice::Connected { jid, server, .. } => {
                progress.send_if_modified(|progress| {
                    progress.jid = Some(jid.clone());
                    progress.server.clone_from(server);
                    quietly
                });
            }
            Notice::StanzaLimit(limit) => {
                progress.send_if_modified(|progress| {
                    progress.stanza_limit = *limit;
                    quietly
                });
            }
            Notice::Disconnected { reason } => tracing::debug!(%reason, "disconnected"),
            Notice::ConnectFailed { attempt, reason } => {
                tracing::debug!(attempt, %reason, "could not connect");
            }
            // Those who wait are told when the last words are spoken.
            Notice::Ended(reason) => self.ended = Some(reason.clone()),
            _ => {}
        }
        let is_state = matches!(notice, Notice::State(_));
        let is_connected = matches!(notice, Notice::Connected { .. });
        if is_connected {
            self.connector.succeeded();
        }
        (self.notices)(notice);
        if is_state {
            self.ends.state.send_modify(|_| {});
        }
        if is_connected {
            self.ends.progress.send_modify(|_| {});
        }
    }
}

/// Polls the future if there is one; never ready otherwise.
async fn or_pending<T>(future: &mut Option<BoxFuture<'static, T>>) -> T {
    match future {
        Some(future) => future.await,
        None => pending().await,
    }
}

/// Waits for this deadline and says which it was; for ever if there is none.
async fn reached(deadline: Option<Instant>) -> Instant {
    match deadline {
        Some(deadline) => {
            sleep_until(deadline).await;
            deadline
        }
        None => pending().await,
    }
}
