//! Keys of media files.

use crate::argument::InvalidArgument;
use zeroize::Zeroizing;

/// Number of letters in a key.
const LETTERS: usize = 32;

/// The key of one file: 32 ASCII letters, sent in the message as `file_key` (observed: Web SDK
/// 4.25.10).
#[derive(Clone, PartialEq, Eq)]
pub struct FileKey(Zeroizing<String>);

impl FileKey {
    /// Takes a key that was received.
    ///
    /// # Errors
    /// When it is not 32 ASCII letters.
    pub fn new(key: &str) -> Result<Self, InvalidArgument> {
        if key.len() != LETTERS || !key.bytes().all(|byte| byte.is_ascii_alphabetic()) {
            return Err(InvalidArgument::new("file_key", "must be 32 ASCII letters"));
        }
        Ok(Self(Zeroizing::new(key.to_owned())))
    }

    /// Makes a new key from random bytes.
    ///
    /// Bytes of 208 or more would make some of the 52 letters more likely, so they are used only
    /// when too few others remain: less than once in a million keys. (In keys of the official SDK,
    /// the first and the last letter are half as likely as the others.)
    #[must_use]
    pub fn from_random(bytes: [u8; 64]) -> Self {
        const ALPHABET: &[u8; 52] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
        const FAIR: u8 = 208;
        let bytes = Zeroizing::new(bytes);
        let fair = bytes.iter().filter(|&&byte| byte < FAIR);
        let unfair = bytes.iter().filter(|&&byte| byte >= FAIR);
        let mut key = Zeroizing::new(String::with_capacity(LETTERS));
        key.extend(
            fair.chain(unfair)
                .take(LETTERS)
                .map(|byte| char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()])),
        );
        Self(key)
    }

    /// The key in clear. Every call is a place where it could leak.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

redacted!(FileKey);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anything_but_thirty_two_letters_is_refused() {
        let keys =
            ["", "abc", "AbCdEfGhIjKlMnOpQrStUvWxYzabcde1", "é23456789012345678901234567890"];
        for key in keys {
            assert_eq!(FileKey::new(key).unwrap_err().name, "file_key", "{key}");
        }
        assert!(FileKey::new(&"Z".repeat(32)).is_ok());
    }

    #[test]
    fn every_fair_byte_value_gives_each_letter_equally_often() {
        let mut counts = std::collections::BTreeMap::new();
        for byte in 0..208 {
            let key = FileKey::from_random([byte; 64]);
            assert_eq!(FileKey::new(key.expose()).unwrap(), key);
            *counts.entry(key.expose().to_owned()).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 52);
        assert!(counts.values().all(|&count| count == 4));
    }

    #[test]
    fn unfair_bytes_are_passed_over_while_there_are_enough_others() {
        let mut bytes = [255; 64];
        bytes[32..].fill(1);
        assert_eq!(FileKey::from_random(bytes).expose(), "b".repeat(32));
        bytes[63] = 208;
        assert_eq!(FileKey::from_random(bytes).expose(), format!("{}V", "b".repeat(31)));
    }

    #[test]
    fn debug_output_does_not_show_the_key() {
        assert_eq!(format!("{:?}", FileKey::from_random([0; 64])), "FileKey(<redacted>)");
    }
}
