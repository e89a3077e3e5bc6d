//! Why a SCRAM exchange is refused, by either side.

use crate::sasl::FailureCondition;
use thiserror::Error;

/// Why the client's half does not go on. It never holds content of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ScramError {
    /// The server's nonce does not begin with ours, or adds nothing to it: a replay, or not our
    /// exchange.
    #[error("the server's nonce does not extend ours: the answer belongs to another exchange")]
    Nonce,
    /// The salt is empty or too long.
    #[error("the server's salt has {length} bytes; 1 to {limit} are accepted")]
    Salt {
        /// Its length in bytes.
        length: usize,
        /// The most that is accepted.
        limit: usize,
    },
    /// So few iterations that the password could be guessed from the exchange.
    #[error(
        "the server asks for {count} iterations and at least {minimum} are required: raise them on the server, or lower the client's minimum"
    )]
    TooFewIterations {
        /// What the server asks for.
        count: u32,
        /// The least that is accepted.
        minimum: u32,
    },
    /// So many iterations that they would keep the client busy.
    #[error(
        "the server asks for {count} iterations and at most {maximum} are accepted: raise the client's maximum if the server is to be trusted"
    )]
    TooManyIterations {
        /// What the server asks for; `u32::MAX` also stands for more.
        count: u32,
        /// The most that is accepted.
        maximum: u32,
    },
    /// The server requires an extension that is not known here (`m=`).
    #[error("the server requires a SCRAM extension that is not supported")]
    MandatoryExtension,
    /// The server offered something else than what arrived here (XEP-0474).
    #[error(
        "the server did not offer what arrived here: somebody in between changed its list of mechanisms or channel bindings"
    )]
    OfferChanged,
    /// The server's signature is wrong: it does not know the password.
    #[error(
        "the server's signature is wrong: it does not know the password, or the exchange was tampered with"
    )]
    ServerSignature,
    /// The server claims success and did not prove that it knows the password.
    #[error(
        "the server claims success without its signature: it did not prove that it knows the password"
    )]
    NoServerSignature,
    /// The server ended the exchange with an error of its own (`e=`).
    #[error("the server refused: {0}")]
    Refused(ScramRefusal),
}

named! {
    /// The reason why a server refuses (RFC 5802 §7, `server-error-value`).
    #[non_exhaustive]
    pub enum ScramRefusal {
        /// Not base64, or a number that is none.
        InvalidEncoding = "invalid-encoding",
        /// The client requires an extension that the server does not know.
        ExtensionsNotSupported = "extensions-not-supported",
        /// The password is wrong.
        InvalidProof = "invalid-proof",
        /// The two sides see different TLS channels: somebody sits between them.
        ChannelBindingsDontMatch = "channel-bindings-dont-match",
        /// The client believes that the server offers no channel binding, and it does: the offer was
        /// tampered with.
        ServerDoesSupportChannelBinding = "server-does-support-channel-binding",
        /// The server cannot bind.
        ChannelBindingNotSupported = "channel-binding-not-supported",
        /// The server does not have this kind of binding.
        UnsupportedChannelBindingType = "unsupported-channel-binding-type",
        /// There is no such user.
        UnknownUser = "unknown-user",
        /// The user name cannot be read.
        InvalidUsernameEncoding = "invalid-username-encoding",
        /// The server is out of resources.
        NoResources = "no-resources",
        /// Anything else.
        Other = "other-error",
    }
}

impl ScramRefusal {
    /// The failure on the stream that goes with it. A wrong password and an unknown user look
    /// alike.
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
