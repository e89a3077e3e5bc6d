//! The seeded source of ids, nonces and jitter.

use mfly_proto::id::StanzaId;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// A source of ids, nonces and jitter. Equal seeds give equal values, so that a session can be
/// replayed.
#[derive(Debug)]
pub struct SeededRandom(StdRng);

impl SeededRandom {
    /// A source that starts from `seed`, which must come from the operating system outside tests.
    pub fn new(seed: [u8; 32]) -> Self {
        Self(StdRng::from_seed(seed))
    }

    /// A second source, independent of this one.
    pub fn fork(&mut self) -> Self {
        Self::new(self.0.random())
    }

    /// A fresh stanza id, a UUID as the official SDK writes it.
    pub fn stanza_id(&mut self) -> StanzaId {
        StanzaId::from_random(self.0.random())
    }

    /// A fresh resource: the prefix and a UUID.
    pub(super) fn resource(&mut self, prefix: &str) -> String {
        format!("{prefix}{}", self.stanza_id())
    }

    /// A fresh client nonce for SCRAM.
    pub(super) fn nonce(&mut self) -> [u8; 24] {
        self.0.random()
    }

    /// A random number for tickets.
    pub(super) fn number(&mut self) -> u64 {
        self.0.random()
    }

    /// A random number, evenly distributed from 0 to 1.
    pub(super) fn fraction(&mut self) -> f64 {
        self.0.random()
    }
}
