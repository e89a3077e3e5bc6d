//! Why a stream of bytes cannot be cut into frames.

use crate::stream::StreamCondition;
use crate::xml::XmlErrorKind;
use thiserror::Error;

/// Bytes that are no stream, or exceed its limits. Nothing more can be read after it.
///
/// It never carries any of the text: that may be private.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SplitError {
    /// One frame is longer than is accepted.
    #[error(
        "a frame of more than {limit} bytes; raise the limit or have the peer send less at once"
    )]
    TooLarge {
        /// The most bytes that one frame may have.
        limit: usize,
    },
    /// Elements are nested deeper than is accepted.
    #[error("nested more than {limit} elements deep")]
    TooDeep {
        /// The most elements that may be open at once.
        limit: usize,
    },
    /// A frame is not UTF-8, or its XML declaration names another encoding (RFC 6120 §11.6).
    #[error("not UTF-8")]
    NotUtf8,
    /// What restricted XML does not have, or has in other places only.
    #[error("not restricted XML: {0}")]
    Malformed(XmlErrorKind),
    /// Something other than a stream header comes first.
    #[error("no stream header at the start: the peer may not speak XMPP")]
    NoHeader,
    /// Something other than white space comes after the closing stream tag.
    #[error("content after the closing stream tag")]
    AfterFooter,
}

/// What to tell a peer that sent such bytes (RFC 6120 §4.9.3).
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
