//! The cipher of message bodies.

use super::error::CipherError;
use super::iv::Iv;
use super::text::TextCipher;

/// Seals the body of one message.
///
/// Key: the message id. IV: `encryptKey`, or the IV of the configuration (observed: Web SDK
/// 4.25.10). Unlike the other ciphers it fails instead of returning its input, as the official
/// `decryptMsg` does.
#[derive(Clone, Debug)]
pub struct MessageCipher(TextCipher);

impl MessageCipher {
    /// The cipher of one message.
    #[must_use]
    pub fn new(message_id: &str, iv: &Iv) -> Self {
        Self(TextCipher::new(&[message_id], iv))
    }

    /// Seals a body.
    ///
    /// # Errors
    /// When the body or the message id is empty.
    pub fn seal(&self, text: &str) -> Result<String, CipherError> {
        self.0.seal(text)
    }

    /// Opens a body.
    ///
    /// # Errors
    /// When the body or the message id is empty, or the body was not sealed with this id and IV.
    pub fn open(&self, text: &str) -> Result<String, CipherError> {
        self.0.open(text)
    }
}
