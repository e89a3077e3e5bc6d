//! What waits to be written to one connection.

use crate::core::memory::{Budget, Held};
use crate::core::world::Parcel;
use mfly_proto::framing::Frame;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Bytes that may wait for one connection. A client that does not read that much has to go. Small
/// frames may be many: whoever comes online hears of everybody else at once.
pub(super) const QUEUED_BYTES: usize = 8 * 1024 * 1024;

/// What a waiting command takes beside its text.
const COMMAND_BYTES: usize = size_of::<(Command, Held)>();

/// What a connection's task has to do.
#[derive(Debug)]
pub(crate) enum Command {
    /// Write this frame.
    Send(Parcel),
    /// Close the connection once everything before is written.
    Close,
    /// Agree to TLS with this frame once everything before is written, and encrypt the connection.
    Secure(Frame),
    /// Neither read nor write any more.
    Silence,
}

impl Command {
    /// What waits for the client with it, in bytes.
    fn bytes(&self) -> usize {
        COMMAND_BYTES
            + match self {
                Self::Send(parcel) => parcel.len(),
                Self::Secure(frame) => frame.len(),
                Self::Close | Self::Silence => 0,
            }
    }

    /// What it costs, apart from what it shares with others.
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

/// How a connection comes to its end before everything is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It does not.
    #[default]
    Spared,
    /// It is dropped without a word.
    Cut,
    /// The client is told that it reads too slowly.
    Shed,
}

#[derive(Debug, Default)]
struct State {
    commands: VecDeque<(Command, Held)>,
    /// What is being written.
    writing: Vec<Held>,
    /// Bytes that wait or are being written.
    waiting: usize,
    /// Of those, the bytes that are being written.
    leaving: usize,
    fate: Fate,
}

#[derive(Debug)]
struct Line {
    state: Mutex<State>,
    budget: Arc<Budget>,
    /// There is something to do.
    wake: Notify,
    /// Its fate is sealed.
    ended: Notify,
}

impl Line {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The core's end of a queue.
#[derive(Debug)]
pub(super) struct Queue(Arc<Line>);

/// The connection's end of a queue.
#[derive(Debug)]
pub(crate) struct Outgoing(Arc<Line>);

/// A queue whose cost is a part of `budget`.
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
    /// Adds a command. `false` when too many wait.
    pub(super) fn push(&self, command: Command) -> bool {
        let held = command.charge(&self.0.budget);
        let mut state = self.0.state();
        state.waiting += command.bytes();
        state.commands.push_back((command, held));
        let has_room = state.waiting <= QUEUED_BYTES;
        drop(state);
        self.0.wake.notify_one();
        has_room
    }

    /// Bytes that wait or are being written.
    pub(super) fn waiting(&self) -> usize {
        self.0.state().waiting
    }

    /// Ends the connection. Nothing that waits is kept.
    pub(super) fn end(self, fate: Fate) {
        let mut state = self.0.state();
        *state = State { fate, ..State::default() };
        drop(state);
        self.0.ended.notify_one();
        self.0.wake.notify_one();
    }
}

impl Outgoing {
    /// The next thing to do. What came before counts until [`Outgoing::written`].
    pub(crate) async fn next(&self) -> Command {
        loop {
            if let Some(command) = self.try_next() {
                return command;
            }
            self.0.wake.notified().await;
        }
    }

    /// The next thing to do, if it waits already.
    pub(crate) fn try_next(&self) -> Option<Command> {
        let mut state = self.0.state();
        let (command, held) = state.commands.pop_front()?;
        state.leaving += command.bytes();
        state.writing.push(held);
        Some(command)
    }

    /// A copy of so many bytes is made to be written.
    pub(crate) fn copied(&self, bytes: usize) {
        let held = self.0.budget.charge(bytes);
        self.0.state().writing.push(held);
    }

    /// Everything that was taken is written.
    pub(crate) fn written(&self) {
        let mut state = self.0.state();
        let leaving = std::mem::take(&mut state.leaving);
        state.waiting = state.waiting.saturating_sub(leaving);
        state.writing.clear();
    }

    /// Waits until the connection has to end before everything is written.
    pub(crate) async fn ended(&self) -> Fate {
        loop {
            let fate = self.0.state().fate;
            if fate != Fate::Spared {
                return fate;
            }
            self.0.ended.notified().await;
        }
    }
}
