//! A TCP connection that refuses the first bytes of a request when its end has come already.

use socket2::SockRef;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// What is known about a connection between two requests. Shared by the socket and the pool.
#[derive(Default)]
pub(super) struct Guard(AtomicU8);

const OPEN: u8 = 0;
const ARMED: u8 = 1;
const REFUSED: u8 = 2;

impl Guard {
    /// The next write begins a request on a connection that was idle.
    pub(super) fn arm(&self) {
        self.0.store(ARMED, Ordering::Release);
    }

    /// Whether a request was refused before any byte of it left.
    pub(super) fn has_refused(&self) -> bool {
        self.0.load(Ordering::Acquire) == REFUSED
    }

    /// Looks at the socket itself. What the runtime knows of it may be older: a server that closes
    /// an idle connection is seen here as soon as this machine has heard of it.
    fn check(&self, socket: &TcpStream) -> io::Result<()> {
        match self.0.load(Ordering::Acquire) {
            OPEN => Ok(()),
            ARMED if is_quiet(socket) => {
                self.0.store(OPEN, Ordering::Release);
                Ok(())
            }
            _ => {
                self.0.store(REFUSED, Ordering::Release);
                Err(io::ErrorKind::NotConnected.into())
            }
        }
    }
}

/// Whether nothing has come: neither the end, nor an error, nor bytes. On an idle connection all
/// three say that the server will not answer the next request here (RFC 9112 §9.3).
fn is_quiet(socket: &TcpStream) -> bool {
    let peeked = SockRef::from(socket).peek(&mut [MaybeUninit::uninit()]);
    matches!(peeked, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}

/// The socket under TLS, or under HTTP itself.
pub(super) struct Socket {
    tcp: TcpStream,
    guard: Arc<Guard>,
}

impl Socket {
    pub(super) fn new(tcp: TcpStream, guard: Arc<Guard>) -> Self {
        Self { tcp, guard }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.guard.check(&self.tcp)?;
        Pin::new(&mut self.tcp).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.guard.check(&self.tcp)?;
        Pin::new(&mut self.tcp).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}
