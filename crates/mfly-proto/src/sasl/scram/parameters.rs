//! What an exchange is made of.

use super::binding::Binding;
use super::hash::ScramHash;
use super::keys::ScramKeys;
use super::limits::ITERATIONS;
use super::nonce::Nonce;
use super::offer::ScramOffer;
use crate::secret::Password;
use std::fmt;
use std::ops::RangeInclusive;

/// What a [`Scram`](super::Scram) is made of.
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
    /// Authenticates `username`, without channel binding. The nonce is 24 random bytes, or a
    /// [`Nonce`]; it must be a new one for every exchange.
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

    /// What to say about channel binding. With [`Binding::Bound`] the mechanism is the -PLUS one.
    #[must_use]
    pub fn binding(mut self, binding: Binding) -> Self {
        self.binding = binding;
        self
    }

    /// Acts as another identity, if the server allows it.
    #[must_use]
    pub fn authzid(mut self, authzid: impl Into<String>) -> Self {
        self.authzid = Some(authzid.into());
        self
    }

    /// The iterations that are accepted; [`ITERATIONS`] without this. The lower end guards against
    /// a server that makes the password easy to guess, the upper end against one that wastes our
    /// time.
    #[must_use]
    pub const fn iterations(mut self, iterations: RangeInclusive<u32>) -> Self {
        self.iterations = iterations;
        self
    }

    /// Keys of an earlier exchange with the same user and password: they are used if the server
    /// names the same salt and count again, and passed over otherwise.
    #[must_use]
    pub fn keys(mut self, keys: Option<ScramKeys>) -> Self {
        self.keys = keys;
        self
    }

    /// What the server offered, as it arrived. A server that repeats its offer (XEP-0474) must then
    /// have offered just that; one that does not repeat it is believed.
    #[must_use]
    pub fn offer(mut self, offer: Option<ScramOffer>) -> Self {
        self.offer = offer;
        self
    }
}

impl fmt::Debug for ScramParameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScramParameters")
            .field("hash", &self.hash)
            .field("binding", &self.binding)
            .field("iterations", &self.iterations)
            .finish_non_exhaustive()
    }
}
