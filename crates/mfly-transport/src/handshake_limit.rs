//! A bound on what a peer may send before the WebSocket handshake is over.
//!
//! The HTTP head of a handshake has no length prefix, so a peer could make its reader buffer
//! without end until the time-out.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Longest HTTP head that is accepted, in bytes.
pub(crate) const MAX_HEAD_BYTES: usize = 16 * 1024;

/// I/O that fails once a peer has sent more than [`MAX_HEAD_BYTES`], until the limit is lifted.
pub(crate) struct HandshakeLimit<T> {
    io: T,
    left: Option<usize>,
}

impl<T> HandshakeLimit<T> {
    /// I/O whose handshake is still to come.
    pub(crate) fn new(io: T) -> Self {
        Self {
            io,
            left: Some(MAX_HEAD_BYTES),
        }
    }

    /// I/O whose handshake is over.
    pub(crate) fn lifted(io: T) -> Self {
        Self { io, left: None }
    }

    /// Ends the limit: the handshake is over.
    pub(crate) fn lift(&mut self) {
        self.left = None;
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
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().io).poll_write(cx, buf)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().io).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().io).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}
