//! Identifiers and passwords from a seed: unguessable when the seed is, repeatable when it is
//! fixed.

use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// A counter hashed with a seed.
pub(super) struct Ids {
    seed: [u8; 32],
    counter: u64,
}

impl Ids {
    pub(super) const fn new(seed: [u8; 32]) -> Self {
        Self { seed, counter: 0 }
    }

    /// The next number: 1, 2, 3 …
    pub(super) const fn number(&mut self) -> u64 {
        self.counter += 1;
        self.counter
    }

    /// Bytes that cannot be told without the seed, at most 32.
    pub(super) fn bytes<const LENGTH: usize>(&mut self) -> [u8; LENGTH] {
        let mut bytes = [0; LENGTH];
        let counter = self.number();
        for (byte, drawn) in bytes.iter_mut().zip(self.digest(&counter.to_be_bytes())) {
            *byte = drawn;
        }
        bytes
    }

    /// A secret that stays the same.
    pub(super) fn secret(&self) -> [u8; 32] {
        self.digest(b"secret")
    }

    fn digest(&self, what: &[u8]) -> [u8; 32] {
        let digest = Sha256::new().chain_update(self.seed).chain_update(what);
        digest.finalize().into()
    }

    /// 32 hexadecimal digits that cannot be told without the seed.
    pub(super) fn hex(&mut self) -> String {
        let counter = self.number();
        self.digest(&counter.to_be_bytes()).iter().take(16).fold(
            String::with_capacity(32),
            |mut text, byte| {
                // Writing to a String cannot fail.
                let _ = write!(text, "{byte:02x}");
                text
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::Ids;

    #[test]
    fn the_same_seed_gives_the_same_ids_and_another_seed_gives_others() {
        let draw = |seed| {
            let mut ids = Ids::new([seed; 32]);
            [ids.hex(), ids.hex()]
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        assert_ne!(draw(1)[0], draw(1)[1]);
    }
}
