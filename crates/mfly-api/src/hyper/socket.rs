//! A TCP connection that refuses to send a request after the server has closed it.

use socket2::SockRef;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// The check of an idle connection before its next request. The socket and the pool share it.
#[derive(Default)]
pub(super) struct IdleCheck(AtomicU8);

const OPEN: u8 = 0;
const ARMED: u8 = 1;
const REFUSED: u8 = 2;

impl IdleCheck {
    /// Has the next write check the socket: it begins a request on an idle connection.
    pub(super) fn arm(&self) {
        self.0.store(ARMED, Ordering::Release);
    }

    /// Whether a request was refused before a byte was sent.
    pub(super) fn has_refused(&self) -> bool {
        self.0.load(Ordering::Acquire) == REFUSED
    }

    /// Checks the socket itself, because the state that the runtime knows may be older.
    fn run(&self, socket: &TcpStream) -> io::Result<()> {
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

/// Whether the socket has received neither the end, nor an error, nor bytes. On an idle connection
/// each of them means that the server will not process another request (RFC 9112 §9.3).
fn is_quiet(socket: &TcpStream) -> bool {
    let peeked = SockRef::from(socket).peek(&mut [MaybeUninit::uninit()]);
    matches!(peeked, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}

/// The TCP socket under TLS or HTTP.
pub(super) struct Socket {
    tcp: TcpStream,
    idle: Arc<IdleCheck>,
}

impl Socket {
    pub(super) fn new(tcp: TcpStream, idle: Arc<IdleCheck>) -> Self {
        Self { tcp, idle }
    }

    fn check(&self) -> io::Result<()> {
        self.idle.run(&self.tcp)
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
    mfly_transport::delegate_writes!(tcp, after check, shutdown);
}
