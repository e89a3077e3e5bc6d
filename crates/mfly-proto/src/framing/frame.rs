//! The text of one complete unit of a stream.

use super::Skipped;
use bytes::Bytes;
use std::fmt;

/// The text of one complete frame: UTF-8, not yet parsed.
///
/// Over TCP a frame without text stands for a stanza that was skipped.
///
/// `Debug` shows the length only: frames carry passwords and private profiles.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    text: Bytes,
    skipped: Option<Box<Skipped>>,
}

impl Frame {
    /// Takes received bytes, which must be UTF-8.
    ///
    /// # Errors
    /// When the bytes are not UTF-8.
    pub fn from_utf8(bytes: Bytes) -> Result<Self, std::str::Utf8Error> {
        std::str::from_utf8(&bytes)?;
        Ok(Self::of(bytes))
    }

    /// Takes the text that a writer of this crate appended to `buffer`, which is always UTF-8. Any
    /// other bytes are replaced by U+FFFD.
    #[must_use]
    pub fn written(buffer: Vec<u8>) -> Self {
        match String::from_utf8(buffer) {
            Ok(text) => text.into(),
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned().into(),
        }
    }

    const fn of(text: Bytes) -> Self {
        Self { text, skipped: None }
    }

    /// The frame without text for a stanza that was skipped.
    pub(super) fn skipped_over(skipped: Skipped) -> Self {
        Self { text: Bytes::new(), skipped: Some(Box::new(skipped)) }
    }

    /// The skipped stanza, if the frame stands for one.
    #[must_use]
    pub fn skipped(&self) -> Option<&Skipped> {
        self.skipped.as_deref()
    }

    /// The text of the frame.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Checked on construction; the second check costs little compared with parsing.
        std::str::from_utf8(&self.text).unwrap_or_default()
    }

    /// The text as bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.text
    }

    /// Takes the bytes without copying them.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        self.text
    }

    /// Length in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Whether the frame has no text.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }
}

impl From<String> for Frame {
    fn from(text: String) -> Self {
        Self::of(Bytes::from(text))
    }
}

impl From<&'static str> for Frame {
    fn from(text: &'static str) -> Self {
        Self::of(Bytes::from_static(text.as_bytes()))
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Frame({} bytes)", self.text.len())
    }
}
