//! A bound on what a peer may send before the WebSocket handshake is over.
//!
//! The HTTP head of a handshake has no length prefix, so a peer could make its reader buffer
//! without end until the time-out.

use crate::delegate_writes;
use mfly_proto::retry_after::retry_after;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, SystemTime};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// More headers than this are not looked at.
const MAX_HEADERS: usize = 64;

/// Longest HTTP head that is accepted, in bytes.
pub(crate) const MAX_HEAD_BYTES: usize = 16 * 1024;

/// I/O that fails once a peer has sent more than [`MAX_HEAD_BYTES`], until the limit is lifted.
pub(crate) struct HandshakeLimit<T> {
    io: T,
    left: Option<usize>,
    answer: Option<ResponseHead>,
}

/// What a server answered to a handshake, kept because the WebSocket layer keeps only the status.
#[derive(Clone, Default)]
pub(crate) struct ResponseHead(Arc<Mutex<Vec<u8>>>);

impl<T> HandshakeLimit<T> {
    /// I/O whose handshake is still to come. What is read of it is kept until the limit is lifted.
    pub(crate) fn kept(io: T) -> (Self, ResponseHead) {
        let answer = ResponseHead::default();
        let limited = Self { io, left: Some(MAX_HEAD_BYTES), answer: Some(answer.clone()) };
        (limited, answer)
    }

    /// I/O whose handshake is over.
    pub(crate) fn lifted(io: T) -> Self {
        Self { io, left: None, answer: None }
    }

    /// Ends the limit: the handshake is over.
    pub(crate) fn lift(&mut self) {
        self.left = None;
        self.answer = None;
    }
}

impl ResponseHead {
    /// How long the server asks to wait; `None` when the response is not HTTP or names no time.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut slots = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut response = httparse::Response::new(&mut slots);
        response.parse(&bytes).ok()?;
        let headers = response.headers.iter().map(|header| (header.name, header.value));
        retry_after(headers, SystemTime::now())
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for HandshakeLimit<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        ready!(Pin::new(&mut this.io).poll_read(cx, buf))?;
        if let Some(ResponseHead(answer)) = &this.answer {
            let mut answer = answer.lock().unwrap_or_else(PoisonError::into_inner);
            let room = MAX_HEAD_BYTES.saturating_sub(answer.len());
            let read = &buf.filled()[before..];
            answer.extend_from_slice(&read[..read.len().min(room)]);
        }
        if let Some(left) = &mut this.left {
            let read = buf.filled().len() - before;
            *left = left.checked_sub(read).ok_or_else(|| {
                io::Error::new(io::ErrorKind::InvalidData, "an HTTP head without end")
            })?;
        }
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for HandshakeLimit<T> {
    delegate_writes!(io, shutdown);
}
