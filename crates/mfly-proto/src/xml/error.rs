//! Why a text was refused.

use thiserror::Error;

/// A text that is not restricted XML, or exceeds the limits.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{kind} at byte {position}")]
pub struct XmlError {
    /// What is wrong.
    pub kind: XmlErrorKind,
    /// Byte offset into the input, near the fault.
    pub position: usize,
}

/// The class of a refusal; RFC 6120 §11 and XML 1.0 name the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum XmlErrorKind {
    /// Not well-formed.
    #[error("not well-formed")]
    NotWellFormed,
}
