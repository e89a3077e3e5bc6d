//! The errors of proxies.

use std::io;
use thiserror::Error;

/// The reason why a proxy did not connect to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ProxyError {
    /// The proxy requires a name and a password, or refused those that were sent.
    #[error("it requires another name and password")]
    Authentication,
    /// The proxy does not allow this client, or this server and port.
    #[error("it does not allow this connection")]
    NotAllowed,
    /// The proxy could not reach the server.
    #[error("it cannot reach the server")]
    Unreachable,
    /// The status of an HTTP proxy's response is not 2xx.
    #[error("it answered with HTTP status {0}")]
    Status(u16),
    /// The code of a SOCKS proxy's response is not 0 (RFC 1928 §6).
    #[error("it answered with SOCKS code {0}")]
    Code(u8),
    /// The proxy closed the connection without a response.
    #[error("it closed the connection")]
    Closed,
    /// The proxy does not use the protocol that its URL names.
    #[error("its response is not of this protocol; check its scheme and port")]
    Protocol,
    /// The name of the server cannot be sent to the proxy.
    #[error("the server's name cannot be sent to it")]
    Name,
}

impl ProxyError {
    /// Whether the same call may succeed later.
    pub(crate) fn is_retryable(self) -> bool {
        match self {
            Self::Unreachable | Self::Closed => true,
            Self::Status(status) => matches!(status, 408 | 425 | 429 | 500..=599),
            // RFC 1928 §6: general failure, TTL expired.
            Self::Code(code) => matches!(code, 1 | 6),
            Self::Authentication | Self::NotAllowed | Self::Protocol | Self::Name => false,
        }
    }
}

impl From<io::Error> for ProxyError {
    /// The connection to the proxy broke during the negotiation.
    fn from(_: io::Error) -> Self {
        Self::Closed
    }
}
