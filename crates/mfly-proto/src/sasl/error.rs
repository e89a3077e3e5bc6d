//! Errors of SASL messages.

use super::scram::ScramError;
use thiserror::Error;

/// A SASL message that cannot be accepted. The error never holds any of its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SaslError {
    /// The mechanism expects no challenge, or no further challenge.
    #[error("the server sent a challenge that {mechanism} does not have")]
    UnexpectedChallenge {
        /// The mechanism in use.
        mechanism: &'static str,
    },
    /// The message does not have the mechanism's form.
    #[error("malformed {mechanism} message: {reason}")]
    Malformed {
        /// The mechanism in use.
        mechanism: &'static str,
        /// The fault of the message.
        reason: &'static str,
    },
    /// SCRAM refuses the message.
    #[error(transparent)]
    Scram(#[from] ScramError),
}
