//! Cutting a stream of bytes into frames.

use super::scanner::{Scanner, Stage, Unit};
use super::{SplitError, declaration};
use crate::framing::Frame;
use crate::xml::is_space;
use bytes::{Buf, BytesMut};
use std::fmt;

/// Finds where frames end, however the bytes arrive.
///
/// Every byte is looked at once; what is not complete yet is never an error. Frames share the splitter's memory.
/// Call [`next`](Self::next) until it returns `None` before pushing more: then no more than one frame and one
/// chunk are held.
///
/// ```
/// use mfly_proto::framing::tcp::Splitter;
/// let mut splitter = Splitter::new(65_536);
/// splitter.push(b"<?xml version='1.0'?><s:stream xmlns:s='http://etherx.jabber.org/streams' version='1.0'><presen");
/// assert!(splitter.next()?.is_some_and(|header| header.as_str().starts_with("<s:stream")));
/// assert_eq!(splitter.next()?, None);
/// splitter.push(b"ce/> ");
/// assert_eq!(splitter.next()?.as_ref().map(|frame| frame.as_str()), Some("<presence/>"));
/// assert_eq!(splitter.next()?.as_ref().map(|frame| frame.as_str()), Some(" "));
/// assert_eq!(splitter.buffered(), 0);
/// # Ok::<(), mfly_proto::framing::tcp::SplitError>(())
/// ```
pub struct Splitter {
    buffer: BytesMut,
    limit: usize,
    scanner: Scanner,
    failed: Option<SplitError>,
}

impl Splitter {
    /// A splitter for one direction of a stream, which has not started yet.
    ///
    /// `max_frame_bytes` bounds each frame; the depth is bounded by that of
    /// [`Limits::default`](crate::xml::Limits).
    #[must_use]
    pub fn new(max_frame_bytes: usize) -> Self {
        Self {
            buffer: BytesMut::new(),
            limit: max_frame_bytes,
            scanner: Scanner::new(),
            failed: None,
        }
    }

    /// Takes the bytes that arrived.
    pub fn push(&mut self, chunk: &[u8]) {
        if self.failed.is_none() {
            self.buffer.extend_from_slice(chunk);
        }
    }

    /// The next frame; `None` when more bytes are needed.
    ///
    /// # Errors
    /// When the bytes are no stream or exceed a limit. It stays so: nothing more can be read.
    #[expect(
        clippy::should_implement_trait,
        reason = "more may follow after None, which an iterator must not promise"
    )]
    pub fn next(&mut self) -> Result<Option<Frame>, SplitError> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let next = self.cut();
        if let Err(error) = next {
            self.failed = Some(error);
            self.buffer = BytesMut::new();
        }
        next
    }

    /// Bytes that arrived and have not been handed out; 0 means that nothing is left.
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.buffer.len()
    }

    fn cut(&mut self) -> Result<Option<Frame>, SplitError> {
        loop {
            if self.scanner.is_between() && self.skip_space() {
                return Ok(Some(Frame::from(" ")));
            }
            let within = self.buffer.len().min(self.limit);
            let Some((unit, end)) = self.scanner.advance(&self.buffer[..within])? else {
                return match self.buffer.len() > self.limit {
                    true => Err(SplitError::TooLarge { limit: self.limit }),
                    false => Ok(None),
                };
            };
            let bytes = self.buffer.split_to(end);
            if unit == Unit::Declaration {
                declaration::check(&bytes)?;
                continue;
            }
            return Frame::from_utf8(bytes.freeze())
                .map(Some)
                .map_err(|_| SplitError::NotUtf8);
        }
    }

    /// Drops white space between units; whether there was some and nothing follows it: a sign of life.
    fn skip_space(&mut self) -> bool {
        let spaces = self
            .buffer
            .iter()
            .take_while(|&&byte| is_space(byte))
            .count();
        self.buffer.advance(spaces);
        spaces > 0 && self.buffer.is_empty() && self.scanner.stage() == Stage::Inside
    }
}

impl fmt::Debug for Splitter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Splitter({} bytes buffered)", self.buffer.len())
    }
}
