//! Reasons for which either side refuses a SCRAM authentication.

use crate::sasl::FailureCondition;
use thiserror::Error;

/// The reason why the client refuses to continue. It never holds content of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ScramError {
    /// The server's nonce does not begin with the client's, or adds nothing to it: a replay, or a
    /// message of another authentication.
    #[error("the server's nonce does not extend ours: the answer belongs to another exchange")]
    Nonce,
    /// The salt is empty or too long.
    #[error("the server's salt has {length} bytes; 1 to {limit} are accepted")]
    Salt {
        /// Length of the salt in bytes.
        length: usize,
        /// The greatest accepted length.
        limit: usize,
    },
    /// So few iterations that the password could be guessed from the messages.
    #[error(
        "the server asks for {count} iterations and at least {minimum} are required: raise them on the server, or lower the client's minimum"
    )]
    TooFewIterations {
        /// The server's number of iterations.
        count: u32,
        /// The smallest accepted number.
        minimum: u32,
    },
    /// So many iterations that they would block the client.
    #[error(
        "the server asks for {count} iterations and at most {maximum} are accepted: raise the client's maximum if the server is to be trusted"
    )]
    TooManyIterations {
        /// The server's number of iterations; `u32::MAX` also stands for more.
        count: u32,
        /// The greatest accepted number.
        maximum: u32,
    },
    /// The server requires an unsupported extension (`m=`).
    #[error("the server requires a SCRAM extension that is not supported")]
    MandatoryExtension,
    /// The offer that arrived is not the one that the server sent (XEP-0474).
    #[error(
        "the server did not offer what arrived here: somebody in between changed its list of mechanisms or channel bindings"
    )]
    OfferChanged,
    /// The server's signature is wrong: it does not know the password.
    #[error(
        "the server's signature is wrong: it does not know the password, or the exchange was tampered with"
    )]
    ServerSignature,
    /// The server reports success without proof that it knows the password.
    #[error(
        "the server claims success without its signature: it did not prove that it knows the password"
    )]
    NoServerSignature,
    /// The server sent an error (`e=`).
    #[error("the server refused: {0}")]
    Refused(ScramRefusal),
}

named! {
    /// The reason why a server refuses (RFC 5802 §7, `server-error-value`).
    #[non_exhaustive]
    pub enum ScramRefusal {
        /// Data that are not base64, or a malformed number.
        InvalidEncoding = "invalid-encoding",
        /// The client requires an extension that the server does not know.
        ExtensionsNotSupported = "extensions-not-supported",
        /// The password is wrong.
        InvalidProof = "invalid-proof",
        /// The two sides see different TLS channels: the connection is intercepted.
        ChannelBindingsDontMatch = "channel-bindings-dont-match",
        /// The client reports that the server offers no channel binding, but it does: the offer was
        /// changed on the way.
        ServerDoesSupportChannelBinding = "server-does-support-channel-binding",
        /// The server does not support channel binding.
        ChannelBindingNotSupported = "channel-binding-not-supported",
        /// The server does not support this kind of binding.
        UnsupportedChannelBindingType = "unsupported-channel-binding-type",
        /// The user does not exist.
        UnknownUser = "unknown-user",
        /// The user name cannot be read.
        InvalidUsernameEncoding = "invalid-username-encoding",
        /// The server is out of resources.
        NoResources = "no-resources",
        /// Any other error.
        Other = "other-error",
    }
}

impl ScramRefusal {
    /// The corresponding condition of a SASL failure, which is the same for a wrong password and an
    /// unknown user.
    #[must_use]
    pub const fn condition(self) -> FailureCondition {
        match self {
            Self::InvalidEncoding
            | Self::ExtensionsNotSupported
            | Self::InvalidUsernameEncoding => FailureCondition::MalformedRequest,
            Self::NoResources => FailureCondition::TemporaryAuthFailure,
            _ => FailureCondition::NotAuthorized,
        }
    }
}
