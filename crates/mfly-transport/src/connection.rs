//! An open connection: frames in, frames out.

mod round_trips;
mod tcp;
mod wakers;
mod websocket;

pub use round_trips::RoundTrips;

use crate::error::TransportError;
use crate::security::Security;
use crate::upgrade::Socket;
use futures_core::Stream;
use futures_util::Sink;
use mfly_proto::framing::tcp::Splitter;
use mfly_proto::framing::{Frame, Framing, ReceiveLimits};
use mfly_proto::sasl::ChannelBindings;
use round_trips::Counter;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite};

/// Any byte stream.
pub(crate) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// How much is queued before a sender has to wait for the wire, in bytes.
pub(crate) const FLUSH_THRESHOLD: usize = 64 * 1024;

/// An open connection: a `Stream` of frames received and a `Sink` of frames to send.
///
/// - Frames that are fed and then flushed leave in one write (over WebSocket up to 32 frames or
///   64 KiB).
/// - The stream ends with `None` once both sides know that nothing more comes, and with an error
///   and then `None` after anything else: over WebSocket that is after a closing handshake, over
///   TCP after the peer's closing tag, which is handed over as a frame like any other.
///   [`close_reason`](Self::close_reason) tells what the peer said.
/// - A client's connection over TCP skips a stanza that exceeds its limits: a frame without text
///   stands for it ([`Frame::skipped`]).
/// - Pings of a WebSocket peer are answered while the stream is polled.
/// - Closing the sink says goodbye and waits for the peer's, for 5 seconds at most: a closing
///   handshake over WebSocket, a closing tag over TCP unless it was sent already. Dropping the
///   connection closes the socket at once.
/// - Sending waits for as long as the peer does not read: bound it with a time-out of your own.
pub struct Connection {
    wire: Wire,
    security: Option<Security>,
    max_frame_bytes: usize,
    counter: Option<Counter>,
}

enum Wire {
    WebSocket(websocket::Wire),
    Tcp(tcp::Wire),
}

/// What the peer gave as its reason to close.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Close {
    /// The status code (RFC 6455 §7.4), if it gave one. Over TCP there is none.
    pub code: Option<u16>,
    /// Its explanation, at most 123 bytes, possibly empty.
    pub reason: String,
}

/// A connection whose WebSocket handshake is done.
pub(crate) fn websocket(socket: Socket, max_frame_bytes: usize) -> Connection {
    Connection {
        wire: Wire::WebSocket(websocket::Wire::new(socket, max_frame_bytes)),
        security: None,
        max_frame_bytes,
        counter: None,
    }
}

/// A connection over a byte stream on which nothing was said yet. A longer frame ends it.
pub(crate) fn tcp(io: impl Io + 'static, max_frame_bytes: usize) -> Connection {
    over_bytes(io, Splitter::new(max_frame_bytes), max_frame_bytes)
}

/// A connection over a byte stream on which nothing was said yet. A stanza that exceeds a limit is
/// skipped.
pub(crate) fn tcp_skipping(io: impl Io + 'static, limits: ReceiveLimits) -> Connection {
    over_bytes(io, Splitter::skipping(limits), limits.hard_bytes)
}

fn over_bytes(io: impl Io + 'static, splitter: Splitter, max_frame_bytes: usize) -> Connection {
    Connection {
        wire: Wire::Tcp(tcp::Wire::new(Box::new(io), splitter)),
        security: None,
        max_frame_bytes,
        counter: None,
    }
}

impl Connection {
    /// What a stream looks like on this connection.
    #[must_use]
    pub fn framing(&self) -> Framing {
        match self.wire {
            Wire::WebSocket(_) => Framing::WebSocket,
            Wire::Tcp(_) => Framing::Tcp,
        }
    }

    /// What TLS agreed on; `None` in the clear, or when TLS ends elsewhere.
    #[must_use]
    pub fn security(&self) -> Option<&Security> {
        self.security.as_ref()
    }

    /// What an authentication can be tied to. Empty in the clear.
    #[must_use]
    pub fn channel_bindings(&self) -> ChannelBindings {
        self.security
            .as_ref()
            .map_or(ChannelBindings::NONE, |security| security.channel_bindings.clone())
    }

    /// Notes what TLS agreed on: for a server whose byte stream was secured before it was handed
    /// over.
    #[must_use]
    pub fn with_security(mut self, security: Security) -> Self {
        self.security = Some(security);
        self
    }

    /// What the peer gave as its reason to close; `None` while it has not said that it closes.
    #[must_use]
    pub fn close_reason(&self) -> Option<&Close> {
        match &self.wire {
            Wire::WebSocket(wire) => wire.close_reason(),
            Wire::Tcp(wire) => wire.close_reason(),
        }
    }

    /// Counts from now on how often the peer was waited for. The count can be read after the
    /// connection was given away.
    pub fn count_round_trips(&mut self) -> RoundTrips {
        let counter = self.counter.get_or_insert_with(Counter::new);
        counter.round_trips.clone()
    }

    /// The largest frame that does not end the connection, in bytes.
    #[must_use]
    pub fn max_frame_bytes(&self) -> usize {
        self.max_frame_bytes
    }
}

/// Calls the same method of whichever wire it is.
macro_rules! of_wire {
    ($connection:expr, $method:ident $(, $argument:expr)*) => {
        match &mut $connection.wire {
            Wire::WebSocket(wire) => Pin::new(wire).$method($($argument),*),
            Wire::Tcp(wire) => Pin::new(wire).$method($($argument),*),
        }
    };
}

impl Stream for Connection {
    type Item = Result<Frame, TransportError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        let received = of_wire!(this, poll_next, cx);
        if let (Poll::Ready(Some(Ok(_))), Some(counter)) = (&received, &mut this.counter) {
            counter.received();
        }
        received
    }
}

impl Sink<Frame> for Connection {
    type Error = TransportError;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        of_wire!(self.get_mut(), poll_ready, cx)
    }

    fn start_send(self: Pin<&mut Self>, frame: Frame) -> Result<(), TransportError> {
        let this = self.get_mut();
        if let Some(counter) = &mut this.counter {
            counter.sent();
        }
        of_wire!(this, start_send, frame)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        of_wire!(self.get_mut(), poll_flush, cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        of_wire!(self.get_mut(), poll_close, cx)
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut output = f.debug_struct("Connection");
        match &self.wire {
            Wire::WebSocket(wire) => output.field("websocket", &wire.state()),
            Wire::Tcp(wire) => output.field("tcp", &wire.state()),
        };
        output
            .field("version", &self.security.as_ref().map(|security| security.version))
            .field("close_reason", &self.close_reason())
            .finish_non_exhaustive()
    }
}
