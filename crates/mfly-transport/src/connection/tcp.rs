//! Frames over a byte stream (RFC 6120 §4).
//!
//! The stream tags are frames like any other. They are watched only to know whether a closing tag
//! is owed.

use super::wakers::{Deadline, State, Wakers, remember};
use super::{Close, FLUSH_THRESHOLD, Io};
use crate::error::{Stage, TransportError};
use futures_core::Stream;
use futures_util::Sink;
use mfly_proto::framing::Frame;
use mfly_proto::framing::tcp::{FOOTER, SplitError, Splitter};
use mfly_proto::stream::StreamError;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tracing::debug;

/// How much is read at a time. TLS hands over no more than that at once.
const CHUNK_BYTES: usize = 16 * 1024;

/// How much memory an idle connection keeps for what it sends.
const KEPT_BYTES: usize = 8 * 1024;

/// What one side has said about its stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    /// No stream header yet.
    Silent,
    /// A stream header, and elements.
    Open,
    /// The closing tag: nothing may follow.
    Closed,
}

pub(super) struct Wire {
    io: Box<dyn Io>,
    splitter: Splitter,
    outgoing: Outgoing,
    state: State,
    ours: Side,
    close_reason: Option<Close>,
    /// Runs from our closing tag on.
    deadline: Deadline,
    wakers: Wakers,
}

/// Frames that wait for the wire.
#[derive(Default)]
struct Outgoing {
    bytes: Vec<u8>,
    /// How many of them have left.
    left: usize,
}

impl Outgoing {
    fn is_full(&self) -> bool {
        self.bytes.len() - self.left >= FLUSH_THRESHOLD
    }

    /// Hands everything over to the stream below.
    fn poll_drain(
        &mut self,
        io: &mut (impl AsyncWrite + Unpin + ?Sized),
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        let mut io = Pin::new(io);
        while self.left < self.bytes.len() {
            match ready!(io.as_mut().poll_write(cx, &self.bytes[self.left..]))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                taken => self.left += taken,
            }
        }
        self.bytes.clear();
        self.left = 0;
        // One large frame does not cost memory for ever.
        self.bytes.shrink_to(KEPT_BYTES);
        Poll::Ready(Ok(()))
    }
}

impl Wire {
    pub(super) fn new(io: Box<dyn Io>, splitter: Splitter) -> Self {
        Self {
            io,
            splitter,
            outgoing: Outgoing::default(),
            state: State::Open,
            ours: Side::Silent,
            close_reason: None,
            deadline: Deadline::default(),
            wakers: Wakers::default(),
        }
    }

    pub(super) fn close_reason(&self) -> Option<&Close> {
        self.close_reason.as_ref()
    }

    pub(super) fn state(&self) -> State {
        self.state
    }

    /// Whether we have said that nothing more comes from us, or are about to.
    fn is_closing(&self) -> bool {
        self.ours == Side::Closed || self.state != State::Open
    }

    /// The next frame; `None` when the byte stream has ended.
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Frame>, TransportError>> {
        loop {
            let next = self.splitter.next();
            if let Some(frame) = next.map_err(|error| self.complain(error))? {
                if frame.as_bytes().starts_with(b"</") {
                    debug!("the peer closes");
                    self.close_reason = Some(Close { code: None, reason: String::new() });
                    self.wakers.wake_all();
                }
                return Poll::Ready(Ok(Some(frame)));
            }
            let mut chunk = [MaybeUninit::uninit(); CHUNK_BYTES];
            let mut chunk = ReadBuf::uninit(&mut chunk);
            ready!(Pin::new(&mut self.io).poll_read(cx, &mut chunk)).map_err(TransportError::Io)?;
            if chunk.filled().is_empty() {
                return Poll::Ready(Ok(None));
            }
            self.splitter.push(chunk.filled());
        }
    }

    /// Tells the peer what is wrong with what it sent, if there is a stream of ours to tell it in.
    fn complain(&mut self, error: SplitError) -> TransportError {
        if self.ours == Side::Open {
            StreamError::new(error.into()).write(&mut self.outgoing.bytes);
            self.queue_closing_tag();
        }
        match error {
            SplitError::TooLarge { limit } => TransportError::TooLarge { limit },
            SplitError::NotUtf8 => TransportError::NotText,
            other => TransportError::violation(other),
        }
    }

    fn queue(&mut self, bytes: &[u8]) {
        self.outgoing.bytes.extend_from_slice(bytes);
    }

    fn queue_closing_tag(&mut self) {
        if self.ours == Side::Open {
            self.ours = Side::Closed;
            self.queue(FOOTER.as_bytes());
        }
    }

    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.outgoing.poll_drain(&mut *self.io, cx)
    }

    fn poll_drain_and_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(cx))?;
        Pin::new(&mut self.io).poll_flush(cx)
    }

    /// Keeps track of who waits for the wire, and ends the connection when it broke.
    fn after_write(
        &mut self,
        outcome: Poll<io::Result<()>>,
        cx: &Context<'_>,
    ) -> Poll<Result<(), TransportError>> {
        match outcome {
            Poll::Pending => {
                remember(&mut self.wakers.flusher, cx);
                Poll::Pending
            }
            Poll::Ready(outcome) => {
                self.wakers.flusher = None;
                Poll::Ready(outcome.map_err(|error| {
                    self.end();
                    TransportError::Io(error)
                }))
            }
        }
    }

    /// Ends the connection because of `error`, with a last try to get rid of what is queued.
    fn fail(&mut self, error: TransportError, cx: &mut Context<'_>) -> TransportError {
        let _ = self.poll_drain_and_flush(cx);
        debug!(%error, "the connection is over");
        self.end();
        error
    }

    fn end(&mut self) {
        if !self.state.is_over() {
            self.state = State::Ended;
        }
        self.wakers.wake_all();
    }

    /// Sends the closing tag if one is owed, and reads up to the peer's.
    fn poll_goodbye(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        if self.state == State::Open {
            self.state = State::Closing;
            self.queue_closing_tag();
        }
        if let Err(error) = ready!(self.poll_drain_and_flush(cx)) {
            self.end();
            // A peer that has closed may have left without waiting for our closing tag.
            return Poll::Ready(match self.close_reason {
                Some(_) => Ok(()),
                None => Err(TransportError::Io(error)),
            });
        }
        // Without a stream of ours there is nothing that the peer could answer.
        while self.ours == Side::Closed && self.close_reason.is_none() {
            match self.poll_frame(cx) {
                // What else arrives has no reader any more.
                Poll::Ready(Ok(Some(_))) => {}
                Poll::Ready(Ok(None) | Err(_)) => break,
                Poll::Pending => {
                    remember(&mut self.wakers.closer, cx);
                    return Poll::Pending;
                }
            }
        }
        self.end();
        Poll::Ready(Ok(()))
    }
}

impl Stream for Wire {
    type Item = Result<Frame, TransportError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        // Nothing may follow the peer's closing tag.
        if this.state.is_over() || this.close_reason.is_some() {
            return Poll::Ready(None);
        }
        // A complaint about what the peer sent closes our stream as well.
        let was_closing = this.is_closing();
        match this.poll_frame(cx) {
            Poll::Ready(Ok(Some(frame))) => Poll::Ready(Some(Ok(frame))),
            Poll::Ready(Ok(None) | Err(TransportError::Io(_))) if was_closing => {
                this.deadline.stop();
                this.end();
                Poll::Ready(None)
            }
            Poll::Ready(Ok(None)) => {
                let cut = TransportError::cut("the peer went away without a closing stream tag");
                Poll::Ready(Some(Err(this.fail(cut, cx))))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Some(Err(this.fail(error, cx)))),
            Poll::Pending if this.deadline.is_over(cx) => {
                this.end();
                Poll::Ready(None)
            }
            Poll::Pending => {
                remember(&mut this.wakers.reader, cx);
                Poll::Pending
            }
        }
    }
}

impl Sink<Frame> for Wire {
    type Error = TransportError;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let this = self.get_mut();
        if this.is_closing() {
            return Poll::Ready(Err(TransportError::Closed));
        }
        if !this.outgoing.is_full() {
            return Poll::Ready(Ok(()));
        }
        let drained = this.poll_drain(cx);
        this.after_write(drained, cx)
    }

    fn start_send(self: Pin<&mut Self>, frame: Frame) -> Result<(), TransportError> {
        let this = self.get_mut();
        if this.is_closing() {
            return Err(TransportError::Closed);
        }
        let bytes = frame.as_bytes();
        if bytes.starts_with(b"</") {
            this.ours = Side::Closed;
            this.deadline.start();
        } else if this.ours == Side::Silent && !frame.is_empty() {
            // Nothing else can come first.
            this.ours = Side::Open;
        }
        this.queue(bytes);
        Ok(())
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let this = self.get_mut();
        if this.state.is_over() {
            return Poll::Ready(Err(TransportError::Closed));
        }
        let flushed = this.poll_drain_and_flush(cx);
        this.after_write(flushed, cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let this = self.get_mut();
        if this.state == State::ShutDown {
            return Poll::Ready(Ok(()));
        }
        this.deadline.start();
        if this.deadline.is_over(cx) {
            this.end();
            this.state = State::ShutDown;
            return Poll::Ready(Err(TransportError::TimedOut { stage: Stage::Closing }));
        }
        if !this.state.is_over() {
            ready!(this.poll_goodbye(cx))?;
        }
        // The peer may have dropped its end by now; there is nothing left to lose.
        let _ = ready!(Pin::new(&mut this.io).poll_shutdown(cx));
        this.state = State::ShutDown;
        Poll::Ready(Ok(()))
    }
}
