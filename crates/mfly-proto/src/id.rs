//! The `id` attribute of stanzas.

use crate::argument::InvalidArgument;
use std::fmt::Write as _;

/// The `id` attribute of a stanza: 1 to 1,023 bytes without control characters.
///
/// The official SDK and [`StanzaId::from_random`] use a lower-case UUID v4.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StanzaId(Box<str>);

impl StanzaId {
    /// Takes an id from the wire.
    ///
    /// # Errors
    /// When it is empty, longer than 1,023 bytes, or holds a control character.
    pub fn new(id: impl Into<String>) -> Result<Self, InvalidArgument> {
        let id: String = id.into();
        let cannot_be_written = |c: char| c.is_control() || matches!(c, '\u{FFFE}' | '\u{FFFF}');
        if id.is_empty() || id.len() > 1023 || id.chars().any(cannot_be_written) {
            return Err(InvalidArgument::new(
                "id",
                "must be 1 to 1,023 bytes without control characters",
            ));
        }
        Ok(Self(id.into()))
    }

    /// A UUID v4 (RFC 9562 §5.4) made from 16 random bytes.
    #[must_use]
    pub fn from_random(mut bytes: [u8; 16]) -> Self {
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let mut text = String::with_capacity(36);
        for (index, byte) in bytes.iter().enumerate() {
            if matches!(index, 4 | 6 | 8 | 10) {
                text.push('-');
            }
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
        }
        Self(text.into())
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

text_form!(StanzaId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sixteen_random_bytes_become_a_version_four_uuid() {
        assert_eq!(
            StanzaId::from_random([0xff; 16]).as_str(),
            "ffffffff-ffff-4fff-bfff-ffffffffffff"
        );
    }

    #[test]
    fn an_empty_overlong_or_control_character_id_is_refused() {
        for id in [String::new(), "x".repeat(1024), "a\nb".to_owned(), "\u{FFFE}".to_owned()] {
            assert_eq!(StanzaId::new(id).unwrap_err().name, "id");
        }
    }
}
