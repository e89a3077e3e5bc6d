//! Why STARTTLS did not come about.

use mfly_proto::stream::StreamCondition;
use thiserror::Error;

/// Why a connection could not be secured by STARTTLS. Nothing private was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StartTlsError {
    /// The server offers no STARTTLS, or somebody in between has removed the offer.
    #[error(
        "no STARTTLS is offered; use xmpps:// or wss://, and suspect the network if it was offered before"
    )]
    NotOffered,
    /// The server answered with `<failure/>` (RFC 6120 §5.4.2.2).
    #[error("the server refused to begin TLS")]
    Refused,
    /// The peer ended the stream with an error, for instance because it does not serve the domain.
    #[error("the peer ended the stream: {}", .0.as_str())]
    Ended(StreamCondition),
    /// The peer closed the stream.
    #[error("the peer closed the stream")]
    Closed,
    /// Something followed what has to be the last word before TLS. It would have been taken for
    /// something that TLS protects, so it is somebody's attack or a broken peer.
    #[error("unprotected data came after the last word before TLS")]
    Injected,
    /// Something else came in the place of the stream header, the features, `<starttls/>` or
    /// `<proceed/>`.
    #[error("something else came in place of {expected}")]
    Unexpected {
        /// What was expected.
        expected: &'static str,
    },
    /// The peer said too much before TLS.
    #[error("more than {limit} bytes came before TLS")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// What came is not XML.
    #[error("what came is not XMPP over TCP; check the port")]
    Malformed,
}

impl StartTlsError {
    /// Whether the same call may succeed later, with nothing changed.
    pub(crate) fn is_retryable(self) -> bool {
        match self {
            Self::Refused | Self::Closed => true,
            Self::Ended(condition) => matches!(
                condition,
                StreamCondition::ConnectionTimeout
                    | StreamCondition::InternalServerError
                    | StreamCondition::RemoteConnectionFailed
                    | StreamCondition::Reset
                    | StreamCondition::ResourceConstraint
                    | StreamCondition::SystemShutdown
            ),
            _ => false,
        }
    }
}
