//! One complete unit of a stream.

use super::Skipped;
use bytes::Bytes;
use std::fmt;

/// The text of one complete frame: UTF-8, not yet parsed.
///
/// A frame over TCP may stand for a stanza that was skipped. It then has no text.
///
/// `Debug` shows the length only: frames carry passwords and private profiles.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    text: Bytes,
    skipped: Option<Box<Skipped>>,
}

impl Frame {
    /// Takes bytes that must be UTF-8.
    ///
    /// # Errors
    /// When they are not UTF-8.
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

    /// What stands for a stanza that was skipped.
    pub(super) fn skipped_over(skipped: Skipped) -> Self {
        Self { text: Bytes::new(), skipped: Some(Box::new(skipped)) }
    }

    /// The stanza that this frame stands for because it was skipped.
    #[must_use]
    pub fn skipped(&self) -> Option<&Skipped> {
        self.skipped.as_deref()
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Checked on construction; a second check costs far less than the parse that follows.
        std::str::from_utf8(&self.text).unwrap_or_default()
    }

    /// The text as bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.text
    }

    /// The bytes, without copying.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        self.text
    }

    /// Length in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Whether there is no text at all.
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
