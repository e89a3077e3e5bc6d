//! The errors of STARTTLS.

use mfly_proto::stream::StreamCondition;
use thiserror::Error;

/// The reason why a connection could not be secured by STARTTLS. No private data was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StartTlsError {
    /// The server offers no STARTTLS, or an attacker has removed the offer.
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
    /// The peer closed its stream.
    #[error("the peer closed the stream")]
    Closed,
    /// Bytes followed the last frame before TLS. They would have been taken for data protected by
    /// TLS: an attack, or a faulty peer.
    #[error("unprotected data followed the last frame before TLS")]
    Injected,
    /// The peer sent another frame than the stream header, the features, `<starttls/>` or
    /// `<proceed/>`.
    #[error("the peer sent another frame than {expected}")]
    Unexpected {
        /// The expected frame.
        expected: &'static str,
    },
    /// The peer sent too many bytes before TLS.
    #[error("more than {limit} bytes came before TLS")]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The peer sent invalid XML.
    #[error("the response is not XMPP over TCP; check the port")]
    Malformed,
}

impl StartTlsError {
    /// Whether the same call may succeed later.
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
