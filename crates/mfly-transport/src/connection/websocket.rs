//! Frames over WebSocket: one message is one frame (RFC 7395 §3.3).

use super::wire::{Io, Lifecycle, State, Wire, remember};
use crate::error::TransportError;
use crate::handshake_limit::HandshakeLimit;
use futures_core::Stream as _;
use futures_util::Sink as _;
use mfly_proto::framing::{Close, Frame};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use tokio::io::AsyncWrite as _;
use tokio_websockets::{CloseCode, Message, WebSocketStream};
use tracing::debug;

/// The socket type of clients and servers over every kind of byte stream.
pub(crate) type Socket = WebSocketStream<HandshakeLimit<Box<dyn Io>>>;

/// The number of queued answers to pings above which nothing more is read. Otherwise a peer that
/// sends pings and reads nothing could make the queue grow without limit.
const MAX_UNANSWERED_PINGS: u32 = 64;

pub(super) struct WebSocketWire {
    socket: Socket,
    max_frame_bytes: usize,
    unanswered_pings: u32,
    close_code: CloseCode,
    lifecycle: Lifecycle,
}

impl WebSocketWire {
    pub(super) fn new(socket: Socket, max_frame_bytes: usize) -> Self {
        Self {
            socket,
            max_frame_bytes,
            unanswered_pings: 0,
            close_code: CloseCode::NORMAL_CLOSURE,
            lifecycle: Lifecycle::default(),
        }
    }

    pub(super) fn set_close_code(&mut self, code: u16) {
        if let Some(code) = CloseCode::try_from(code).ok().filter(|code| !code.is_reserved()) {
            self.close_code = code;
        }
    }

    /// Handles a message, and returns the frame of a text message.
    fn receive(&mut self, message: Message) -> Result<Option<Frame>, TransportError> {
        if message.is_text() {
            let frame = Frame::from_utf8(message.into_payload().into());
            return frame.map(Some).map_err(|_| TransportError::NotText);
        }
        if message.is_binary() {
            return Err(TransportError::NotText);
        }
        if message.is_ping() {
            // The WebSocket library queues the answer itself.
            self.unanswered_pings = self.unanswered_pings.saturating_add(1);
        } else if let Some((code, reason)) = message.as_close() {
            let code = (code != CloseCode::NO_STATUS_RECEIVED).then(|| code.into());
            debug!(code, "the peer closes");
            self.lifecycle.close_reason = Some(Close { code, reason: reason.to_owned() });
            self.lifecycle.deadline.start();
        }
        Ok(None)
    }

    /// Writes queued answers to pings as far as possible, without replacing the waker of a task
    /// that is flushing. Pending while nothing more should be read before they are written.
    fn poll_answers(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        if self.unanswered_pings == 0 {
            return Poll::Ready(Ok(()));
        }
        let waker = self.lifecycle.wakers.flusher.as_ref().unwrap_or(cx.waker()).clone();
        // The next read or write returns an error of the socket.
        if Pin::new(&mut self.socket).poll_flush(&mut Context::from_waker(&waker)).is_ready() {
            self.answers_were_written();
        }
        if self.unanswered_pings < MAX_UNANSWERED_PINGS {
            return Poll::Ready(Ok(()));
        }
        self.lifecycle.deadline.start();
        if self.lifecycle.deadline.is_over(cx) {
            let what = "pings keep coming but no answer is read";
            return Poll::Ready(Err(TransportError::violation(what)));
        }
        Poll::Pending
    }

    fn answers_were_written(&mut self) {
        if self.unanswered_pings >= MAX_UNANSWERED_PINGS {
            if self.lifecycle.state == State::Open && self.lifecycle.close_reason.is_none() {
                self.lifecycle.deadline.stop();
            }
            self.lifecycle.wakers.reader.take().into_iter().for_each(Waker::wake);
        }
        self.unanswered_pings = 0;
    }

    /// Ends the connection because of `error`, and tells the peer why if it can still read.
    fn fail(&mut self, error: TransportError, cx: &mut Context<'_>) -> TransportError {
        let code = match error {
            TransportError::TooLarge { .. } => Some(CloseCode::MESSAGE_TOO_BIG),
            TransportError::NotText => Some(CloseCode::UNSUPPORTED_DATA),
            TransportError::Io(_) => None,
            _ => Some(CloseCode::PROTOCOL_ERROR),
        };
        if let Some(code) = code {
            // The library refuses it if it has queued a closing frame of its own.
            let _ = Pin::new(&mut self.socket).start_send(Message::close(Some(code), ""));
        }
        let _ = Pin::new(&mut self.socket).poll_flush(cx);
        debug!(%error, "the connection is over");
        self.lifecycle.end();
        error
    }

    fn translate(&self, error: tokio_websockets::Error) -> TransportError {
        TransportError::from_websocket(error, self.max_frame_bytes)
    }
}

impl Wire for WebSocketWire {
    fn lifecycle(&self) -> &Lifecycle {
        &self.lifecycle
    }

    fn lifecycle_mut(&mut self) -> &mut Lifecycle {
        &mut self.lifecycle
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame, TransportError>>> {
        if self.lifecycle.is_over() {
            return Poll::Ready(None);
        }
        loop {
            match self.poll_answers(cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Some(Err(self.fail(error, cx)))),
                Poll::Pending => {
                    remember(&mut self.lifecycle.wakers.reader, cx);
                    return Poll::Pending;
                }
            }
            let is_open =
                self.lifecycle.close_reason.is_none() && self.lifecycle.state == State::Open;
            let received = match Pin::new(&mut self.socket).poll_next(cx) {
                Poll::Ready(Some(Ok(message))) => self.receive(message),
                Poll::Ready(Some(Err(error))) => Err(self.translate(error)),
                Poll::Ready(None) if is_open => {
                    Err(TransportError::cut("the peer went away without a closing handshake"))
                }
                Poll::Ready(None) => {
                    // The closing handshake is done. Shutting down has a time limit of its own.
                    self.lifecycle.deadline.stop();
                    self.lifecycle.end();
                    return Poll::Ready(None);
                }
                Poll::Pending if self.lifecycle.deadline.is_over(cx) => {
                    self.lifecycle.end();
                    return Poll::Ready(None);
                }
                Poll::Pending => {
                    remember(&mut self.lifecycle.wakers.reader, cx);
                    return Poll::Pending;
                }
            };
            match received {
                Ok(Some(frame)) => return Poll::Ready(Some(Ok(frame))),
                Ok(None) => {}
                Err(error) => return Poll::Ready(Some(Err(self.fail(error, cx)))),
            }
        }
    }

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        if self.lifecycle.state != State::Open {
            return Poll::Ready(Err(TransportError::Closed));
        }
        let ready = Pin::new(&mut self.socket).poll_ready(cx);
        self.lifecycle.after_write(ready, cx).map_err(|error| self.translate(error))
    }

    fn start_send(&mut self, frame: Frame) -> Result<(), TransportError> {
        if self.lifecycle.state != State::Open {
            return Err(TransportError::Closed);
        }
        Pin::new(&mut self.socket)
            .start_send(Message::text(frame.into_bytes()))
            .map_err(|error| self.translate(error))
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        if self.lifecycle.is_over() {
            return Poll::Ready(Err(TransportError::Closed));
        }
        let flushed = Pin::new(&mut self.socket).poll_flush(cx);
        if flushed.is_ready() {
            self.answers_were_written();
        }
        self.lifecycle.after_write(flushed, cx).map_err(|error| self.translate(error))
    }

    /// Sends the closing frame and reads up to the peer's.
    fn poll_goodbye(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        if self.lifecycle.state == State::Open {
            self.lifecycle.state = State::Closing;
            let close = Message::close(Some(self.close_code), "");
            // The library refuses it if the peer has closed already. Then none is needed.
            let _ = Pin::new(&mut self.socket).start_send(close);
        }
        if let Err(error) = ready!(Pin::new(&mut self.socket).poll_flush(cx)) {
            self.lifecycle.end();
            return Poll::Ready(Err(self.translate(error)));
        }
        loop {
            match Pin::new(&mut self.socket).poll_next(cx) {
                // Frames that arrive while closing have no reader. The reason to close is kept.
                Poll::Ready(Some(Ok(message))) => {
                    let _ = self.receive(message);
                }
                Poll::Ready(Some(Err(_)) | None) => {
                    self.lifecycle.end();
                    return Poll::Ready(Ok(()));
                }
                Poll::Pending => {
                    remember(&mut self.lifecycle.wakers.closer, cx);
                    return Poll::Pending;
                }
            }
        }
    }

    fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(self.socket.get_mut()).poll_shutdown(cx)
    }
}
