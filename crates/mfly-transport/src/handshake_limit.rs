//! A limit on the bytes that a peer may send during the WebSocket handshake.
//!
//! An HTTP head has no length prefix, so a peer could otherwise fill the reader's buffer until the
//! time limit.

use crate::delegate_writes;
use mfly_proto::retry_after::retry_after;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::{Duration, SystemTime};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The largest number of header fields that are read.
const MAX_HEADERS: usize = 64;

/// The length of the longest accepted HTTP head, in bytes.
pub(crate) const MAX_HEAD_BYTES: usize = 16 * 1024;

/// A byte stream that fails when the peer has sent more than [`MAX_HEAD_BYTES`], until the limit is
/// removed.
pub(crate) struct HandshakeLimit<T> {
    io: T,
    left: Option<usize>,
    answer: Option<ResponseHead>,
}

/// The head of the response to a handshake. The WebSocket library keeps only its status.
#[derive(Clone, Default)]
pub(crate) struct ResponseHead(Arc<Mutex<Vec<u8>>>);

impl<T> HandshakeLimit<T> {
    /// A byte stream before its handshake. The bytes read are recorded until the limit is removed.
    pub(crate) fn recording(io: T) -> (Self, ResponseHead) {
        let answer = ResponseHead::default();
        let limited = Self { io, left: Some(MAX_HEAD_BYTES), answer: Some(answer.clone()) };
        (limited, answer)
    }

    /// A byte stream after its handshake.
    pub(crate) fn unlimited(io: T) -> Self {
        Self { io, left: None, answer: None }
    }

    /// Removes the limit after the handshake.
    pub(crate) fn remove(&mut self) {
        self.left = None;
        self.answer = None;
    }
}

impl ResponseHead {
    /// The delay from the header `Retry-After`; `None` without it, or if the response is not HTTP.
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
                io::Error::new(io::ErrorKind::InvalidData, "the HTTP head is too long")
            })?;
        }
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for HandshakeLimit<T> {
    delegate_writes!(io, shutdown);
}
