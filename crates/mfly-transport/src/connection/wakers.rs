//! Who waits for a connection, how long it has left, and how far it has come.

use std::pin::Pin;
use std::task::{Context, Waker};
use std::time::Duration;
use tokio::time::Sleep;

/// How long a peer may stall a goodbye, or its own pings.
const STALLED: Duration = Duration::from_secs(5);

/// How far a connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Open,
    /// Our goodbye is queued or sent; the peer's may still come.
    Closing,
    /// Nothing more can be read or sent; the socket is still to be shut down.
    Ended,
    /// Done.
    ShutDown,
}

impl State {
    /// Whether nothing more can be read or sent.
    pub(super) fn is_over(self) -> bool {
        matches!(self, Self::Ended | Self::ShutDown)
    }
}

/// Who else waits for the connection, when its halves live in different tasks: the byte stream
/// below remembers only the last one that asked.
#[derive(Default)]
pub(super) struct Wakers {
    pub(super) reader: Option<Waker>,
    pub(super) flusher: Option<Waker>,
    pub(super) closer: Option<Waker>,
}

impl Wakers {
    /// Something happened that concerns everybody.
    pub(super) fn wake_all(&mut self) {
        let Self { reader, flusher, closer } = std::mem::take(self);
        [reader, flusher, closer].into_iter().flatten().for_each(Waker::wake);
    }
}

/// Notes who is to be woken.
pub(super) fn remember(slot: &mut Option<Waker>, cx: &Context<'_>) {
    match slot {
        Some(waker) => waker.clone_from(cx.waker()),
        None => *slot = Some(cx.waker().clone()),
    }
}

/// A time limit that may be running.
#[derive(Default)]
pub(super) struct Deadline(Option<Pin<Box<Sleep>>>);

impl Deadline {
    /// Five seconds from now, unless it runs already.
    pub(super) fn start(&mut self) {
        self.0.get_or_insert_with(|| Box::pin(tokio::time::sleep(STALLED)));
    }

    pub(super) fn stop(&mut self) {
        self.0 = None;
    }

    /// Whether it has passed. The task is woken when it does.
    pub(super) fn is_over(&mut self, cx: &mut Context<'_>) -> bool {
        self.0.as_mut().is_some_and(|deadline| deadline.as_mut().poll(cx).is_ready())
    }
}
