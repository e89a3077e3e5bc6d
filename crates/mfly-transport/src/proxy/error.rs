//! Why a proxy did not connect.

use std::io;
use thiserror::Error;

/// Why a proxy did not connect to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ProxyError {
    /// It wants a name and a password, or others than it was given.
    #[error("it wants another name and password")]
    Authentication,
    /// It does not serve this client, or not this server and port.
    #[error("it does not allow this connection")]
    NotAllowed,
    /// It could not reach the server.
    #[error("it cannot reach the server")]
    Unreachable,
    /// An HTTP proxy answered with another status than 2xx.
    #[error("it answered with HTTP status {0}")]
    Status(u16),
    /// A SOCKS proxy answered with another code than 0 (RFC 1928 §6).
    #[error("it answered with SOCKS code {0}")]
    Code(u8),
    /// It closed the connection instead of answering.
    #[error("it closed the connection")]
    Closed,
    /// It does not speak the protocol that its URL names.
    #[error("it does not answer as such a proxy does; check its scheme and port")]
    Protocol,
    /// The server's name has a form that the proxy cannot be told.
    #[error("it cannot be told the server's name")]
    Name,
}

impl ProxyError {
    /// Whether the same call may succeed later, with nothing changed.
    pub(crate) fn is_retryable(self) -> bool {
        match self {
            Self::Unreachable | Self::Closed => true,
            Self::Status(status) => matches!(status, 408 | 425 | 429 | 500..=599),
            // RFC 1928 §6: a general failure, or a time to live that ran out.
            Self::Code(code) => matches!(code, 1 | 6),
            Self::Authentication | Self::NotAllowed | Self::Protocol | Self::Name => false,
        }
    }
}

impl From<io::Error> for ProxyError {
    /// The connection to the proxy broke in the middle of the negotiation.
    fn from(_: io::Error) -> Self {
        Self::Closed
    }
}
