//! The pipe of an XMPP connection, which carries frames over WebSocket or TCP.
//!
//! Over TCP the bytes are split into frames here and not in the transport, because a server
//! continues where a client gives up: it reports malformed bytes with a stream error, and it
//! encrypts a stream that has begun.

use crate::core::world::Parcel;
use crate::net::reading::{Reading, Share};
use bytes::{Buf as _, Bytes};
use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use mfly_proto::framing::tcp::Splitter;
use mfly_proto::framing::{Frame, Framing};
use mfly_proto::sasl::ChannelBindings;
use mfly_proto::stream::StreamCondition;
use mfly_transport::server::{self, PastWhiteSpace};
use mfly_transport::{Connection, DEFAULT_MAX_FRAME_BYTES, ServerTls, TransportError};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf};
use tracing::debug;

/// How long a TLS handshake may take.
pub(crate) const TLS_HANDSHAKE: Duration = Duration::from_secs(10);

/// How long the client may take to close its half at the end.
const LEAVING: Duration = Duration::from_secs(5);

/// Largest number of bytes that are read at a time.
const CHUNK_BYTES: usize = 16 * 1024;

/// Memory that an idle connection keeps for sending, in bytes.
const KEPT_BYTES: usize = 8 * 1024;

/// Largest frame that is copied before it is written, in bytes.
const COPIED_BYTES: usize = 16 * 1024;

/// A byte stream of any kind.
pub(crate) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

pub(crate) enum Arrival {
    Frame(Frame),
    /// Bytes that are no frame, or exceed a limit. Nothing more can be read.
    Malformed(StreamCondition),
    /// The client has closed the connection, or it failed.
    End,
}

/// The pipe of an XMPP connection.
pub(crate) struct Pipe {
    wire: Wire,
    /// Counts the bytes of a frame that is not complete.
    share: Share,
}

enum Wire {
    WebSocket(Box<Connection>),
    Tcp(Box<TcpPipe>),
}

/// The pipe over TCP or TLS.
struct TcpPipe {
    /// `None` during the TLS handshake of STARTTLS, and after it failed.
    io: Option<Box<dyn Io>>,
    splitter: Splitter,
    /// Small frames, whose first `written` bytes are written already.
    outgoing: Vec<u8>,
    written: usize,
    /// Large frames, which follow the small ones.
    large: VecDeque<Bytes>,
    share: Share,
    /// The TLS configuration for STARTTLS.
    tls: Option<ServerTls>,
}

impl Pipe {
    /// A pipe over WebSocket, after the handshake. The bytes that are read count in `share`
    /// already.
    pub(crate) fn websocket(io: impl Io + 'static, share: Share) -> Self {
        let connection = server::websocket(io, DEFAULT_MAX_FRAME_BYTES);
        Self { wire: Wire::WebSocket(Box::new(connection)), share }
    }

    /// A pipe over a WebSocket connection in memory. Its bytes are not counted, because both ends
    /// belong to this process.
    pub(crate) fn joined(connection: Connection, reading: &Arc<Reading>) -> Self {
        Self { wire: Wire::WebSocket(Box::new(connection)), share: reading.share() }
    }

    /// A pipe over a new byte stream, with the TLS configuration for STARTTLS. The bytes that are
    /// read count in `reading`.
    pub(crate) fn tcp(
        io: impl Io + 'static,
        tls: Option<ServerTls>,
        reading: &Arc<Reading>,
    ) -> Self {
        let share = reading.share();
        let pipe = TcpPipe {
            io: Some(Box::new(io)),
            splitter: Splitter::new(DEFAULT_MAX_FRAME_BYTES),
            outgoing: Vec::new(),
            written: 0,
            large: VecDeque::new(),
            share: share.clone(),
            tls,
        };
        Self { wire: Wire::Tcp(Box::new(pipe)), share }
    }

    pub(crate) const fn framing(&self) -> Framing {
        match self.wire {
            Wire::WebSocket(_) => Framing::WebSocket,
            Wire::Tcp(_) => Framing::Tcp,
        }
    }

    /// Waits for the next event. Cancel-safe.
    pub(crate) async fn next(&mut self) -> Arrival {
        let share = self.share.clone();
        tokio::select! {
            biased;
            () = share.refused() => Arrival::Malformed(StreamCondition::ResourceConstraint),
            arrival = self.wire.next() => {
                if let (Wire::WebSocket(_), Arrival::Frame(_)) = (&self.wire, &arrival) {
                    // Less than one chunk has been read of the next frame.
                    share.complete(0);
                }
                arrival
            }
        }
    }

    /// Returns an event that has arrived already. `None` before STARTTLS: the core must not see
    /// frames that follow the request for TLS.
    pub(crate) fn next_waiting(&mut self) -> Option<Arrival> {
        match &mut self.wire {
            Wire::WebSocket(_) => self.next().now_or_never(),
            Wire::Tcp(pipe) if pipe.tls.is_some() => None,
            // The socket is not read here: its bytes are read together with later ones.
            Wire::Tcp(pipe) => match pipe.splitter.next() {
                Ok(Some(frame)) => {
                    pipe.share.complete(pipe.splitter.buffered());
                    Some(Arrival::Frame(frame))
                }
                Ok(None) => None,
                Err(error) => Some(Arrival::Malformed(error.into())),
            },
        }
    }

    /// The number of bytes that are copied to send a frame; `None` if none are.
    pub(crate) fn copies(&self, parcel: &Parcel) -> Option<usize> {
        let is_copied = match self.wire {
            Wire::WebSocket(_) => parcel.own_len() < parcel.len() && parcel.own_len() > 0,
            Wire::Tcp(_) => parcel.len() <= COPIED_BYTES,
        };
        is_copied.then_some(parcel.len())
    }

    /// Accepts a frame, which is sent at the latest by [`Pipe::flush`].
    pub(crate) async fn feed(&mut self, parcel: Parcel) -> Result<(), TransportError> {
        match &mut self.wire {
            Wire::WebSocket(connection) => connection.feed(parcel.into_frame()).await,
            Wire::Tcp(pipe) if parcel.len() <= COPIED_BYTES && pipe.large.is_empty() => {
                for part in parcel.parts() {
                    pipe.outgoing.extend_from_slice(&part);
                }
                Ok(())
            }
            Wire::Tcp(pipe) => {
                pipe.large.extend(parcel.parts());
                pipe.flush().await.map_err(TransportError::Io)
            }
        }
    }

    /// Sends all accepted frames.
    pub(crate) async fn flush(&mut self) -> Result<(), TransportError> {
        match &mut self.wire {
            Wire::WebSocket(connection) => connection.flush().await,
            Wire::Tcp(pipe) => pipe.flush().await.map_err(TransportError::Io),
        }
    }

    /// Whether other bytes than white space follow the last frame. White space is dropped: some
    /// clients send it after each element.
    pub(crate) fn has_more(&mut self) -> bool {
        match &mut self.wire {
            Wire::WebSocket(_) => false,
            Wire::Tcp(pipe) => pipe.has_more(),
        }
    }

    /// Starts TLS on the connection. The client may send white space first.
    ///
    /// # Errors
    /// When the handshake fails. The connection cannot be used then.
    pub(crate) async fn secure(&mut self) -> Result<ChannelBindings, TransportError> {
        match &mut self.wire {
            Wire::WebSocket(_) => Err(TransportError::Closed),
            Wire::Tcp(pipe) => pipe.secure().await,
        }
    }

    /// Sends all accepted frames and closes the connection. Waits for the client to close its half,
    /// within a time limit.
    pub(crate) async fn close(&mut self) -> Result<(), TransportError> {
        match &mut self.wire {
            Wire::WebSocket(connection) => connection.close().await,
            Wire::Tcp(pipe) => pipe.close().await.map_err(TransportError::Io),
        }
    }
}

impl Wire {
    async fn next(&mut self) -> Arrival {
        let arrival = match self {
            Self::WebSocket(connection) => match connection.next().await {
                Some(Ok(frame)) => Ok(Arrival::Frame(frame)),
                Some(Err(error)) => Err(error),
                None => Ok(Arrival::End),
            },
            Self::Tcp(pipe) => pipe.next().await.map_err(TransportError::Io),
        };
        arrival.unwrap_or_else(|error| {
            debug!(%error, "reading failed");
            Arrival::End
        })
    }
}

impl TcpPipe {
    fn io(&mut self) -> io::Result<&mut Box<dyn Io>> {
        self.io.as_mut().ok_or_else(|| io::ErrorKind::NotConnected.into())
    }

    async fn next(&mut self) -> io::Result<Arrival> {
        loop {
            match self.splitter.next() {
                Ok(Some(frame)) => {
                    self.share.complete(self.splitter.buffered());
                    return Ok(Arrival::Frame(frame));
                }
                Ok(None) => {}
                Err(error) => return Ok(Arrival::Malformed(error.into())),
            }
            let io = self.io.as_mut().ok_or(io::ErrorKind::NotConnected)?;
            let (splitter, share) = (&mut self.splitter, &self.share);
            let read = poll_fn(|cx| {
                // On the stack, so that an idle connection takes little memory.
                let mut chunk = [MaybeUninit::uninit(); CHUNK_BYTES];
                let mut chunk = ReadBuf::uninit(&mut chunk);
                ready!(Pin::new(&mut *io).poll_read(cx, &mut chunk))?;
                splitter.push(chunk.filled());
                share.add(chunk.filled().len());
                Poll::Ready(io::Result::Ok(chunk.filled().len()))
            });
            if read.await? == 0 {
                return Ok(Arrival::End);
            }
        }
    }

    /// Sends all accepted frames. Cancel-safe.
    async fn flush(&mut self) -> io::Result<()> {
        let io = self.io.as_mut().ok_or(io::ErrorKind::NotConnected)?;
        while self.written < self.outgoing.len() {
            let written = io.write(&self.outgoing[self.written..]).await?;
            self.written += advanced(written)?;
        }
        self.written = 0;
        self.outgoing.clear();
        self.outgoing.shrink_to(KEPT_BYTES);
        while let Some(part) = self.large.front_mut() {
            while part.has_remaining() {
                let written = io.write(part).await?;
                part.advance(advanced(written)?);
            }
            self.large.pop_front();
        }
        io.flush().await
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
        self.share.complete(0);
        Ok(bindings)
    }

    async fn close(&mut self) -> io::Result<()> {
        self.flush().await?;
        let io = self.io()?;
        io.shutdown().await?;
        // Closing with unread bytes would reset the connection, and the last frames would be lost.
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

/// The number of bytes that were written. None is an error, like a closed connection.
fn advanced(written: usize) -> io::Result<usize> {
    match written {
        0 => Err(io::ErrorKind::WriteZero.into()),
        written => Ok(written),
    }
}
