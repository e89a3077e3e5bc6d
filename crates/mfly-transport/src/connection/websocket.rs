//! Frames over WebSocket: one message is one frame (RFC 7395 §3.3).

use super::Close;
use super::wakers::{Deadline, State, Wakers, remember};
use crate::error::{Stage, TransportError};
use crate::upgrade::Socket;
use futures_core::Stream;
use futures_util::Sink;
use mfly_proto::framing::Frame;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use tokio::io::AsyncWrite;
use tokio_websockets::{CloseCode, Message};
use tracing::debug;

/// How many pings may be waiting for an answer to leave before no more is read. A peer that goes
/// on sending pings while it reads nothing would otherwise make the queue grow without end.
const MAX_UNANSWERED_PINGS: u32 = 64;

pub(super) struct Wire {
    socket: Socket,
    max_frame_bytes: usize,
    state: State,
    close_reason: Option<Close>,
    /// Runs from the first closing frame on, whoever sent it, and while too many pings wait.
    deadline: Deadline,
    unanswered_pings: u32,
    wakers: Wakers,
}

impl Wire {
    pub(super) fn new(socket: Socket, max_frame_bytes: usize) -> Self {
        Self {
            socket,
            max_frame_bytes,
            state: State::Open,
            close_reason: None,
            deadline: Deadline::default(),
            unanswered_pings: 0,
            wakers: Wakers::default(),
        }
    }

    pub(super) fn close_reason(&self) -> Option<&Close> {
        self.close_reason.as_ref()
    }

    pub(super) fn state(&self) -> State {
        self.state
    }

    /// Handles one message: a frame for the reader, or nothing.
    fn receive(&mut self, message: Message) -> Result<Option<Frame>, TransportError> {
        if message.is_text() {
            return match Frame::from_utf8(message.into_payload().into()) {
                Ok(frame) => Ok(Some(frame)),
                Err(_) => Err(TransportError::NotText),
            };
        }
        if message.is_binary() {
            return Err(TransportError::NotText);
        }
        if message.is_ping() {
            // The answer itself is queued by the WebSocket layer.
            self.unanswered_pings = self.unanswered_pings.saturating_add(1);
        } else if let Some((code, reason)) = message.as_close() {
            let code = (code != CloseCode::NO_STATUS_RECEIVED).then(|| code.into());
            debug!(code, "the peer closes");
            self.close_reason = Some(Close { code, reason: reason.to_owned() });
            self.deadline.start();
        }
        Ok(None)
    }

    /// Sends waiting answers to pings as far as possible now, without taking the wake-up from a
    /// task that is flushing. Not ready when nothing more should be read until they have left.
    fn poll_answers(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        if self.unanswered_pings == 0 {
            return Poll::Ready(Ok(()));
        }
        let waker = self.wakers.flusher.as_ref().unwrap_or(cx.waker()).clone();
        // A failure shows up on the next read or write.
        if Pin::new(&mut self.socket).poll_flush(&mut Context::from_waker(&waker)).is_ready() {
            self.answers_have_left();
        }
        if self.unanswered_pings < MAX_UNANSWERED_PINGS {
            return Poll::Ready(Ok(()));
        }
        self.deadline.start();
        if self.deadline.is_over(cx) {
            let what = "pings keep coming but no answer is read";
            return Poll::Ready(Err(TransportError::violation(what)));
        }
        Poll::Pending
    }

    fn answers_have_left(&mut self) {
        if self.unanswered_pings >= MAX_UNANSWERED_PINGS {
            if self.state == State::Open && self.close_reason.is_none() {
                self.deadline.stop();
            }
            self.wakers.reader.take().into_iter().for_each(Waker::wake);
        }
        self.unanswered_pings = 0;
    }

    /// Ends the connection because of `error`, telling the peer why if it still listens.
    fn fail(&mut self, error: TransportError, cx: &mut Context<'_>) -> TransportError {
        let code = match error {
            TransportError::TooLarge { .. } => Some(CloseCode::MESSAGE_TOO_BIG),
            TransportError::NotText => Some(CloseCode::UNSUPPORTED_DATA),
            TransportError::Io(_) => None,
            _ => Some(CloseCode::PROTOCOL_ERROR),
        };
        if let Some(code) = code {
            // Refused when the WebSocket layer has queued its own closing frame already.
            let _ = Pin::new(&mut self.socket).start_send(Message::close(Some(code), ""));
        }
        let _ = Pin::new(&mut self.socket).poll_flush(cx);
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

    /// Sends the closing frame and reads up to the peer's.
    fn poll_closing_handshake(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        if self.state == State::Open {
            self.state = State::Closing;
            let close = Message::close(Some(CloseCode::NORMAL_CLOSURE), "");
            // Refused when the peer has closed already, which is as good.
            let _ = Pin::new(&mut self.socket).start_send(close);
        }
        if let Err(error) = ready!(Pin::new(&mut self.socket).poll_flush(cx)) {
            self.end();
            return Poll::Ready(Err(self.translate(error)));
        }
        loop {
            match Pin::new(&mut self.socket).poll_next(cx) {
                // What else arrives has no reader any more; only the reason is of interest.
                Poll::Ready(Some(Ok(message))) => {
                    let _ = self.receive(message);
                }
                Poll::Ready(Some(Err(_)) | None) => {
                    self.end();
                    return Poll::Ready(Ok(()));
                }
                Poll::Pending => {
                    remember(&mut self.wakers.closer, cx);
                    return Poll::Pending;
                }
            }
        }
    }

    /// Keeps track of who waits for the wire, and ends the connection when it broke.
    fn after_write(
        &mut self,
        outcome: Poll<Result<(), tokio_websockets::Error>>,
        cx: &mut Context<'_>,
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
                    self.translate(error)
                }))
            }
        }
    }

    fn translate(&self, error: tokio_websockets::Error) -> TransportError {
        TransportError::from_websocket(error, self.max_frame_bytes)
    }
}

impl Stream for Wire {
    type Item = Result<Frame, TransportError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.state.is_over() {
            return Poll::Ready(None);
        }
        loop {
            match this.poll_answers(cx) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(error)) => return Poll::Ready(Some(Err(this.fail(error, cx)))),
                Poll::Pending => {
                    remember(&mut this.wakers.reader, cx);
                    return Poll::Pending;
                }
            }
            let received = match Pin::new(&mut this.socket).poll_next(cx) {
                Poll::Ready(Some(Ok(message))) => this.receive(message),
                Poll::Ready(Some(Err(error))) => Err(this.translate(error)),
                Poll::Ready(None) if this.close_reason.is_none() && this.state == State::Open => {
                    Err(TransportError::cut("the peer went away without a closing handshake"))
                }
                Poll::Ready(None) => {
                    // The closing handshake is done: what is left to close has its own time.
                    this.deadline.stop();
                    this.end();
                    return Poll::Ready(None);
                }
                Poll::Pending if this.deadline.is_over(cx) => {
                    this.end();
                    return Poll::Ready(None);
                }
                Poll::Pending => {
                    remember(&mut this.wakers.reader, cx);
                    return Poll::Pending;
                }
            };
            match received {
                Ok(Some(frame)) => return Poll::Ready(Some(Ok(frame))),
                Ok(None) => {}
                Err(error) => return Poll::Ready(Some(Err(this.fail(error, cx)))),
            }
        }
    }
}

impl Sink<Frame> for Wire {
    type Error = TransportError;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let this = self.get_mut();
        if this.state != State::Open {
            return Poll::Ready(Err(TransportError::Closed));
        }
        let ready = Pin::new(&mut this.socket).poll_ready(cx);
        this.after_write(ready, cx)
    }

    fn start_send(self: Pin<&mut Self>, frame: Frame) -> Result<(), TransportError> {
        let this = self.get_mut();
        if this.state != State::Open {
            return Err(TransportError::Closed);
        }
        Pin::new(&mut this.socket)
            .start_send(Message::text(frame.into_bytes()))
            .map_err(|error| this.translate(error))
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        let this = self.get_mut();
        if this.state.is_over() {
            return Poll::Ready(Err(TransportError::Closed));
        }
        let flushed = Pin::new(&mut this.socket).poll_flush(cx);
        if flushed.is_ready() {
            this.answers_have_left();
        }
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
            ready!(this.poll_closing_handshake(cx))?;
        }
        // The peer may have dropped its end by now; there is nothing left to lose.
        let _ = ready!(Pin::new(this.socket.get_mut()).poll_shutdown(cx));
        this.state = State::ShutDown;
        Poll::Ready(Ok(()))
    }
}
