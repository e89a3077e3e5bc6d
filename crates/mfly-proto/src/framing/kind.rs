//! The two framings, and how each opens and closes a stream.

use super::{Frame, Open, tcp, websocket};

/// The framing of a stream, which stays the same from its first byte to its last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Framing {
    /// One message of a WebSocket is one frame (RFC 7395).
    #[default]
    WebSocket,
    /// Frames are parts of one long XML document (RFC 6120 §4).
    Tcp,
}

impl Framing {
    /// Appends the opening of a stream, or the answer to it: `<open/>`, or the stream header.
    pub fn write_open(self, open: &Open, buffer: &mut Vec<u8>) {
        match self {
            Self::WebSocket => open.write(buffer),
            Self::Tcp => tcp::write_header(open, buffer),
        }
    }

    /// The last frame of a client.
    #[must_use]
    pub fn client_close(self) -> Frame {
        match self {
            Self::WebSocket => websocket::CLIENT_CLOSE.into(),
            Self::Tcp => tcp::FOOTER.into(),
        }
    }

    /// The last frame of a server.
    #[must_use]
    pub fn server_close(self) -> Frame {
        match self {
            Self::WebSocket => websocket::SERVER_CLOSE.into(),
            Self::Tcp => tcp::FOOTER.into(),
        }
    }
}
