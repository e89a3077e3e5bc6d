//! The queue of commands for one connection.

use crate::core::memory::{Budget, Held};
use crate::core::world::Parcel;
use crate::lock::lock;
use mfly_proto::framing::Frame;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use tokio::sync::Notify;

/// Bytes that may wait for one connection. A client that reads too slowly for it is disconnected.
/// Many small frames may wait: a client that comes online gets the presence of all others at once.
pub(super) const QUEUED_BYTES: usize = 8 * 1024 * 1024;

/// The memory of a waiting command beside its text.
const COMMAND_BYTES: usize = size_of::<(Command, Held)>();

/// A command for the task of a connection.
#[derive(Debug)]
pub(crate) enum Command {
    Send(Parcel),
    /// Closes the connection after everything before is written.
    Close,
    /// Agrees to TLS with this frame after everything before is written, and does the handshake.
    Secure(Frame),
    Silence,
}

impl Command {
    /// The bytes that wait for the client with this command.
    fn bytes(&self) -> usize {
        COMMAND_BYTES
            + match self {
                Self::Send(parcel) => parcel.len(),
                Self::Secure(frame) => frame.len(),
                Self::Close | Self::Silence => 0,
            }
    }

    /// Charges the memory of this command, without text that it shares with other commands.
    fn charge(&self, budget: &Arc<Budget>) -> Held {
        let own = match self {
            Self::Send(parcel) => {
                parcel.charge(|bytes| budget.charge(bytes));
                parcel.own_len()
            }
            Self::Secure(frame) => frame.len(),
            Self::Close | Self::Silence => 0,
        };
        budget.charge(COMMAND_BYTES + own)
    }
}

/// How a connection ends before everything is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The connection goes on.
    #[default]
    Spared,
    /// The connection is dropped without a closing frame.
    Cut,
    /// The client reads too slowly and gets a stream error.
    Shed,
}

#[derive(Debug, Default)]
struct State {
    commands: VecDeque<(Command, Held)>,
    /// The memory of commands that are being written.
    writing: Vec<Held>,
    /// Bytes that wait or are being written.
    waiting: usize,
    /// The part of `waiting` that is being written.
    leaving: usize,
    fate: Fate,
}

#[derive(Debug)]
struct Line {
    state: Mutex<State>,
    budget: Arc<Budget>,
    /// Notified when a command is added.
    wake: Notify,
    /// Notified when the fate changes.
    ended: Notify,
}

/// The core's end of a queue.
#[derive(Debug)]
pub(super) struct Queue(Arc<Line>);

/// The connection's end of a queue.
#[derive(Debug)]
pub(crate) struct Outgoing(Arc<Line>);

/// Makes a queue whose memory counts in `budget`.
pub(super) fn queue(budget: &Arc<Budget>) -> (Queue, Outgoing) {
    let line = Arc::new(Line {
        state: Mutex::default(),
        budget: Arc::clone(budget),
        wake: Notify::new(),
        ended: Notify::new(),
    });
    (Queue(Arc::clone(&line)), Outgoing(line))
}

impl Queue {
    /// Adds a command. `false` if too many bytes wait.
    pub(super) fn push(&self, command: Command) -> bool {
        let held = command.charge(&self.0.budget);
        let mut state = lock(&self.0.state);
        state.waiting += command.bytes();
        state.commands.push_back((command, held));
        let has_room = state.waiting <= QUEUED_BYTES;
        drop(state);
        self.0.wake.notify_one();
        has_room
    }

    /// Bytes that wait or are being written.
    pub(super) fn waiting(&self) -> usize {
        lock(&self.0.state).waiting
    }

    /// Ends the connection, and drops all commands that wait.
    pub(super) fn end(self, fate: Fate) {
        let mut state = lock(&self.0.state);
        *state = State { fate, ..State::default() };
        drop(state);
        self.0.ended.notify_one();
        self.0.wake.notify_one();
    }
}

impl Outgoing {
    /// Waits for the next command. Earlier ones count until [`Outgoing::written`].
    pub(crate) async fn next(&self) -> Command {
        loop {
            if let Some(command) = self.try_next() {
                return command;
            }
            self.0.wake.notified().await;
        }
    }

    /// Returns the next command, if there is one.
    pub(crate) fn try_next(&self) -> Option<Command> {
        let mut state = lock(&self.0.state);
        let (command, held) = state.commands.pop_front()?;
        state.leaving += command.bytes();
        state.writing.push(held);
        Some(command)
    }

    /// Counts a copy of this number of bytes, which is made for writing.
    pub(crate) fn copied(&self, bytes: usize) {
        let held = self.0.budget.charge(bytes);
        lock(&self.0.state).writing.push(held);
    }

    /// Says that all commands that were taken are executed.
    pub(crate) fn written(&self) {
        let mut state = lock(&self.0.state);
        let leaving = std::mem::take(&mut state.leaving);
        state.waiting = state.waiting.saturating_sub(leaving);
        state.writing.clear();
    }

    /// Waits until the connection has to end before everything is written.
    pub(crate) async fn ended(&self) -> Fate {
        loop {
            let fate = lock(&self.0.state).fate;
            if fate != Fate::Spared {
                return fate;
            }
            self.0.ended.notified().await;
        }
    }
}
