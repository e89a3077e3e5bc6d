//! Reading of the frames of one stream, for both framings.

use super::websocket::Incoming;
use super::{ExceededLimit, Frame, Framing, Open, ReceiveLimits, Skipped, tcp};
use crate::xml::{
    Document, Inherited, Limits, Parser, Passer, Start, XmlError, XmlErrorKind, is_space,
};
use bytes::Bytes;

/// The meaning of one frame.
#[derive(Clone, Debug)]
pub enum Received {
    /// The opening of the stream: `<open/>`, or the stream header.
    Open(Open),
    /// The end of the stream: `<close/>`, or the closing stream tag.
    Close {
        /// The address to use instead, if there is one (RFC 7395 §3.6.1; never over TCP).
        see_other_uri: Option<String>,
    },
    /// One complete element.
    Element(Document),
    /// White space only: a keep-alive (RFC 6120 §4.6.1).
    WhiteSpace,
    /// A stanza that exceeds a limit and was not read. Only from [`FrameReader::skipping`].
    Skipped(Skipped),
}

/// Reads the frames that one side of a stream sends.
///
/// Over TCP it remembers the namespaces of the stream header, which every element inherits.
#[derive(Clone, Debug)]
pub struct FrameReader {
    framing: Framing,
    parser: Parser,
    /// Declarations of the latest stream header; unused over WebSocket.
    context: tcp::StreamContext,
    /// Limits above which stanzas are skipped; without them, exceeding a limit is an error.
    skips: Option<ReceiveLimits>,
}

impl FrameReader {
    /// A reader for a stream that is not open yet. A frame that exceeds a limit is an error.
    #[must_use]
    pub const fn new(framing: Framing, limits: Limits) -> Self {
        Self::with(framing, limits, None)
    }

    /// A reader for a stream that is not open yet. A stanza that exceeds a limit is reported as
    /// [`Received::Skipped`].
    #[must_use]
    pub const fn skipping(framing: Framing, limits: ReceiveLimits) -> Self {
        Self::with(framing, limits.stanza, Some(limits))
    }

    const fn with(framing: Framing, limits: Limits, skips: Option<ReceiveLimits>) -> Self {
        Self { framing, parser: Parser::new(limits), context: tcp::StreamContext::NONE, skips }
    }

    /// The framing of the stream.
    #[must_use]
    pub const fn framing(&self) -> Framing {
        self.framing
    }

    /// Reads the next frame.
    ///
    /// # Errors
    /// When it is not restricted XML, exceeds a limit that is not skipped, or opens the stream in a
    /// form that cannot be read.
    pub fn read(&mut self, frame: Frame) -> Result<Received, XmlError> {
        if let Some(skipped) = frame.skipped() {
            return Ok(Received::Skipped(skipped.clone()));
        }
        if frame.as_bytes().iter().all(u8::is_ascii_whitespace) {
            return Ok(Received::WhiteSpace);
        }
        let Some(limits) = self.skips else {
            return self.read_whole(frame).map_err(|(error, _)| error);
        };
        let text = frame.as_bytes().trim_ascii_start();
        let limits_here =
            limits.of(Start::of(&text[..text.len().min(NAME_BYTES)]).local_name().as_bytes());
        self.parser.set_limits(limits_here);
        self.read_whole(frame).or_else(|(error, text)| {
            let limit = ExceededLimit::of(error.kind, &limits_here).filter(|_| !text.is_empty());
            match limit {
                Some(limit) => pass(&text, limits.hard_bytes)
                    .map(|()| Received::Skipped(Skipped::new(text.trim_ascii_start(), limit))),
                None => Err(error),
            }
        })
    }

    /// Reads a frame. The error returns the text of a refused element.
    fn read_whole(&mut self, frame: Frame) -> Result<Received, (XmlError, Bytes)> {
        match self.framing {
            Framing::WebSocket => {
                let document = self.parser.own(frame.into_bytes(), &Inherited::NONE)?;
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

/// Bytes of an element that are searched for its name.
const NAME_BYTES: usize = 64;

/// Checks an element that is skipped.
fn pass(text: &[u8], longest: usize) -> Result<(), XmlError> {
    let spaces = text.len() - text.trim_ascii_start().len();
    let moved = |error: XmlError| XmlError { position: error.position + spaces, ..error };
    let Some(end) = Passer::new(longest).feed(&text[spaces..]).map_err(moved)? else {
        return Err(XmlError::new(XmlErrorKind::Truncated, text.len()));
    };
    let rest = &text[spaces + end..];
    match rest.iter().position(|&byte| !is_space(byte)) {
        Some(at) => Err(XmlError::new(XmlErrorKind::TrailingContent, spaces + end + at)),
        None => Ok(()),
    }
}
