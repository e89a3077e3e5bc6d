//! Frames over a byte stream (RFC 6120 §4).
//!
//! The stream tags are frames as well. The wire looks at them only to know whether it must send a
//! closing tag.

use super::wire::{FLUSH_THRESHOLD, Io, Lifecycle, State, Wire, remember};
use crate::error::TransportError;
use mfly_proto::framing::tcp::{FOOTER, SplitError, Splitter};
use mfly_proto::framing::{Close, Frame};
use mfly_proto::stream::StreamError;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tracing::debug;

/// The number of bytes read at a time. TLS returns no more than that at once.
const CHUNK_BYTES: usize = 16 * 1024;

/// The memory that an idle connection keeps for its queue, in bytes.
const KEPT_BYTES: usize = 8 * 1024;

/// How far the stream of this side has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    /// The stream header was not sent.
    Silent,
    /// The stream header was sent.
    Open,
    /// The closing tag was sent. Nothing may follow it.
    Closed,
}

pub(super) struct TcpWire {
    io: Box<dyn Io>,
    splitter: Splitter,
    queue: Queue,
    ours: Side,
    lifecycle: Lifecycle,
}

/// The bytes that wait to be written.
#[derive(Default)]
struct Queue {
    bytes: Vec<u8>,
    /// The number of bytes already written.
    written: usize,
}

impl Queue {
    fn is_full(&self) -> bool {
        self.bytes.len() - self.written >= FLUSH_THRESHOLD
    }

    /// Writes the queue to the byte stream.
    fn poll_drain(
        &mut self,
        io: &mut (impl AsyncWrite + Unpin + ?Sized),
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        let mut io = Pin::new(io);
        while self.written < self.bytes.len() {
            match ready!(io.as_mut().poll_write(cx, &self.bytes[self.written..]))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                taken => self.written += taken,
            }
        }
        self.bytes.clear();
        self.written = 0;
        // Releases the memory of a large frame.
        self.bytes.shrink_to(KEPT_BYTES);
        Poll::Ready(Ok(()))
    }
}

impl TcpWire {
    pub(super) fn new(io: Box<dyn Io>, splitter: Splitter) -> Self {
        let (queue, lifecycle) = (Queue::default(), Lifecycle::default());
        Self { io, splitter, queue, ours: Side::Silent, lifecycle }
    }

    /// Whether this side has ended its stream, or is about to.
    fn is_closing(&self) -> bool {
        self.ours == Side::Closed || self.lifecycle.state != State::Open
    }

    /// The next frame; `None` at the end of the byte stream.
    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Frame>, TransportError>> {
        loop {
            let next = self.splitter.next();
            if let Some(frame) = next.map_err(|error| self.report(error))? {
                if frame.as_bytes().starts_with(b"</") {
                    debug!("the peer closes");
                    self.lifecycle.close_reason = Some(Close { code: None, reason: String::new() });
                    self.lifecycle.wakers.wake_all();
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

    /// Queues a stream error about invalid data from the peer, if the stream of this side is open.
    fn report(&mut self, error: SplitError) -> TransportError {
        if self.ours == Side::Open {
            StreamError::new(error.into()).write(&mut self.queue.bytes);
            self.queue_closing_tag();
        }
        match error {
            SplitError::TooLarge { limit } => TransportError::TooLarge { limit },
            SplitError::NotUtf8 => TransportError::NotText,
            other => TransportError::violation(other),
        }
    }

    fn queue_closing_tag(&mut self) {
        if self.ours == Side::Open {
            self.ours = Side::Closed;
            self.queue.bytes.extend_from_slice(FOOTER.as_bytes());
        }
    }

    fn poll_drain_and_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.queue.poll_drain(&mut *self.io, cx))?;
        Pin::new(&mut self.io).poll_flush(cx)
    }

    /// Ends the connection because of `error`, after an attempt to write the queue.
    fn fail(&mut self, error: TransportError, cx: &mut Context<'_>) -> TransportError {
        let _ = self.poll_drain_and_flush(cx);
        debug!(%error, "the connection is over");
        self.lifecycle.end();
        error
    }
}

impl Wire for TcpWire {
    fn lifecycle(&self) -> &Lifecycle {
        &self.lifecycle
    }

    fn lifecycle_mut(&mut self) -> &mut Lifecycle {
        &mut self.lifecycle
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, TransportError>>> {
        // Nothing may follow the peer's closing tag.
        if self.lifecycle.is_over() || self.lifecycle.close_reason.is_some() {
            return Poll::Ready(None);
        }
        // An error in the peer's data closes the stream of this side as well.
        let was_closing = self.is_closing();
        match self.poll_frame(cx) {
            Poll::Ready(Ok(Some(frame))) => Poll::Ready(Some(Ok(frame))),
            Poll::Ready(Ok(None) | Err(TransportError::Io(_))) if was_closing => {
                self.lifecycle.deadline.stop();
                self.lifecycle.end();
                Poll::Ready(None)
            }
            Poll::Ready(Ok(None)) => {
                let cut = TransportError::cut("the peer went away without a closing stream tag");
                Poll::Ready(Some(Err(self.fail(cut, cx))))
            }
            Poll::Ready(Err(error)) => Poll::Ready(Some(Err(self.fail(error, cx)))),
            Poll::Pending if self.lifecycle.deadline.is_over(cx) => {
                self.lifecycle.end();
                Poll::Ready(None)
            }
            Poll::Pending => {
                remember(&mut self.lifecycle.wakers.reader, cx);
                Poll::Pending
            }
        }
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        if self.is_closing() {
            return Poll::Ready(Err(TransportError::Closed));
        }
        if !self.queue.is_full() {
            return Poll::Ready(Ok(()));
        }
        let drained = self.queue.poll_drain(&mut *self.io, cx);
        self.lifecycle.after_write(drained, cx).map_err(TransportError::Io)
    }

    fn start_send(&mut self, frame: Frame) -> Result<(), TransportError> {
        if self.is_closing() {
            return Err(TransportError::Closed);
        }
        let bytes = frame.as_bytes();
        if bytes.starts_with(b"</") {
            self.ours = Side::Closed;
            self.lifecycle.deadline.start();
        } else if self.ours == Side::Silent && !frame.is_empty() {
            // The first frame of a stream is its header.
            self.ours = Side::Open;
        }
        self.queue.bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        if self.lifecycle.is_over() {
            return Poll::Ready(Err(TransportError::Closed));
        }
        let flushed = self.poll_drain_and_flush(cx);
        self.lifecycle.after_write(flushed, cx).map_err(TransportError::Io)
    }

    /// Sends the closing tag if this side has not, and reads up to the peer's.
    fn poll_goodbye(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        if self.lifecycle.state == State::Open {
            self.lifecycle.state = State::Closing;
            self.queue_closing_tag();
        }
        if let Err(error) = ready!(self.poll_drain_and_flush(cx)) {
            self.lifecycle.end();
            // A peer that has closed need not wait for the closing tag of this side.
            return Poll::Ready(match self.lifecycle.close_reason {
                Some(_) => Ok(()),
                None => Err(TransportError::Io(error)),
            });
        }
        // A peer does not answer the end of a stream that was never opened.
        while self.ours == Side::Closed && self.lifecycle.close_reason.is_none() {
            match self.poll_frame(cx) {
                // Frames that arrive while closing have no reader.
                Poll::Ready(Ok(Some(_))) => {}
                Poll::Ready(Ok(None) | Err(_)) => break,
                Poll::Pending => {
                    remember(&mut self.lifecycle.wakers.closer, cx);
                    return Poll::Pending;
                }
            }
        }
        self.lifecycle.end();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}
