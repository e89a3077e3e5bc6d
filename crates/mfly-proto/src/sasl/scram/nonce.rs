//! Nonces of SCRAM.

use crate::argument::InvalidArgument;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The nonce of one side (RFC 5802 §5.1): printable ASCII without a comma, never used twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nonce(String);

impl Nonce {
    /// A nonce from the wire or a recording; new ones are made from random bytes.
    ///
    /// # Errors
    /// When it is empty, longer than 256 bytes, or holds anything but printable ASCII without
    /// comma.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidArgument> {
        let text: String = text.into();
        if text.len() > 256 || !is_nonce(&text) {
            return Err(InvalidArgument::new(
                "nonce",
                "must be 1 to 256 printable ASCII characters without a comma",
            ));
        }
        Ok(Self(text))
    }

    /// The nonce as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A new nonce from 24 random bytes.
impl From<[u8; 24]> for Nonce {
    fn from(random: [u8; 24]) -> Self {
        Self(STANDARD.encode(random))
    }
}

/// Whether the text has the form of a nonce.
pub(super) fn is_nonce(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, 0x21..=0x7e) && byte != b',')
}
