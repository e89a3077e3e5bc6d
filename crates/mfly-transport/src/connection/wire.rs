//! The common part of the WebSocket and the TCP wire: state, wakers, deadline and closing.

use crate::error::{Stage, TransportError};
use mfly_proto::framing::{Close, Frame};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Sleep;

/// A byte stream that a connection can use.
pub(crate) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// The number of queued bytes above which a sender has to wait.
pub(crate) const FLUSH_THRESHOLD: usize = 64 * 1024;

/// How long a peer may delay the end of a connection, or leave the answers to its pings unread.
const STALL_LIMIT: Duration = Duration::from_secs(5);

/// A WebSocket or TCP connection that sends and receives frames, as `Stream` and `Sink` define it.
pub(super) trait Wire {
    fn lifecycle(&self) -> &Lifecycle;
    fn lifecycle_mut(&mut self) -> &mut Lifecycle;

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, TransportError>>>;
    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>>;
    fn start_send(&mut self, frame: Frame) -> Result<(), TransportError>;
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>>;

    /// Sends the end of this side, and reads up to the end of the peer's side.
    fn poll_goodbye(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>>;
    /// Shuts the byte stream down.
    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>>;

    fn poll_close(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let lifecycle = self.lifecycle_mut();
        if lifecycle.state == State::ShutDown {
            return Poll::Ready(Ok(()));
        }
        lifecycle.deadline.start();
        if lifecycle.deadline.is_over(cx) {
            lifecycle.end();
            lifecycle.state = State::ShutDown;
            return Poll::Ready(Err(TransportError::TimedOut { stage: Stage::Closing }));
        }
        if !lifecycle.is_over() {
            ready!(self.poll_goodbye(cx))?;
        }
        // The peer may have dropped its end. Both sides have closed, so nothing is lost.
        let _ = ready!(self.poll_shutdown(cx));
        self.lifecycle_mut().state = State::ShutDown;
        Poll::Ready(Ok(()))
    }
}

/// The state of a connection.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum State {
    #[default]
    Open,
    /// The end of this side is queued or sent. The peer may still send.
    Closing,
    /// Nothing more can be read or sent. The byte stream is not shut down yet.
    Ended,
    /// The byte stream is shut down.
    ShutDown,
}

/// The state of a connection, and the tasks and the deadline that wait for it to change.
#[derive(Default)]
pub(super) struct Lifecycle {
    pub(super) state: State,
    pub(super) close_reason: Option<Close>,
    /// Runs while the peer delays the end of the connection, or leaves answers to pings unread.
    pub(super) deadline: Deadline,
    pub(super) wakers: Wakers,
}

impl Lifecycle {
    /// Whether nothing more can be read or sent.
    pub(super) fn is_over(&self) -> bool {
        matches!(self.state, State::Ended | State::ShutDown)
    }

    /// Ends the connection, and wakes every task that waits for it.
    pub(super) fn end(&mut self) {
        if !self.is_over() {
            self.state = State::Ended;
        }
        self.wakers.wake_all();
    }

    /// Records the task that waits for a write, and ends the connection when the write failed.
    pub(super) fn after_write<E>(
        &mut self,
        outcome: Poll<Result<(), E>>,
        cx: &Context<'_>,
    ) -> Poll<Result<(), E>> {
        match &outcome {
            Poll::Pending => remember(&mut self.wakers.flusher, cx),
            Poll::Ready(written) => {
                self.wakers.flusher = None;
                if written.is_err() {
                    self.end();
                }
            }
        }
        outcome
    }
}

/// The tasks that wait for a connection. Its halves may be in different tasks, and the byte stream
/// wakes only the task that polled it last.
#[derive(Default)]
pub(super) struct Wakers {
    pub(super) reader: Option<Waker>,
    pub(super) flusher: Option<Waker>,
    pub(super) closer: Option<Waker>,
}

impl Wakers {
    pub(super) fn wake_all(&mut self) {
        let Self { reader, flusher, closer } = std::mem::take(self);
        [reader, flusher, closer].into_iter().flatten().for_each(Waker::wake);
    }
}

/// Stores the waker of the current task.
pub(super) fn remember(slot: &mut Option<Waker>, cx: &Context<'_>) {
    match slot {
        Some(waker) => waker.clone_from(cx.waker()),
        None => *slot = Some(cx.waker().clone()),
    }
}

/// A time limit, which runs after [`start`](Self::start).
#[derive(Default)]
pub(super) struct Deadline(Option<Pin<Box<Sleep>>>);

impl Deadline {
    /// Starts the time limit, unless it is running.
    pub(super) fn start(&mut self) {
        self.0.get_or_insert_with(|| Box::pin(tokio::time::sleep(STALL_LIMIT)));
    }

    pub(super) fn stop(&mut self) {
        self.0 = None;
    }

    /// Whether the time is over. If not, the current task is woken when it is.
    pub(super) fn is_over(&mut self, cx: &mut Context<'_>) -> bool {
        self.0.as_mut().is_some_and(|deadline| deadline.as_mut().poll(cx).is_ready())
    }
}
