//! Why something could not be sealed or opened.

use thiserror::Error;

/// A text or file that could not be sealed or opened. It never holds any of the content.
///
/// A wrong key, a wrong IV and altered content cannot be told apart, and are not: an error that
/// named the failing step would help whoever alters sealed values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CipherError {
    /// The key is empty.
    #[error("the key is empty: pass the message id")]
    EmptyKey,
    /// There is nothing to seal or open.
    #[error("the text is empty: pass at least one character")]
    EmptyText,
    /// The sealed text is not base64.
    #[error("the sealed text is not base64")]
    NotBase64,
    /// The content does not open.
    #[error("the content does not open: check key and IV")]
    WrongKey,
    /// The sealed length is not what the plain length calls for, or no multiple of 16 bytes.
    #[error("{sealed} sealed bytes are too few or too many: fetch the whole file again")]
    Length {
        /// Sealed bytes that arrived.
        sealed: u64,
    },
}
