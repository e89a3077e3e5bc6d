//! SASL (RFC 4422, RFC 6120 §6): mechanisms as step machines, and their elements on the stream.
//!
//! A mechanism takes the server's messages and returns the client's; nonces are passed in. Each
//! mechanism has a file here and implements [`Mechanism`]. The server's halves are
//! [`plain::parse`], [`external::parse`], [`anonymous::parse`] and [`ScramServer`]. [`choose`]
//! picks a mechanism from those that a server offers.

pub mod anonymous;
mod channel_binding;
pub mod choice;
pub(crate) mod data;
mod element;
mod error;
pub mod external;
mod failure;
mod kind;
pub mod plain;
pub mod scram;

pub use anonymous::Anonymous;
pub use channel_binding::ChannelBindings;
pub use choice::{Choice, ChoiceContext, ChoiceError, MechanismPolicy, choose};
pub use element::{Abort, Auth, Challenge, Response, Success};
pub use error::SaslError;
pub use external::External;
pub use failure::{Failure, FailureCondition};
pub use kind::MechanismKind;
pub use plain::Plain;
pub use scram::{
    Binding, BindingKind, Nonce, Scram, ScramCredentials, ScramDerivation, ScramError, ScramHash,
    ScramKeys, ScramOffer, ScramParameters, ScramRefusal, ScramServer, ScramServerParameters,
};

/// The client's half of one authentication.
///
/// Call [`initial`](Self::initial) once, [`step`](Self::step) for each challenge, and
/// [`success`](Self::success) once. An error ends the authentication: send [`Abort`], and do not
/// trust the server.
pub trait Mechanism: Send {
    /// The name under which servers offer the mechanism.
    fn name(&self) -> &'static str;

    /// The initial response, which is sent with the name.
    fn initial(&mut self) -> Vec<u8>;

    /// The response to a challenge.
    ///
    /// # Errors
    /// When the challenge is malformed or unexpected, or its proof is wrong.
    fn step(&mut self, challenge: &[u8]) -> Result<Vec<u8>, SaslError>;

    /// Checks the data of the success, which are empty when there are none.
    ///
    /// # Errors
    /// When the mechanism is not finished, or the server did not prove that it knows the password.
    fn success(&mut self, data: &[u8]) -> Result<(), SaslError>;
}

/// Implements [`Mechanism`] for a mechanism whose only message is its field `$message`.
macro_rules! single_message {
    ($type:ident, $message:ident) => {
        impl $crate::sasl::Mechanism for $type {
            fn name(&self) -> &'static str {
                NAME
            }

            fn initial(&mut self) -> Vec<u8> {
                let message: &[u8] = self.$message.as_ref();
                message.to_vec()
            }

            fn step(&mut self, _challenge: &[u8]) -> Result<Vec<u8>, SaslError> {
                Err(SaslError::UnexpectedChallenge { mechanism: NAME })
            }

            /// Accepts any data: the mechanism defines none, and so there is nothing to check.
            fn success(&mut self, _data: &[u8]) -> Result<(), SaslError> {
                Ok(())
            }
        }
    };
}
use single_message;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Password;

    #[test]
    fn mechanisms_of_one_message_send_it_refuse_challenges_and_accept_any_success() {
        let plain = Plain::new("u1", &Password::new("pw").unwrap()).unwrap();
        let mechanisms: [(Box<dyn Mechanism>, &str, &str); 5] = [
            (Box::new(plain), "PLAIN", "\0u1\0pw"),
            (Box::new(External::new()), "EXTERNAL", ""),
            (Box::new(External::acting_as("u1@host").unwrap()), "EXTERNAL", "u1@host"),
            (Box::new(Anonymous::new()), "ANONYMOUS", ""),
            (Box::new(Anonymous::with_trace("sirhc").unwrap()), "ANONYMOUS", "sirhc"),
        ];
        for (mut mechanism, name, message) in mechanisms {
            assert_eq!(
                (mechanism.name(), mechanism.initial().as_slice()),
                (name, message.as_bytes())
            );
            let read = match name {
                "PLAIN" => Ok(Some(message.to_owned())),
                "EXTERNAL" => external::parse(message.as_bytes()),
                _ => anonymous::parse(message.as_bytes()),
            };
            assert_eq!(read.unwrap().unwrap_or_default(), message);
            let expected = format!("the server sent a challenge that {name} does not have");
            assert_eq!(mechanism.step(b"").unwrap_err().to_string(), expected);
            assert_eq!(mechanism.success(b""), Ok(()));
        }
    }
}
