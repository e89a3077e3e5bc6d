//! Errors of cutting a stream of bytes into frames.

use crate::stream::StreamCondition;
use crate::xml::XmlErrorKind;
use thiserror::Error;

/// Bytes that are no stream, or exceed its limits. No more frames can be read afterwards.
///
/// The error holds none of the text, which may be private.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SplitError {
    /// A frame is longer than the limit.
    #[error(
        "a frame of more than {limit} bytes; raise the limit or have the peer send less at once"
    )]
    TooLarge {
        /// Maximum bytes of one frame.
        limit: usize,
    },
    /// Elements are nested deeper than the limit.
    #[error("nested more than {limit} elements deep")]
    TooDeep {
        /// Maximum number of open elements.
        limit: usize,
    },
    /// A frame is not UTF-8, or its XML declaration names another encoding (RFC 6120 §11.6).
    #[error("not UTF-8")]
    NotUtf8,
    /// The bytes are not restricted XML.
    #[error("not restricted XML: {0}")]
    Malformed(XmlErrorKind),
    /// The stream does not begin with a stream header.
    #[error("no stream header at the start: the peer may not speak XMPP")]
    NoHeader,
    /// Content follows the closing stream tag.
    #[error("content after the closing stream tag")]
    AfterFooter,
}

/// The stream error for a peer that sent such bytes (RFC 6120 §4.9.3).
impl From<SplitError> for StreamCondition {
    fn from(error: SplitError) -> Self {
        match error {
            SplitError::TooLarge { .. } | SplitError::TooDeep { .. } => Self::PolicyViolation,
            SplitError::NotUtf8 => Self::UnsupportedEncoding,
            SplitError::Malformed(kind) => kind.into(),
            SplitError::NoHeader | SplitError::AfterFooter => Self::BadFormat,
        }
    }
}
