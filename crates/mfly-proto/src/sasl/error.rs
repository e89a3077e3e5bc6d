//! What is wrong with a SASL message.

use super::scram::ScramError;
use thiserror::Error;

/// A SASL message that cannot be accepted. It never holds any of the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SaslError {
    /// The mechanism expects no challenge, or no further one.
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
        /// What is wrong with it.
        reason: &'static str,
    },
    /// SCRAM found that something is not as it must be.
    #[error(transparent)]
    Scram(#[from] ScramError),
}
