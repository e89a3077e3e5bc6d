//! Reading the frames of one stream, whatever its framing.

use super::websocket::Incoming;
use super::{Frame, Framing, Open, tcp};
use crate::xml::{Document, Limits, Parser, XmlError};

/// What one frame is to the stream.
#[derive(Clone, Debug)]
pub enum Received {
    /// The stream is opened: `<open/>`, or the stream header.
    Open(Open),
    /// The peer sends no more: `<close/>`, or the closing stream tag.
    Close {
        /// The address to use instead, if there is one (RFC 7395 §3.6.1; never over TCP).
        see_other_uri: Option<String>,
    },
    /// One complete element.
    Element(Document),
    /// Nothing but white space: a sign of life (RFC 6120 §4.6.1).
    WhiteSpace,
}

/// Reads the frames that one side of a stream sends.
///
/// Over TCP it remembers the namespaces of the stream header, which every element inherits.
#[derive(Clone, Debug)]
pub struct FrameReader {
    framing: Framing,
    parser: Parser,
    /// What the latest stream header declares; unused over WebSocket.
    context: tcp::StreamContext,
}

impl FrameReader {
    /// A reader for a stream that is not open yet.
    #[must_use]
    pub const fn new(framing: Framing, limits: Limits) -> Self {
        Self {
            framing,
            parser: Parser::new(limits),
            context: tcp::StreamContext::NONE,
        }
    }

    /// The framing.
    #[must_use]
    pub const fn framing(&self) -> Framing {
        self.framing
    }

    /// Tells what the next frame is.
    ///
    /// # Errors
    /// When it is not restricted XML, exceeds a limit, or opens the stream in a form that cannot be read.
    pub fn read(&mut self, frame: Frame) -> Result<Received, XmlError> {
        if frame.as_bytes().iter().all(u8::is_ascii_whitespace) {
            return Ok(Received::WhiteSpace);
        }
        match self.framing {
            Framing::WebSocket => {
                let document = self.parser.document(frame.into_bytes())?;
                match Incoming::read(document.root()) {
                    Ok(Incoming::Open(open)) => Ok(Received::Open(open)),
                    Ok(Incoming::Close { see_other_uri }) => Ok(Received::Close { see_other_uri }),
                    Ok(Incoming::Element(_)) | Err(_) => Ok(Received::Element(document)),
                }
            }
            Framing::Tcp => tcp::read(frame, &mut self.parser, &mut self.context),
        }
    }
}
