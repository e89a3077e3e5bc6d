//! What can go wrong between two frames.

mod certificate;
mod handshake;
mod tls;

pub use certificate::CertificateProblem;
pub use handshake::HandshakeProblem;
pub(crate) use handshake::{NO_SUB_PROTOCOL, NOT_HTTP, OTHER_SUB_PROTOCOL};
pub use tls::TlsProblem;

use crate::proxy::ProxyError;
use crate::start_tls::StartTlsError;
use mfly_proto::argument::InvalidArgument;
use std::borrow::Cow;
use std::time::Duration;
use std::{fmt, io};
use thiserror::Error;

/// A part of opening or closing a connection that has its own time-out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// Name look-up, TCP connection, and the proxy's part.
    Dial,
    /// STARTTLS negotiation.
    StartTls,
    /// TLS handshake.
    Tls,
    /// WebSocket handshake.
    Handshake,
    /// Closing handshake.
    Closing,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dial => "dialling",
            Self::StartTls => "the STARTTLS negotiation",
            Self::Tls => "the TLS handshake",
            Self::Handshake => "the WebSocket handshake",
            Self::Closing => "the closing handshake",
        })
    }
}

/// Who has to change something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// The caller: an address, a setting, or use after the end.
    Caller,
    /// The other side.
    Peer,
    /// Whatever lies between.
    Network,
}

/// The end of the sentence about a failed TLS handshake.
fn objection(error: &rustls::Error) -> &'static str {
    match CertificateProblem::of(error) {
        Some(problem) => problem.remedy(),
        None => "the two sides could not agree; the cause says why",
    }
}

/// A connection that could not be opened, or that broke.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TransportError {
    /// The address cannot be used as it stands.
    #[error(transparent)]
    Address(#[from] InvalidArgument),
    /// The domain says that it offers no XMPP (RFC 2782: a target of "."), or names no server that
    /// could be tried.
    #[error("{domain} offers no XMPP service; check the domain")]
    NoService {
        /// The domain.
        domain: String,
    },
    /// No address of the host could be reached.
    #[error("cannot reach {host}:{port}; check the address and the network")]
    Dial {
        /// The host's name or IP address.
        host: String,
        /// The TCP port.
        port: u16,
        /// Why the last attempt failed.
        source: io::Error,
    },
    /// The proxy did not connect.
    #[error("the proxy {proxy} did not connect to {host}:{port}: {reason}")]
    Proxy {
        /// The proxy, without name and password.
        proxy: String,
        /// The server's name or IP address.
        host: String,
        /// The server's TCP port.
        port: u16,
        /// Why.
        reason: ProxyError,
    },
    /// The connection could not be secured by STARTTLS. Nothing private was sent.
    #[error("STARTTLS with {peer} failed: {reason}")]
    StartTls {
        /// The server's name, or `the client` on the server side.
        peer: String,
        /// Why.
        reason: StartTlsError,
    },
    /// The peers could not agree on a secure connection: most often a certificate that is not
    /// trusted, out of date, or made for another name, as
    /// [`certificate_problem`](Self::certificate_problem) tells.
    #[error("the TLS handshake with {peer} failed: {}", objection(.source))]
    Tls {
        /// The server's name, or `the client` on the server side.
        peer: String,
        /// What TLS objected to.
        source: rustls::Error,
    },
    /// The peer does not speak XMPP over WebSocket at this address.
    #[error("the WebSocket handshake failed: {reason}")]
    Handshake {
        /// The HTTP status, when it was not 101.
        status: Option<u16>,
        /// What was wrong.
        reason: Cow<'static, str>,
        /// How long the server asks to be left alone (`Retry-After`, RFC 9110 §10.2.3).
        retry_after: Option<Duration>,
    },
    /// A stage took longer than its time-out.
    #[error("{stage} took too long")]
    TimedOut {
        /// Which one.
        stage: Stage,
    },
    /// The peer sent a frame above the limit. The connection is over.
    #[error("the peer sent a frame of more than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The peer sent something that is not UTF-8 text. The connection is over.
    #[error("the peer sent something that is not text")]
    NotText,
    /// Nothing can be sent any more.
    #[error("the connection is closed; open another one")]
    Closed,
    /// The connection broke. The kind is `InvalidData` when the peer broke the rules of WebSocket
    /// or of a stream over TCP, `UnexpectedEof` when it went away without saying goodbye.
    #[error("the connection broke")]
    Io(#[source] io::Error),
}

impl TransportError {
    /// Who has to change something.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::Address(_) | Self::NoService { .. } | Self::Closed => Fault::Caller,
            Self::StartTls { .. }
            | Self::Tls { .. }
            | Self::Handshake { .. }
            | Self::TooLarge { .. }
            | Self::NotText => Fault::Peer,
            Self::Proxy { reason, .. } => match reason {
                ProxyError::Authentication | ProxyError::Protocol | ProxyError::Name => {
                    Fault::Caller
                }
                _ => Fault::Network,
            },
            Self::Io(source) if source.kind() == io::ErrorKind::InvalidData => Fault::Peer,
            Self::Dial { .. } | Self::TimedOut { .. } | Self::Io(_) => Fault::Network,
        }
    }

    /// Whether the same call may succeed later, with nothing changed.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Dial { .. } | Self::TimedOut { .. } => true,
            Self::Io(source) => source.kind() != io::ErrorKind::InvalidData,
            Self::Proxy { reason, .. } => reason.is_retryable(),
            Self::StartTls { reason, .. } => reason.is_retryable(),
            Self::Handshake { status, .. } => {
                matches!(status, Some(408 | 425 | 429 | 500..=599))
            }
            Self::Address(_)
            | Self::NoService { .. }
            | Self::Tls { .. }
            | Self::TooLarge { .. }
            | Self::NotText
            | Self::Closed => false,
        }
    }

    /// What is wrong with the peer's certificate, if that is why the connection failed.
    #[must_use]
    pub fn certificate_problem(&self) -> Option<CertificateProblem> {
        match self {
            Self::Tls { source, .. } => CertificateProblem::of(source),
            _ => None,
        }
    }

    /// Why the TLS handshake failed, if that is what failed.
    #[must_use]
    pub fn tls_problem(&self) -> Option<TlsProblem> {
        match self {
            Self::Tls { source, .. } => Some(TlsProblem::of(source)),
            _ => None,
        }
    }

    /// Why the WebSocket handshake failed, if that is what failed.
    #[must_use]
    pub fn handshake_problem(&self) -> Option<HandshakeProblem> {
        match self {
            Self::Handshake { status, reason, .. } => Some(HandshakeProblem::of(*status, reason)),
            _ => None,
        }
    }

    /// How long the server asks to be left alone, if it refused the connection and said so
    /// (`Retry-After`, RFC 9110 §10.2.3).
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Handshake { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    pub(crate) fn handshake(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Handshake { status: None, reason: reason.into(), retry_after: None }
    }

    /// The peer broke a rule of the framing.
    pub(crate) fn violation(what: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Io(io::Error::new(io::ErrorKind::InvalidData, what))
    }

    /// The peer went away in the middle of something.
    pub(crate) fn cut(during: &'static str) -> Self {
        Self::Io(io::Error::new(io::ErrorKind::UnexpectedEof, during))
    }

    /// Translates what the WebSocket library reports about an open connection.
    pub(crate) fn from_websocket(error: tokio_websockets::Error, limit: usize) -> Self {
        use tokio_websockets::Error as Ws;
        use tokio_websockets::proto::ProtocolError;
        match error {
            Ws::AlreadyClosed => Self::Closed,
            Ws::PayloadTooLong { .. } => Self::TooLarge { limit },
            Ws::Protocol(ProtocolError::InvalidUtf8) => Self::NotText,
            Ws::Io(source) => Self::Io(source),
            other => Self::violation(other),
        }
    }

    /// A failed TLS handshake with `peer`, for handshakes made elsewhere with the configuration of
    /// [`Tls`](crate::Tls): what TLS objected to, or a broken connection.
    #[must_use]
    pub fn from_tls(peer: &str, error: io::Error) -> Self {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(source) => Self::Tls { peer: peer.to_owned(), source: source.clone() },
            None => Self::Io(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_server_is_worth_another_try_and_a_wrong_path_is_not() {
        let answered = |status| TransportError::Handshake {
            status: Some(status),
            reason: "refused".into(),
            retry_after: None,
        };
        assert!(answered(503).is_retryable());
        assert!(answered(429).is_retryable());
        assert!(!answered(404).is_retryable());
    }

    #[test]
    fn a_cut_is_the_networks_fault_and_a_violation_is_the_peers() {
        assert_eq!(TransportError::cut("in a frame").fault(), Fault::Network);
        assert!(TransportError::cut("in a frame").is_retryable());
        assert_eq!(TransportError::violation("bad mask").fault(), Fault::Peer);
        assert!(!TransportError::violation("bad mask").is_retryable());
    }

    #[test]
    fn a_reset_during_tls_is_not_reported_as_a_bad_certificate() {
        let reset = io::Error::from(io::ErrorKind::ConnectionReset);
        assert!(matches!(TransportError::from_tls("a.example", reset), TransportError::Io(_)));
        let refused = io::Error::new(io::ErrorKind::InvalidData, rustls::Error::DecryptError);
        assert!(matches!(
            TransportError::from_tls("a.example", refused),
            TransportError::Tls { source: rustls::Error::DecryptError, .. }
        ));
    }
}
