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
mod status;
#[cfg(test)]
mod tests;
mod wire;

pub(crate) use handle::{DriverHandle, RequestOptions};
pub use status::StateChanges;

use crate::connector::Connector;
use crate::machine::{
    Cause, Command, Config, EndReason, Input, Machine, Notice, Output, RequestId, SeededRandom,
    YEAR,
};
use async_trait::async_trait;
use futures_core::future::BoxFuture;
use handle::{Caller, DriverChannels, DriverCommand, RequestDefaults, Urgent};
use mfly_proto::secret::Password;
use status::Status;
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

/// Starts a session: it connects at once. Must be called within a tokio runtime.
pub(crate) fn spawn(parts: DriverParts) -> DriverHandle {
    let mut random = SeededRandom::new(parts.seed);
    let defaults = RequestDefaults {
        request_timeout: parts.request_timeout,
        check_timeout: parts.config.keepalive.answer,
        fail_fast: parts.fail_fast,
    };
    let (handle, channels) = DriverHandle::new(random.fork(), defaults);
    let driver = Driver {
        machine: Machine::new(parts.config, random),
        connector: parts.connector,
        passwords: parts.passwords,
        notices: parts.notices,
        write_timeout: parts.write_timeout.min(YEAR),
        channels,
        callers: HashMap::new(),
        wire: Wire::Nothing,
        work: None,
        lingering: None,
        ended: None,
    };
    tokio::spawn(driver.run());
    handle
}

struct Driver {
    machine: Machine,
    connector: Arc<dyn Connector>,
    passwords: Arc<dyn PasswordSource>,
    notices: Box<dyn FnMut(Notice) + Send>,
    write_timeout: Duration,
    channels: DriverChannels,
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
        self.channels.commands.close();
        let ended = self.ended.take().unwrap_or(EndReason::Closed);
        self.channels.status.send_modify(|status| status.ended = Some(ended));
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
            let Ok(command) = self.channels.commands.try_recv() else {
                break;
            };
            self.take(command);
        }
    }

    async fn next_event(&mut self, has_links: bool) -> Event {
        let Self { machine, channels, wire, work, lingering, write_timeout, .. } = self;
        let deadline = machine.poll_timeout().map(Instant::from_std);
        let takes_commands = has_links && !wire.is_busy();
        tokio::select! {
            event = poll_fn(|cx| wire.poll_event(*write_timeout, cx)) => Event::Wire(event),
            command = channels.commands.recv(), if takes_commands => Event::DriverCommand(command),
            Some(urgent) = channels.urgent.recv() => Event::Urgent(urgent),
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

    /// Tells the app, then wakes the tasks that wait for the status. The app finds the new status
    /// when it is told; a task that wakes finds the event delivered.
    fn announce(&mut self, notice: Notice) {
        let mut wakes = false;
        self.channels.status.send_if_modified(|status| {
            wakes = status.apply(&notice);
            false
        });
        match &notice {
            Notice::Disconnected { reason } => tracing::debug!(%reason, "disconnected"),
            Notice::ConnectFailed { attempt, reason } => {
                tracing::debug!(attempt, %reason, "could not connect");
            }
            // `ended` wakes its waiters after the closing frames have left.
            Notice::Ended(reason) => self.ended = Some(reason.clone()),
            Notice::Connected { .. } => self.connector.succeeded(),
            _ => {}
        }
        (self.notices)(notice);
        if wakes {
            self.channels.status.send_modify(Status::announce);
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
