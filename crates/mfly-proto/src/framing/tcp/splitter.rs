//! Cuts a stream of bytes into frames.

use super::scanner::{Scanner, Stage, Unit};
use super::{SplitError, declaration, local_name, tag_name};
use crate::framing::{ExceededLimit, Frame, ReceiveLimits, Skipped};
use crate::xml::{Limits, Passer, XmlErrorKind, is_space};
use bytes::{Buf, BytesMut};
use std::fmt;

/// Cuts the bytes of a stream into frames, independently of how they arrive.
///
/// Every byte is scanned once, and once more in a stanza that is skipped; an incomplete frame is
/// never an error. Frames share the memory of the splitter. Call [`next`](Self::next) until it
/// returns `None` before pushing more bytes: then at most one frame and one chunk are held.
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
    bounds: Bounds,
    scanner: Scanner,
    skipping: Option<Box<Skipping>>,
    failed: Option<SplitError>,
}

/// The treatment of a frame that exceeds a limit.
enum Bounds {
    /// A frame of more bytes, or nested deeper than [`Limits::default`] allows, ends the stream.
    End(usize),
    /// A stanza that exceeds these limits is skipped.
    Skip(Box<ReceiveLimits>),
}

impl Bounds {
    /// The limits on a unit with this start.
    fn of(&self, start: &[u8]) -> Limits {
        match self {
            Self::End(bytes) => Limits { bytes: *bytes, ..Limits::default() },
            Self::Skip(limits) => {
                let name = tag_name(&start[start.len().min(1)..start.len().min(NAME_BYTES)]);
                limits.of(local_name(name))
            }
        }
    }
}

/// Bytes of a unit that are searched for its name.
const NAME_BYTES: usize = 64;

/// Length of a frame above which its memory is released afterwards.
const KEPT_BYTES: usize = 64 * 1024;

/// A stanza that is being skipped.
struct Skipping {
    passer: Passer,
    skipped: Skipped,
}

impl Splitter {
    /// A splitter for one direction of a stream that has not started. A frame that exceeds a limit
    /// is an error.
    ///
    /// `max_frame_bytes` bounds each frame; the depth is bounded by that of
    /// [`Limits::default`](crate::xml::Limits).
    #[must_use]
    pub fn new(max_frame_bytes: usize) -> Self {
        Self::with(Bounds::End(max_frame_bytes))
    }

    /// A splitter for one direction of a stream that has not started. A stanza that is too long or
    /// nested too deeply is skipped: a frame without text stands for it; see [`Frame::skipped`].
    ///
    /// While a stanza is skipped, at most one chunk and the start of the stanza's first tag are
    /// held. Its tags, quotes, references and characters are still checked. One of more than
    /// [`ReceiveLimits::hard_bytes`] is an error.
    #[must_use]
    pub fn skipping(limits: ReceiveLimits) -> Self {
        Self::with(Bounds::Skip(Box::new(limits)))
    }

    fn with(bounds: Bounds) -> Self {
        Self {
            buffer: BytesMut::new(),
            bounds,
            scanner: Scanner::new(),
            skipping: None,
            failed: None,
        }
    }

    /// Adds bytes that arrived.
    pub fn push(&mut self, chunk: &[u8]) {
        if self.failed.is_none() {
            self.buffer.extend_from_slice(chunk);
        }
    }

    /// The next frame; `None` when more bytes are needed.
    ///
    /// # Errors
    /// When the bytes are no stream or exceed a limit. All further calls return the same error.
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

    /// Number of bytes that are neither returned as a frame nor skipped yet.
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.buffer.len()
    }

    fn cut(&mut self) -> Result<Option<Frame>, SplitError> {
        loop {
            if self.skipping.is_some() {
                return self.pass();
            }
            if self.scanner.is_between() && self.skip_space() {
                return Ok(Some(Frame::from(" ")));
            }
            let limits = self.bounds.of(&self.buffer);
            let within = self.buffer.len().min(limits.bytes);
            let cut = match self.scanner.advance(&self.buffer[..within], limits.depth) {
                Err(SplitError::TooDeep { limit }) if self.skip(ExceededLimit::Depth(limit)) => {
                    continue;
                }
                cut => cut?,
            };
            let Some((unit, end)) = cut else {
                let limit = limits.bytes;
                match self.buffer.len() > limit {
                    true if self.skip(ExceededLimit::Bytes(limit)) => continue,
                    true => return Err(SplitError::TooLarge { limit }),
                    false => return Ok(None),
                }
            };
            let bytes = self.buffer.split_to(end);
            if end > KEPT_BYTES {
                // Release the memory of a long frame.
                self.buffer = BytesMut::from(&self.buffer[..]);
            }
            if unit == Unit::Declaration {
                declaration::check(&bytes)?;
                continue;
            }
            return Frame::from_utf8(bytes.freeze()).map(Some).map_err(|_| SplitError::NotUtf8);
        }
    }

    /// Begins to skip the current element, if it may be skipped.
    fn skip(&mut self, limit: ExceededLimit) -> bool {
        let Bounds::Skip(limits) = &self.bounds else {
            return false;
        };
        if !self.scanner.is_in_element(&self.buffer) {
            return false;
        }
        let seen = match limit {
            ExceededLimit::Bytes(bytes) => self.buffer.len().min(bytes),
            _ => self.buffer.len(),
        };
        self.skipping = Some(Box::new(Skipping {
            passer: Passer::new(limits.hard_bytes),
            skipped: Skipped::new(&self.buffer[..seen], limit),
        }));
        self.scanner.skip_unit();
        true
    }

    /// Skips more of the current element.
    fn pass(&mut self) -> Result<Option<Frame>, SplitError> {
        let Some(skipping) = &mut self.skipping else {
            return Ok(None);
        };
        let fed = skipping.passer.feed(&self.buffer);
        let end = fed.map_err(|error| match (error.kind, &self.bounds) {
            (XmlErrorKind::TooLarge, Bounds::Skip(limits)) => {
                SplitError::TooLarge { limit: limits.hard_bytes }
            }
            (XmlErrorKind::InvalidUtf8, _) => SplitError::NotUtf8,
            (kind, _) => SplitError::Malformed(kind),
        })?;
        let taken = end.unwrap_or(self.buffer.len());
        if self.buffer.capacity() > KEPT_BYTES {
            self.buffer = BytesMut::from(&self.buffer[taken..]);
        } else {
            self.buffer.advance(taken);
        }
        if end.is_none() {
            return Ok(None);
        }
        Ok(self.skipping.take().map(|skipping| Frame::skipped_over(skipping.skipped)))
    }

    /// Drops white space between units. Returns whether there was some and no bytes follow it,
    /// which is a keep-alive.
    fn skip_space(&mut self) -> bool {
        let spaces = self.buffer.iter().take_while(|&&byte| is_space(byte)).count();
        self.buffer.advance(spaces);
        spaces > 0 && self.buffer.is_empty() && self.scanner.stage() == Stage::Inside
    }
}

impl fmt::Debug for Splitter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Splitter({} bytes buffered)", self.buffer.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn splitter() -> Splitter {
        let mut splitter = Splitter::skipping(ReceiveLimits::default());
        splitter.push(b"<stream:stream xmlns:stream='http://etherx.jabber.org/streams'>");
        assert!(splitter.next().unwrap().is_some());
        splitter
    }

    /// Pushes this number of bytes in chunks; returns the largest memory of the splitter.
    fn fill(splitter: &mut Splitter, bytes: usize) -> usize {
        let chunk = [b'x'; 16 * 1024];
        let mut most = 0;
        for _ in 0..bytes / chunk.len() {
            splitter.push(&chunk);
            most = most.max(splitter.buffer.capacity());
            assert_eq!(splitter.next().unwrap(), None);
        }
        most
    }

    #[test]
    fn the_memory_of_a_skipped_stanza_stays_small() {
        let mut splitter = splitter();
        splitter.push(b"<message>");
        fill(&mut splitter, 512 * 1024);
        let most = fill(&mut splitter, 12 * 1024 * 1024);
        assert!(most <= KEPT_BYTES, "{most}");
        splitter.push(b"</message>");
        assert!(splitter.next().unwrap().unwrap().skipped().is_some());
    }

    #[test]
    fn the_memory_of_a_long_frame_is_released() {
        let mut splitter = splitter();
        splitter.push(b"<iq>");
        fill(&mut splitter, 4 * 1024 * 1024);
        splitter.push(b"</iq><presence/>");
        assert!(splitter.next().unwrap().unwrap().len() > 4 * 1024 * 1024);
        assert_eq!(splitter.next().unwrap().unwrap().as_str(), "<presence/>");
        let text = "x".repeat(16 * 1024);
        for _ in 0..1_000 {
            splitter.push(format!("<a>{text}</a>").as_bytes());
            assert!(splitter.buffer.capacity() <= 2 * KEPT_BYTES);
            assert!(splitter.next().unwrap().is_some());
        }
    }
}
