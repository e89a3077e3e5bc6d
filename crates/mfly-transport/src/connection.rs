//! An open connection, which sends and receives frames.

mod round_trips;
mod tcp;
mod websocket;
mod wire;

pub use mfly_proto::framing::Close;
pub use round_trips::RoundTrips;
pub(crate) use websocket::Socket;
pub(crate) use wire::{FLUSH_THRESHOLD, Io};

use crate::error::TransportError;
use crate::security::Security;
use futures_core::Stream;
use futures_util::Sink;
use mfly_proto::framing::tcp::Splitter;
use mfly_proto::framing::{Frame, Framing, ReceiveLimits};
use mfly_proto::sasl::ChannelBindings;
use round_trips::Counter;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use tcp::TcpWire;
use websocket::WebSocketWire;
use wire::Wire;

/// An open connection: a `Stream` of received frames and a `Sink` of frames to send.
///
/// - Frames that are fed and then flushed are sent in one write (over WebSocket up to 32 frames or
///   64 KiB).
/// - After a regular end the stream returns `None`: over WebSocket after the closing handshake,
///   over TCP after the peer's closing tag, which is a frame as well. After any other end it
///   returns an error and then `None`. [`close_reason`](Self::close_reason) returns the peer's
///   reason.
/// - Over TCP a client skips a stanza that exceeds its limits, and returns a frame without text
///   instead ([`Frame::skipped`]).
/// - Pings of a WebSocket peer are answered while the stream is polled.
/// - Closing the sink ends this side and waits for the peer to end its side, at most 5 seconds: by
///   a closing handshake over WebSocket, by a closing tag over TCP, unless it was sent already.
///   Dropping the connection closes the socket at once.
/// - Sending waits while the peer does not read. Use a time limit of your own.
pub struct Connection {
    wire: AnyWire,
    security: Option<Security>,
    max_frame_bytes: usize,
    counter: Option<Counter>,
}

enum AnyWire {
    WebSocket(WebSocketWire),
    Tcp(TcpWire),
}

/// A connection after its WebSocket handshake.
pub(crate) fn websocket(socket: Socket, max_frame_bytes: usize) -> Connection {
    let wire = AnyWire::WebSocket(WebSocketWire::new(socket, max_frame_bytes));
    Connection { wire, security: None, max_frame_bytes, counter: None }
}

/// A connection over a new byte stream. A longer frame ends it.
pub(crate) fn tcp(io: impl Io + 'static, max_frame_bytes: usize) -> Connection {
    over_bytes(io, Splitter::new(max_frame_bytes), max_frame_bytes)
}

/// A connection over a new byte stream. A stanza that exceeds a limit is skipped.
pub(crate) fn tcp_skipping(io: impl Io + 'static, limits: ReceiveLimits) -> Connection {
    over_bytes(io, Splitter::skipping(limits), limits.hard_bytes)
}

fn over_bytes(io: impl Io + 'static, splitter: Splitter, max_frame_bytes: usize) -> Connection {
    let wire = AnyWire::Tcp(TcpWire::new(Box::new(io), splitter));
    Connection { wire, security: None, max_frame_bytes, counter: None }
}

/// Calls a method of either wire.
macro_rules! of_wire {
    ($wire:expr, $method:ident $(, $argument:expr)*) => {
        match $wire {
            AnyWire::WebSocket(wire) => wire.$method($($argument),*),
            AnyWire::Tcp(wire) => wire.$method($($argument),*),
        }
    };
}

impl Connection {
    /// The framing of the streams on this connection.
    #[must_use]
    pub fn framing(&self) -> Framing {
        match self.wire {
            AnyWire::WebSocket(_) => Framing::WebSocket,
            AnyWire::Tcp(_) => Framing::Tcp,
        }
    }

    /// The result of the TLS handshake; `None` in clear text, or if another process ends TLS.
    #[must_use]
    pub fn security(&self) -> Option<&Security> {
        self.security.as_ref()
    }

    /// The channel bindings for SASL; empty in clear text.
    #[must_use]
    pub fn channel_bindings(&self) -> ChannelBindings {
        self.security
            .as_ref()
            .map_or(ChannelBindings::NONE, |security| security.channel_bindings.clone())
    }

    /// Adds the result of a TLS handshake, for a server that secured its byte stream itself.
    #[must_use]
    pub fn with_security(mut self, security: Security) -> Self {
        self.security = Some(security);
        self
    }

    /// The peer's reason to close; `None` until the peer has closed.
    #[must_use]
    pub fn close_reason(&self) -> Option<&Close> {
        of_wire!(&self.wire, lifecycle).close_reason.as_ref()
    }

    /// Sets the code of the closing frame that closing sends over a WebSocket (RFC 6455 §7.4).
    /// Default: 1000. TCP has no such code, and codes that must not be sent are ignored.
    pub fn set_close_code(&mut self, code: u16) {
        if let AnyWire::WebSocket(wire) = &mut self.wire {
            wire.set_close_code(code);
        }
    }

    /// Starts to count round trips. The count stays readable after the connection was moved.
    pub fn count_round_trips(&mut self) -> RoundTrips {
        self.counter.get_or_insert_with(Counter::new).round_trips.clone()
    }

    /// The size of the largest accepted frame, in bytes. A larger one ends the connection.
    #[must_use]
    pub fn max_frame_bytes(&self) -> usize {
        self.max_frame_bytes
    }
}

impl Stream for Connection {
    type Item = Result<Frame, TransportError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let received = of_wire!(&mut self.wire, poll_next, cx);
        if let (Poll::Ready(Some(Ok(_))), Some(counter)) = (&received, &mut self.counter) {
            counter.received();
        }
        received
    }
}

impl Sink<Frame> for Connection {
    type Error = TransportError;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        of_wire!(&mut self.get_mut().wire, poll_ready, cx)
    }

    fn start_send(mut self: Pin<&mut Self>, frame: Frame) -> Result<(), TransportError> {
        if let Some(counter) = &mut self.counter {
            counter.sent();
        }
        of_wire!(&mut self.wire, start_send, frame)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        of_wire!(&mut self.get_mut().wire, poll_flush, cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), TransportError>> {
        of_wire!(&mut self.get_mut().wire, poll_close, cx)
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("framing", &self.framing())
            .field("state", &of_wire!(&self.wire, lifecycle).state)
            .field("version", &self.security.as_ref().map(|security| security.version))
            .field("close_reason", &self.close_reason())
            .finish_non_exhaustive()
    }
}
