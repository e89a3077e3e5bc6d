//! What a connection's frames travel through.
//!
//! Over TCP the bytes are cut into frames here and not in the transport, because a server goes on after what a client gives up
//! at: it explains what was wrong, and it turns a stream that has begun into an encrypted one.

use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use mfly_proto::framing::tcp::Splitter;
use mfly_proto::framing::{Frame, Framing};
use mfly_proto::sasl::ChannelBindings;
use mfly_proto::stream::StreamCondition;
use mfly_transport::server::{self, PastWhiteSpace};
use mfly_transport::{Connection, DEFAULT_MAX_FRAME_BYTES, ServerTls, TransportError};
use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tracing::debug;

/// How long a TLS handshake may take.
pub(crate) const TLS_HANDSHAKE: Duration = Duration::from_secs(10);

/// How long the client may take to leave once everything was said.
const LEAVING: Duration = Duration::from_secs(5);

/// How much is read at a time.
const CHUNK_BYTES: usize = 16 * 1024;

/// How much memory an idle connection keeps for what it sends.
const KEPT_BYTES: usize = 8 * 1024;

/// Any byte stream.
pub(crate) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// What arrives.
pub(crate) enum Arrival {
    /// A frame.
    Frame(Frame),
    /// Something that is no frame; nothing more can be read.
    Malformed(StreamCondition),
    /// Nothing any more.
    End,
}

/// What a connection's frames travel through.
pub(crate) enum Pipe {
    /// WebSocket.
    WebSocket(Box<Connection>),
    /// A byte stream.
    Tcp(TcpPipe),
}

/// A byte stream that frames follow each other on.
pub(crate) struct TcpPipe {
    /// Missing only while, or after, TLS is being agreed on.
    io: Option<Box<dyn Io>>,
    splitter: Splitter,
    outgoing: Vec<u8>,
    /// What to encrypt with when the client asks for it.
    tls: Option<ServerTls>,
}

impl Pipe {
    /// A WebSocket connection whose handshake is done.
    pub(crate) fn websocket(connection: Connection) -> Self {
        Self::WebSocket(Box::new(connection))
    }

    /// A byte stream on which nothing was said yet, and what to encrypt it with on request.
    pub(crate) fn tcp(io: impl Io + 'static, tls: Option<ServerTls>) -> Self {
        Self::Tcp(TcpPipe {
            io: Some(Box::new(io)),
            splitter: Splitter::new(DEFAULT_MAX_FRAME_BYTES),
            outgoing: Vec::new(),
            tls,
        })
    }

    /// How it carries frames.
    pub(crate) const fn framing(&self) -> Framing {
        match self {
            Self::WebSocket(_) => Framing::WebSocket,
            Self::Tcp(_) => Framing::Tcp,
        }
    }

    /// What arrives next. May be dropped while it waits.
    pub(crate) async fn next(&mut self) -> Arrival {
        match self {
            Self::WebSocket(connection) => match connection.next().await {
                Some(Ok(frame)) => Arrival::Frame(frame),
                Some(Err(error)) => {
                    debug!(%error, "reading failed");
                    Arrival::End
                }
                None => Arrival::End,
            },
            Self::Tcp(pipe) => pipe.next().await.unwrap_or_else(|error| {
                debug!(%error, "reading failed");
                Arrival::End
            }),
        }
    }

    /// What has arrived already and only waits to be taken. Before TLS nothing does: what follows the request for it is not for
    /// the core to hear.
    pub(crate) fn next_waiting(&mut self) -> Option<Arrival> {
        match self {
            Self::WebSocket(_) => self.next().now_or_never(),
            Self::Tcp(pipe) if pipe.tls.is_some() => None,
            // No look at the socket: whatever is left there is read together with more.
            Self::Tcp(pipe) => match pipe.splitter.next() {
                Ok(frame) => frame.map(Arrival::Frame),
                Err(error) => Some(Arrival::Malformed(error.into())),
            },
        }
    }

    /// Takes a frame; it leaves with [`Pipe::flush`], or earlier.
    pub(crate) async fn feed(&mut self, frame: Frame) -> Result<(), TransportError> {
        match self {
            Self::WebSocket(connection) => connection.feed(frame).await,
            Self::Tcp(pipe) => {
                pipe.outgoing.extend_from_slice(frame.as_bytes());
                Ok(())
            }
        }
    }

    /// Sends everything.
    pub(crate) async fn flush(&mut self) -> Result<(), TransportError> {
        match self {
            Self::WebSocket(connection) => connection.flush().await,
            Self::Tcp(pipe) => pipe.flush().await.map_err(TransportError::Io),
        }
    }

    /// Whether something else than white space came with the latest frame. The white space is dropped: some clients write it behind
    /// each element.
    pub(crate) fn has_more(&mut self) -> bool {
        match self {
            Self::WebSocket(_) => false,
            Self::Tcp(pipe) => pipe.has_more(),
        }
    }

    /// Encrypts the rest of the connection. White space may come before TLS.
    ///
    /// # Errors
    /// When the handshake fails. Nothing can be said then.
    pub(crate) async fn secure(&mut self) -> Result<ChannelBindings, TransportError> {
        match self {
            Self::WebSocket(_) => Err(TransportError::Closed),
            Self::Tcp(pipe) => pipe.secure().await,
        }
    }

    /// Closes the connection, once everything was sent and the client has left or had time to.
    pub(crate) async fn close(&mut self) -> Result<(), TransportError> {
        match self {
            Self::WebSocket(connection) => connection.close().await,
            Self::Tcp(pipe) => pipe.close().await.map_err(TransportError::Io),
        }
    }
}

impl TcpPipe {
    fn io(&mut self) -> io::Result<&mut Box<dyn Io>> {
        self.io
            .as_mut()
            .ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    async fn next(&mut self) -> io::Result<Arrival> {
        loop {
            match self.splitter.next() {
                Ok(Some(frame)) => return Ok(Arrival::Frame(frame)),
                Ok(None) => {}
                Err(error) => return Ok(Arrival::Malformed(error.into())),
            }
            let io = self.io.as_mut().ok_or(io::ErrorKind::NotConnected)?;
            let splitter = &mut self.splitter;
            let read = poll_fn(|cx| {
                // Not kept while waiting, so that an idle connection is a small one.
                let mut chunk = [MaybeUninit::uninit(); CHUNK_BYTES];
                let mut chunk = ReadBuf::uninit(&mut chunk);
                ready!(Pin::new(&mut *io).poll_read(cx, &mut chunk))?;
                splitter.push(chunk.filled());
                Poll::Ready(io::Result::Ok(chunk.filled().len()))
            });
            if read.await? == 0 {
                return Ok(Arrival::End);
            }
        }
    }

    async fn flush(&mut self) -> io::Result<()> {
        let outgoing = std::mem::take(&mut self.outgoing);
        let io = self.io()?;
        io.write_all(&outgoing).await?;
        io.flush().await?;
        self.outgoing = outgoing;
        self.outgoing.clear();
        self.outgoing.shrink_to(KEPT_BYTES);
        Ok(())
    }

    fn has_more(&mut self) -> bool {
        loop {
            match self.splitter.next() {
                Ok(Some(frame)) if frame.as_str().trim_ascii().is_empty() => {}
                Ok(None) => return self.splitter.buffered() > 0,
                _ => return true,
            }
        }
    }

    async fn secure(&mut self) -> Result<ChannelBindings, TransportError> {
        let tls = self.tls.take().ok_or(TransportError::Closed)?;
        let io = self.io.take().ok_or(TransportError::Closed)?;
        let io = PastWhiteSpace::new(io);
        let secured = server::secure(io, tls.config().clone(), TLS_HANDSHAKE).await?;
        let bindings = tls.security(&secured).channel_bindings;
        self.io = Some(Box::new(secured));
        self.splitter = Splitter::new(DEFAULT_MAX_FRAME_BYTES);
        Ok(bindings)
    }

    async fn close(&mut self) -> io::Result<()> {
        self.flush().await?;
        let io = self.io()?;
        io.shutdown().await?;
        // To close while something is unread would tear down what was said last.
        let mut rest = [0; 256];
        let drained = async {
            while io.read(&mut rest).await? > 0 {}
            io::Result::Ok(())
        };
        match tokio::time::timeout(LEAVING, drained).await {
            Ok(drained) => drained,
            Err(_) => Ok(()),
        }
    }
}
