//! Derivation of AES keys from key strings.

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// An AES key: the first 32 characters of the SHA-256 of a key string in lower-case hexadecimal,
/// taken as 32 ASCII bytes (observed: Web SDK 4.25.10). That leaves 128 bits of the hash in a
/// 256-bit key.
#[derive(Clone)]
pub(super) struct SecretKey(Zeroizing<[u8; 32]>);

impl SecretKey {
    /// The key of the concatenated `parts`; `None` when they are all empty.
    pub(super) fn derive(parts: &[&str]) -> Option<Self> {
        let is_empty = parts.iter().all(|part| part.is_empty());
        (!is_empty).then(|| Self::of(parts))
    }

    /// The key of the concatenated `parts`, which must not be empty.
    pub(super) fn of(parts: &[&str]) -> Self {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(part);
        }
        let digest = Zeroizing::new(<[u8; 32]>::from(hash.finalize()));
        let mut key = Zeroizing::new([0; 32]);
        for (pair, byte) in key.chunks_exact_mut(2).zip(digest.iter()) {
            pair[0] = HEX[usize::from(byte >> 4)];
            pair[1] = HEX[usize::from(byte & 0x0f)];
        }
        Self(key)
    }

    /// The bytes of the key.
    pub(super) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

redacted!(SecretKey);

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    const KNOWN_ANSWERS: &str = include_str!("../../fixtures/cipher/known_answers.json");

    #[test]
    fn a_key_is_the_first_half_of_the_hexadecimal_hash_of_its_string() {
        let fixture: Value = serde_json::from_str(KNOWN_ANSWERS).unwrap();
        let examples = fixture["hash_examples"].as_array().unwrap();
        assert_eq!(examples.len(), 3);
        for example in examples {
            let key = SecretKey::derive(&[example["input"].as_str().unwrap()]).unwrap();
            let expected = example["sha256hex_first32"].as_str().unwrap();
            assert_eq!(key.bytes(), expected.as_bytes(), "{example}");
        }
    }

    #[test]
    fn parts_make_the_same_key_as_their_concatenation() {
        let parts = SecretKey::derive(&["al", "", "ice01"]).unwrap();
        assert_eq!(parts.bytes(), SecretKey::derive(&["alice01"]).unwrap().bytes());
    }

    #[test]
    fn an_empty_key_string_makes_no_key() {
        assert!(SecretKey::derive(&["", "", ""]).is_none());
    }
}
