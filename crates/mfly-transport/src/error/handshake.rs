//! Why a WebSocket handshake failed.

/// What a server does that answers without the sub-protocol.
pub(crate) const NO_SUB_PROTOCOL: &str = "the server did not choose the xmpp sub-protocol";
/// What a server does that speaks something else than XMPP.
pub(crate) const OTHER_SUB_PROTOCOL: &str = "the server chose another sub-protocol";
/// What a server does that speaks something else than HTTP.
pub(crate) const NOT_HTTP: &str = "the answer is not HTTP";

/// Why a WebSocket handshake failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HandshakeProblem {
    /// The server answered with another HTTP status than 101.
    Status(u16),
    /// What came is not HTTP: another protocol is spoken on this port.
    NotHttp,
    /// The server speaks WebSocket, but not XMPP in it (RFC 7395 §3.1).
    SubProtocol,
    /// Anything else; the error's text says what.
    Other,
}

impl HandshakeProblem {
    pub(super) fn of(status: Option<u16>, reason: &str) -> Self {
        match (status, reason) {
            (Some(status), _) => Self::Status(status),
            (None, NO_SUB_PROTOCOL | OTHER_SUB_PROTOCOL) => Self::SubProtocol,
            (None, NOT_HTTP) => Self::NotHttp,
            (None, _) => Self::Other,
        }
    }
}
