//! Which framing a stream uses, and what it writes at a stream's two ends.

use super::{Frame, Open, tcp, websocket};

/// How frames travel. A stream has one framing from its first byte to its last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Framing {
    /// One message of a WebSocket is one frame (RFC 7395).
    #[default]
    WebSocket,
    /// Frames are cut out of one long XML document (RFC 6120 §4).
    Tcp,
}

impl Framing {
    /// Appends what opens a stream, or answers its opening: `<open/>`, or the stream header.
    pub fn write_open(self, open: &Open, buffer: &mut Vec<u8>) {
        match self {
            Self::WebSocket => open.write(buffer),
            Self::Tcp => tcp::write_header(open, buffer),
        }
    }

    /// What a client sends last.
    #[must_use]
    pub fn client_close(self) -> Frame {
        match self {
            Self::WebSocket => websocket::CLIENT_CLOSE.into(),
            Self::Tcp => tcp::FOOTER.into(),
        }
    }

    /// What a server sends last.
    #[must_use]
    pub fn server_close(self) -> Frame {
        match self {
            Self::WebSocket => websocket::SERVER_CLOSE.into(),
            Self::Tcp => tcp::FOOTER.into(),
        }
    }
}
