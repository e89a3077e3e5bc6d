//! SASL (RFC 4422, RFC 6120 §6): mechanisms as step machines, and their elements on the stream.
//!
//! A mechanism is fed what the server sends and gives what to send; nonces are passed to it when it
//! is made. Another mechanism is another file here that implements [`Mechanism`]. The server's
//! halves are beside: [`plain::parse`], [`external::parse`], [`anonymous::parse`], [`ScramServer`].
//! [`choose`] picks a mechanism from what a server offers.

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
/// Order: [`initial`](Self::initial) once, [`step`](Self::step) for each challenge,
/// [`success`](Self::success) once. An error ends it: send [`Abort`], and do not trust the server.
pub trait Mechanism: Send {
    /// The name under which the server offers it.
    fn name(&self) -> &'static str;

    /// The initial response, to be sent along with the name.
    fn initial(&mut self) -> Vec<u8>;

    /// The response to a challenge.
    ///
    /// # Errors
    /// When the challenge is malformed, unexpected, or does not prove what it must.
    fn step(&mut self, challenge: &[u8]) -> Result<Vec<u8>, SaslError>;

    /// Checks the data that came along with the success; it is empty when there were none.
    ///
    /// # Errors
    /// When the mechanism is not finished, or the server did not prove that it knows the password.
    fn success(&mut self, data: &[u8]) -> Result<(), SaslError>;
}
