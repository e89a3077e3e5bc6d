//! The transports between this client and a server.

use std::fmt;

/// A way to connect to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// A pair in memory, framed as over TCP.
    MemoryTcp,
    /// A pair in memory, framed as over WebSocket.
    MemoryWebSocket,
    /// TCP that becomes TLS by STARTTLS (RFC 6120 §5).
    StartTls,
    /// TCP with TLS from the first byte (XEP-0368).
    DirectTls,
    /// WebSocket without TLS (RFC 7395), within this machine.
    WebSocket,
    /// WebSocket over TLS.
    SecureWebSocket,
}

impl Transport {
    /// Whether it uses TLS, and therefore a certificate.
    #[must_use]
    pub const fn has_certificate(self) -> bool {
        matches!(self, Self::StartTls | Self::DirectTls | Self::SecureWebSocket)
    }

    /// Whether it opens a socket.
    #[must_use]
    pub const fn has_socket(self) -> bool {
        !matches!(self, Self::MemoryTcp | Self::MemoryWebSocket)
    }

    /// The part that it adds to the names of users.
    pub(crate) const fn stem(self) -> &'static str {
        match self {
            Self::MemoryTcp => "memory-tcp",
            Self::MemoryWebSocket => "memory-ws",
            Self::StartTls => "starttls",
            Self::DirectTls => "tls",
            Self::WebSocket => "ws",
            Self::SecureWebSocket => "wss",
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MemoryTcp => "memory, as TCP",
            Self::MemoryWebSocket => "memory, as WebSocket",
            Self::StartTls => "TCP + STARTTLS",
            Self::DirectTls => "direct TLS",
            Self::WebSocket => "WebSocket",
            Self::SecureWebSocket => "WebSocket + TLS",
        })
    }
}
