//! The errors of connections.

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

/// A stage of opening or closing a connection, which has its own time limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stage {
    /// The name look-up, the TCP connection and the proxy.
    Dial,
    /// The STARTTLS negotiation.
    StartTls,
    /// The TLS handshake.
    Tls,
    /// The WebSocket handshake.
    Handshake,
    /// The closing handshake.
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

/// The party that caused an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// The caller: an address, an option, or use after the end.
    Caller,
    /// The peer of the connection.
    Peer,
    /// The network between both sides.
    Network,
}

/// The end of the message about a failed TLS handshake.
fn objection(error: &rustls::Error) -> &'static str {
    match CertificateProblem::of(error) {
        Some(problem) => problem.remedy(),
        None => "the two sides could not agree; the cause says why",
    }
}

/// The reason why a connection could not be opened, or ended.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TransportError {
    /// The address is invalid, or not allowed by the options.
    #[error(transparent)]
    Address(#[from] InvalidArgument),
    /// The domain offers no XMPP (RFC 2782: a target of "."), or has no usable server.
    #[error("{domain} offers no XMPP service; check the domain")]
    NoService {
        /// The domain that was looked up.
        domain: String,
    },
    /// No address of the host could be reached.
    #[error("cannot reach {host}:{port}; check the address and the network")]
    Dial {
        /// The host's name or IP address.
        host: String,
        /// The TCP port.
        port: u16,
        /// The error of the last attempt.
        source: io::Error,
    },
    /// The proxy did not connect to the server.
    #[error("the proxy {proxy} did not connect to {host}:{port}: {reason}")]
    Proxy {
        /// The proxy, without name and password.
        proxy: String,
        /// The server's name or IP address.
        host: String,
        /// The server's TCP port.
        port: u16,
        /// The reason of the proxy.
        reason: ProxyError,
    },
    /// The connection could not be secured by STARTTLS. No private data was sent.
    #[error("STARTTLS with {peer} failed: {reason}")]
    StartTls {
        /// The server's name, or `the client` on the server side.
        peer: String,
        /// The reason of the failure.
        reason: StartTlsError,
    },
    /// The TLS handshake failed, most often because the certificate is not trusted, has expired or
    /// is for another name; see [`certificate_problem`](Self::certificate_problem).
    #[error("the TLS handshake with {peer} failed: {}", objection(.source))]
    Tls {
        /// The server's name, or `the client` on the server side.
        peer: String,
        /// The error of the TLS library.
        source: rustls::Error,
    },
    /// The WebSocket handshake failed.
    #[error("the WebSocket handshake failed: {reason}")]
    Handshake {
        /// The HTTP status, when it was not 101.
        status: Option<u16>,
        /// The problem as text.
        reason: Cow<'static, str>,
        /// The delay that the server requests (`Retry-After`, RFC 9110 §10.2.3).
        retry_after: Option<Duration>,
    },
    /// A stage exceeded its time limit.
    #[error("{stage} took too long")]
    TimedOut {
        /// The stage that took too long.
        stage: Stage,
    },
    /// The peer sent a frame above the size limit. The connection is over.
    #[error("the peer sent a frame of more than {limit} bytes")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The peer sent data that is not UTF-8 text. The connection is over.
    #[error("the peer sent data that is not text")]
    NotText,
    /// The connection is closed. Nothing can be sent.
    #[error("the connection is closed; open another one")]
    Closed,
    /// The connection broke. The kind is `InvalidData` when the peer violated WebSocket or TCP
    /// framing, and `UnexpectedEof` when it ended the connection without closing it.
    #[error("the connection broke")]
    Io(#[source] io::Error),
}

impl TransportError {
    /// The party that caused an error.
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

    /// Whether the same call may succeed later.
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

    /// The problem of the peer's certificate, if it made the connection fail.
    #[must_use]
    pub fn certificate_problem(&self) -> Option<CertificateProblem> {
        let Self::Tls { source, .. } = self else { return None };
        CertificateProblem::of(source)
    }

    /// The problem of the TLS handshake, if it failed.
    #[must_use]
    pub fn tls_problem(&self) -> Option<TlsProblem> {
        let Self::Tls { source, .. } = self else { return None };
        Some(TlsProblem::of(source))
    }

    /// The problem of the WebSocket handshake, if it failed.
    #[must_use]
    pub fn handshake_problem(&self) -> Option<HandshakeProblem> {
        let Self::Handshake { status, reason, .. } = self else { return None };
        Some(HandshakeProblem::of(*status, reason))
    }

    /// The delay that the server requests before the next attempt (`Retry-After`, RFC 9110
    /// §10.2.3), if it refused the WebSocket handshake with one.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        let Self::Handshake { retry_after, .. } = self else { return None };
        *retry_after
    }

    pub(crate) fn handshake(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Handshake { status: None, reason: reason.into(), retry_after: None }
    }

    /// The peer violated the framing.
    pub(crate) fn violation(what: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Io(io::Error::new(io::ErrorKind::InvalidData, what))
    }

    /// The peer ended the connection unexpectedly.
    pub(crate) fn cut(during: &'static str) -> Self {
        Self::Io(io::Error::new(io::ErrorKind::UnexpectedEof, during))
    }

    /// Translates an error of the WebSocket library about an open connection.
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

    /// Translates the error of a TLS handshake with `peer` that used the configuration of
    /// [`Tls`](crate::Tls).
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
    fn a_busy_server_is_retryable_and_a_wrong_path_is_not() {
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
    fn a_cut_is_caused_by_the_network_and_a_violation_by_the_peer() {
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
