//! The problems of WebSocket handshakes.

/// The reason for a response without sub-protocol.
pub(crate) const NO_SUB_PROTOCOL: &str = "the server did not choose the xmpp sub-protocol";
/// The reason for a response with another sub-protocol.
pub(crate) const OTHER_SUB_PROTOCOL: &str = "the server chose another sub-protocol";
/// The reason for a response of another protocol than HTTP.
pub(crate) const NOT_HTTP: &str = "the answer is not HTTP";

/// The problem of a WebSocket handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HandshakeProblem {
    /// The HTTP status of the response is not 101.
    Status(u16),
    /// The response is not HTTP: the port is used by another protocol.
    NotHttp,
    /// The server supports WebSocket, but not XMPP over it (RFC 7395 §3.1).
    SubProtocol,
    /// Another problem, which the text of the error describes.
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
