//! Errors of sealing and opening.

use thiserror::Error;

/// A text or file that could not be sealed or opened. The error never holds any of the content.
///
/// A wrong key, a wrong IV and altered content give the same error: one that named the failing step
/// would help an attacker who alters sealed values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CipherError {
    /// The key is empty.
    #[error("the key is empty: pass the message id")]
    EmptyKey,
    /// The text to seal or open is empty.
    #[error("the text is empty: pass at least one character")]
    EmptyText,
    /// The sealed text is not base64.
    #[error("the sealed text is not base64")]
    NotBase64,
    /// The content cannot be opened with this key and IV.
    #[error("the content does not open: check key and IV")]
    WrongKey,
    /// The sealed length does not match the plain length, or is no multiple of 16 bytes.
    #[error("{sealed} sealed bytes are too few or too many: fetch the whole file again")]
    Length {
        /// Number of sealed bytes that arrived.
        sealed: u64,
    },
}
