//! The STARTTLS negotiation in a clear-text stream (RFC 6120 §5), the only part of this crate that
//! parses frames.
//!
//! ```xml
//! C: <stream:stream to="example.com" version="1.0" …>
//! S: <stream:stream from="example.com" id="…" version="1.0" …>
//! S: <stream:features><starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"><required/></starttls></stream:features>
//! C: <starttls xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>
//! S: <proceed xmlns="urn:ietf:params:xml:ns:xmpp-tls"/>
//! ```
//! An attacker in the network may have written any data before TLS. So that data can only end the
//! attempt. Bytes after `<proceed/>` or `<starttls/>` are refused, because the next stage would
//! take them for data protected by TLS. A server drops white space after `<starttls/>`, which some
//! clients send.

mod client;
mod error;
mod server;
mod white_space;

pub(crate) use client::negotiate;
pub use error::StartTlsError;
pub(crate) use server::answer;
pub use white_space::PastWhiteSpace;

use crate::error::TransportError;
use mfly_proto::framing::tcp::{SplitError, Splitter};
use mfly_proto::framing::{FrameReader, Framing, Open, Received};
use mfly_proto::stream::StreamError;
use mfly_proto::xml::{Document, Limits};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use white_space::is_space;

/// The largest number of bytes that a peer may send before TLS.
const MAX_BYTES: usize = 16 * 1024;

/// The reason why a negotiation failed: by the protocol, or because the connection broke.
enum NegotiationError {
    Refused(StartTlsError),
    Broken(std::io::Error),
}

impl From<StartTlsError> for NegotiationError {
    fn from(reason: StartTlsError) -> Self {
        Self::Refused(reason)
    }
}

impl From<std::io::Error> for NegotiationError {
    fn from(error: std::io::Error) -> Self {
        Self::Broken(error)
    }
}

impl NegotiationError {
    fn of(self, peer: &str) -> TransportError {
        match self {
            Self::Refused(reason) => TransportError::StartTls { peer: peer.to_owned(), reason },
            Self::Broken(error) => TransportError::Io(error),
        }
    }
}

/// A clear-text stream for the negotiation.
struct CleartextStream<'a, T> {
    io: &'a mut T,
    splitter: Splitter,
    reader: FrameReader,
    /// The number of bytes that the peer may still send.
    left: usize,
}

impl<'a, T: AsyncRead + AsyncWrite + Unpin> CleartextStream<'a, T> {
    fn new(io: &'a mut T) -> Self {
        Self {
            io,
            splitter: Splitter::new(MAX_BYTES),
            reader: FrameReader::new(Framing::Tcp, Limits::default()),
            left: MAX_BYTES,
        }
    }

    async fn write(&mut self, bytes: &[u8]) -> Result<(), NegotiationError> {
        write(self.io, bytes).await
    }

    /// Reads the stream header of the peer.
    async fn header(&mut self) -> Result<Open, NegotiationError> {
        match self.next().await? {
            Received::Open(open) => Ok(open),
            _ => Err(unexpected("the stream header")),
        }
    }

    /// Reads the next element. A stream error ends the negotiation.
    async fn element(&mut self, expected: &'static str) -> Result<Document, NegotiationError> {
        match self.next().await? {
            Received::Element(element) if StreamError::is(element.root()) => {
                let condition = StreamError::read(element.root()).condition;
                Err(StartTlsError::Ended(condition).into())
            }
            Received::Element(element) => Ok(element),
            _ => Err(unexpected(expected)),
        }
    }

    /// Reads the next frame that is not white space.
    async fn next(&mut self) -> Result<Received, NegotiationError> {
        loop {
            let received = match self.splitter.next().map_err(split)? {
                Some(frame) => self.reader.read(frame),
                None => {
                    self.read().await?;
                    continue;
                }
            };
            match received.map_err(|_| StartTlsError::Malformed)? {
                Received::WhiteSpace => {}
                Received::Close { .. } => return Err(StartTlsError::Closed.into()),
                received => return Ok(received),
            }
        }
    }

    async fn read(&mut self) -> Result<(), NegotiationError> {
        let mut chunk = [0; 1024];
        // One byte above the limit shows that the limit is exceeded.
        let most = chunk.len().min(self.left + 1);
        let read = self.io.read(&mut chunk[..most]).await?;
        if read == 0 {
            let during = "the peer went away during the STARTTLS negotiation";
            return Err(std::io::Error::new(std::io::ErrorKind::UnexpectedEof, during).into());
        }
        let too_large = StartTlsError::TooLarge { limit: MAX_BYTES };
        self.left = self.left.checked_sub(read).ok_or(too_large)?;
        self.splitter.push(&chunk[..read]);
        Ok(())
    }

    /// Whether bytes other than white space follow the last frame. White space is dropped.
    fn has_more(&mut self) -> bool {
        loop {
            match self.splitter.next() {
                Ok(Some(frame)) if frame.as_bytes().iter().all(|byte| is_space(*byte)) => {}
                Ok(None) => return self.splitter.buffered() > 0,
                _ => return true,
            }
        }
    }

    /// Ends the negotiation. Unread bytes are an error.
    fn finish(self) -> Result<&'a mut T, NegotiationError> {
        match self.splitter.buffered() {
            0 => Ok(self.io),
            _ => Err(StartTlsError::Injected.into()),
        }
    }
}

async fn write(io: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> Result<(), NegotiationError> {
    io.write_all(bytes).await?;
    io.flush().await?;
    Ok(())
}

fn unexpected(expected: &'static str) -> NegotiationError {
    StartTlsError::Unexpected { expected }.into()
}

fn split(error: SplitError) -> StartTlsError {
    match error {
        SplitError::TooLarge { limit } => StartTlsError::TooLarge { limit },
        _ => StartTlsError::Malformed,
    }
}
