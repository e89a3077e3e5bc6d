//! Parameters of the client's half.

use super::binding::Binding;
use super::hash::ScramHash;
use super::keys::ScramKeys;
use super::limits::ITERATIONS;
use super::nonce::Nonce;
use super::offer::ScramOffer;
use crate::secret::Password;
use std::ops::RangeInclusive;

/// Parameters of a [`Scram`](super::Scram).
#[derive(Clone)]
pub struct ScramParameters {
    pub(super) hash: ScramHash,
    pub(super) username: String,
    pub(super) password: Password,
    pub(super) nonce: Nonce,
    pub(super) authzid: Option<String>,
    pub(super) binding: Binding,
    pub(super) iterations: RangeInclusive<u32>,
    pub(super) keys: Option<ScramKeys>,
    pub(super) offer: Option<ScramOffer>,
}

impl ScramParameters {
    /// Parameters to authenticate `username` without channel binding. The nonce is 24 random bytes
    /// or a [`Nonce`], and must be new for every authentication.
    #[must_use]
    pub fn new(
        hash: ScramHash,
        username: &str,
        password: &Password,
        nonce: impl Into<Nonce>,
    ) -> Self {
        Self {
            hash,
            username: username.to_owned(),
            password: password.clone(),
            nonce: nonce.into(),
            authzid: None,
            binding: Binding::None,
            iterations: ITERATIONS,
            keys: None,
            offer: None,
        }
    }

    /// Sets the channel binding. With [`Binding::Bound`] the mechanism is the -PLUS one.
    #[must_use]
    pub fn binding(mut self, binding: Binding) -> Self {
        self.binding = binding;
        self
    }

    /// Sets another identity to act as, if the server allows it.
    #[must_use]
    pub fn authzid(mut self, authzid: impl Into<String>) -> Self {
        self.authzid = Some(authzid.into());
        self
    }

    /// Sets the accepted range of iterations, [`ITERATIONS`] by default. The lower end protects
    /// the password from being guessed, the upper end protects the client from useless work.
    #[must_use]
    pub const fn iterations(mut self, iterations: RangeInclusive<u32>) -> Self {
        self.iterations = iterations;
        self
    }

    /// Sets keys of an earlier login with the same user and password. They are used if the server
    /// sends the same salt and count.
    #[must_use]
    pub fn keys(mut self, keys: Option<ScramKeys>) -> Self {
        self.keys = keys;
        self
    }

    /// Sets the offer that arrived from the server. A server that repeats its offer (XEP-0474) must
    /// repeat this one; other servers are trusted.
    #[must_use]
    pub fn offer(mut self, offer: Option<ScramOffer>) -> Self {
        self.offer = offer;
        self
    }
}
debug_only!(ScramParameters { hash, binding, iterations });
