//! What a connection's frames travel through.
//!
//! Over TCP the bytes are cut into frames here and not in the transport, because a server goes on
//! after what a client gives up at: it explains what was wrong, and it turns a stream that has
//! begun into an encrypted one.

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

/// How long the client may take to leave once everything was said.
const LEAVING: Duration = Duration::from_secs(5);

/// How much is read at a time.
const CHUNK_BYTES: usize = 16 * 1024;

/// How much memory an idle connection keeps for what it sends.
const KEPT_BYTES: usize = 8 * 1024;

/// Larger frames are written from where they are, and not copied first.
const COPIED_BYTES: usize = 16 * 1024;

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
pub(crate) struct Pipe {
    wire: Wire,
    /// What has arrived of a frame that is not complete.
    share: Share,
}

enum Wire {
    /// WebSocket.
    WebSocket(Box<Connection>),
    /// A byte stream.
    Tcp(Box<TcpPipe>),
}

/// A byte stream that frames follow each other on.
struct TcpPipe {
    /// Missing only while, or after, TLS is being agreed on.
    io: Option<Box<dyn Io>>,
    splitter: Splitter,
    /// Small frames, of which the first bytes may be written already.
    outgoing: Vec<u8>,
    written: usize,
    /// What comes after them.
    large: VecDeque<Bytes>,
    share: Share,
    /// What to encrypt with when the client asks for it.
    tls: Option<ServerTls>,
}

impl Pipe {
    /// A WebSocket connection whose handshake is done. What is read of it counts in `share`
    /// already.
    pub(crate) fn websocket(io: impl Io + 'static, share: Share) -> Self {
        let connection = server::websocket(io, DEFAULT_MAX_FRAME_BYTES);
        Self { wire: Wire::WebSocket(Box::new(connection)), share }
    }

    /// One end of a connection in memory, over WebSocket. What its other end has sent is not
    /// counted: both are this process's.
    pub(crate) fn joined(connection: Connection, reading: &Arc<Reading>) -> Self {
        Self { wire: Wire::WebSocket(Box::new(connection)), share: reading.share() }
    }

    /// A byte stream on which nothing was said yet, and what to encrypt it with on request; what is
    /// read of it counts as `reading`.
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

    /// How it carries frames.
    pub(crate) const fn framing(&self) -> Framing {
        match self.wire {
            Wire::WebSocket(_) => Framing::WebSocket,
            Wire::Tcp(_) => Framing::Tcp,
        }
    }

    /// What arrives next. May be dropped while it waits.
    pub(crate) async fn next(&mut self) -> Arrival {
        let share = self.share.clone();
        tokio::select! {
            biased;
            () = share.refused() => Arrival::Malformed(StreamCondition::ResourceConstraint),
            arrival = self.wire.next() => {
                if let (Wire::WebSocket(_), Arrival::Frame(_)) = (&self.wire, &arrival) {
                    // What was read behind it is less than what is read at a time.
                    share.complete(0);
                }
                arrival
            }
        }
    }

    /// What has arrived already and only waits to be taken. Before TLS nothing does: what follows
    /// the request for it is not for the core to hear.
    pub(crate) fn next_waiting(&mut self) -> Option<Arrival> {
        match &mut self.wire {
            Wire::WebSocket(_) => self.next().now_or_never(),
            Wire::Tcp(pipe) if pipe.tls.is_some() => None,
            // No look at the socket: whatever is left there is read together with more.
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

    /// How many bytes are copied to send a frame; `None` when none are.
    pub(crate) fn copies(&self, parcel: &Parcel) -> Option<usize> {
        let is_copied = match self.wire {
            Wire::WebSocket(_) => parcel.own_len() < parcel.len() && parcel.own_len() > 0,
            Wire::Tcp(_) => parcel.len() <= COPIED_BYTES,
        };
        is_copied.then_some(parcel.len())
    }

    /// Takes a frame; it leaves with [`Pipe::flush`], or earlier.
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

    /// Sends everything.
    pub(crate) async fn flush(&mut self) -> Result<(), TransportError> {
        match &mut self.wire {
            Wire::WebSocket(connection) => connection.flush().await,
            Wire::Tcp(pipe) => pipe.flush().await.map_err(TransportError::Io),
        }
    }

    /// Whether something else than white space came with the latest frame. The white space is
    /// dropped: some clients write it behind each element.
    pub(crate) fn has_more(&mut self) -> bool {
        match &mut self.wire {
            Wire::WebSocket(_) => false,
            Wire::Tcp(pipe) => pipe.has_more(),
        }
    }

    /// Encrypts the rest of the connection. White space may come before TLS.
    ///
    /// # Errors
    /// When the handshake fails. Nothing can be said then.
    pub(crate) async fn secure(&mut self) -> Result<ChannelBindings, TransportError> {
        match &mut self.wire {
            Wire::WebSocket(_) => Err(TransportError::Closed),
            Wire::Tcp(pipe) => pipe.secure().await,
        }
    }

    /// Closes the connection, once everything was sent and the client has left or had time to.
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
                // Not kept while waiting, so that an idle connection is a small one.
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

    /// Sends everything. May be dropped while it waits, and called again.
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

/// How much was written; nothing is as bad as an end.
fn advanced(written: usize) -> io::Result<usize> {
    match written {
        0 => Err(io::ErrorKind::WriteZero.into()),
        written => Ok(written),
    }
}
