//! The `select!` loop of a session: it feeds the sans-IO machine from the transport, commands,
//! passwords, keys and the clock.
//!
//! Writing goes on beside reading, so a server that does not read cannot keep answers from their
//! callers; a server that reads nothing for long is disconnected. Notices go to a callback that
//! must not block, answers directly to their callers: a slow consumer of notices does not delay an
//! answer.

mod catch_up;
mod final_flush;
mod handle;
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
use handle::{Caller, DriverChannels, DriverCommand, RequestDefaults, UrgentCommand};
use mfly_proto::secret::Password;
use status::Status;
use std::collections::HashMap;
use std::future::{pending, poll_fn};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};
use wire::{Wire, WireEvent};

/// Makes the password for each login, sealed if the licence requires that.
#[async_trait]
pub(crate) trait PasswordSource: Send + Sync {
    /// Makes the password for one attempt.
    ///
    /// # Errors
    /// When there is no password now; the attempt fails and another one follows.
    async fn password(&self) -> Result<Password, Cause>;
}

/// The parts that a driver is made of.
pub(crate) struct DriverParts {
    /// The configuration of the machine.
    pub(crate) config: Config,
    /// 32 bytes from the operating system; a constant in tests.
    pub(crate) seed: [u8; 32],
    /// The maker of connections.
    pub(crate) connector: Arc<dyn Connector>,
    /// The maker of passwords.
    pub(crate) passwords: Arc<dyn PasswordSource>,
    /// The receiver of notices, in order. It must not block.
    pub(crate) notices: Box<dyn FnMut(Notice) + Send>,
    /// The timeout of requests whose caller sets none.
    pub(crate) request_timeout: Duration,
    /// Whether requests fail at once while there is no connection, when their caller does not say.
    pub(crate) fail_fast: bool,
    /// How long the server may read nothing of what is sent to it. 10 s is a good value.
    pub(crate) write_timeout: Duration,
}

/// Starts a session, which connects at once. Must be called within a tokio runtime.
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
        closing: None,
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
    /// The password or the keys that the machine waits for. There is one at a time.
    work: Option<BoxFuture<'static, Input>>,
    /// Writes the last frames of a connection that was closed.
    closing: Option<BoxFuture<'static, ()>>,
    ended: Option<EndReason>,
}

/// An event that the loop waits for.
enum Event {
    Wire(WireEvent),
    DriverCommand(Option<DriverCommand>),
    Urgent(UrgentCommand),
    WorkDone(Input),
    ConnectionClosed,
    /// This deadline of the machine is reached.
    Timeout(Instant),
}

impl Driver {
    async fn run(mut self) {
        self.feed(Input::Command(Command::Open));
        let mut has_handles = true;
        while !self.machine.is_ended() {
            match self.next_event(has_handles).await {
                Event::Wire(event) => self.on_wire_event(event),
                Event::DriverCommand(Some(command)) => {
                    self.on_command(command);
                    self.take_queued();
                }
                Event::DriverCommand(None) => {
                    has_handles = false;
                    self.feed(Input::Command(Command::Close(EndReason::Closed)));
                }
                Event::Urgent(UrgentCommand::Close(reason)) => {
                    self.take_all_queued();
                    self.feed(Input::Command(Command::Close(reason)));
                }
                Event::Urgent(UrgentCommand::Reconnect(begun)) => {
                    self.feed(Input::Command(Command::Reconnect));
                    // The caller may be gone.
                    let _ = begun.send(());
                }
                Event::Urgent(UrgentCommand::Cancel(request)) => {
                    self.callers.remove(&request);
                    self.feed(Input::Command(Command::Cancel(request)));
                }
                Event::WorkDone(input) => {
                    self.work = None;
                    self.feed(input);
                }
                Event::ConnectionClosed => self.closing = None,
                Event::Timeout(deadline) => {
                    self.catch_up(deadline).await;
                    self.feed(Input::Timeout);
                }
            }
        }
        if let Some(closing) = self.closing.take() {
            closing.await;
        }
        self.channels.commands.close();
        let ended = self.ended.take().unwrap_or(EndReason::Closed);
        self.channels.status.send_modify(|status| status.ended = Some(ended));
    }

    fn on_wire_event(&mut self, event: WireEvent) {
        self.feed(match event {
            WireEvent::Connected { framing, confidential, bindings } => {
                Input::Connected { framing, confidential, bindings }
            }
            WireEvent::Frame(frame) => Input::Frame(frame),
            WireEvent::Lost(loss) => Input::Disconnected(loss),
        });
    }

    fn on_command(&mut self, command: DriverCommand) {
        match command {
            DriverCommand::Request(request, caller) => {
                // The cancellation of a caller that is gone may have come before this command.
                if caller.mark_taken() {
                    self.callers.insert(request.request, caller);
                    self.feed(Input::Command(Command::Request(request)));
                }
            }
            DriverCommand::Command(command) => self.feed(Input::Command(command)),
        }
    }

    /// Takes the commands that are queued by now, so that their frames are written together. Their
    /// number is bounded, because the wire has to have its turn.
    fn take_queued(&mut self) {
        for _ in 0..handle::MAX_QUEUED {
            if self.wire.is_busy() || self.machine.is_ended() {
                break;
            }
            let Ok(command) = self.channels.commands.try_recv() else {
                break;
            };
            self.on_command(command);
        }
    }

    async fn next_event(&mut self, has_handles: bool) -> Event {
        let Self { machine, channels, wire, work, closing, write_timeout, .. } = self;
        let deadline = machine.poll_timeout().map(Instant::from_std);
        let takes_commands = has_handles && !wire.is_busy();
        tokio::select! {
            event = poll_fn(|cx| wire.poll_event(*write_timeout, cx)) => Event::Wire(event),
            command = channels.commands.recv(), if takes_commands => Event::DriverCommand(command),
            Some(urgent) = channels.urgent.recv() => Event::Urgent(urgent),
            input = or_pending(work) => Event::WorkDone(input),
            () = or_pending(closing) => Event::ConnectionClosed,
            deadline = reached(deadline) => Event::Timeout(deadline),
        }
    }

    fn feed(&mut self, input: Input) {
        self.machine.handle(Instant::now().into_std(), input);
        while let Some(output) = self.machine.poll_output() {
            self.perform(output);
        }
    }

    fn perform(&mut self, output: Output) {
        match output {
            Output::Connect { attempt, redirect } => {
                tracing::debug!(attempt, ?redirect, "connecting");
                self.wire = Wire::dial(Arc::clone(&self.connector), redirect);
            }
            Output::Send(frame) => self.wire.send(frame),
            Output::Disconnect => {
                self.work = None;
                self.closing = self.wire.release().or(self.closing.take());
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
                        // The runtime is shutting down.
                        Err(_) => pending().await,
                    }
                }));
            }
            Output::Reply(request, result) => {
                if let Some(caller) = self.callers.remove(&request) {
                    caller.reply(result);
                }
            }
            Output::Notice(notice) => self.announce(notice),
        }
    }

    /// Gives a notice to the app, then wakes the tasks that wait for the status. The callback finds
    /// the new status set; a task that wakes finds the notice delivered.
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
            // `ended` wakes its waiters after the closing frames are written.
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

/// Waits for the deadline and returns it; never ready if there is none.
async fn reached(deadline: Option<Instant>) -> Instant {
    match deadline {
        Some(deadline) => {
            sleep_until(deadline).await;
            deadline
        }
        None => pending().await,
    }
}
