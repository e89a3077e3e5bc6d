//! The hash functions of SCRAM, and the operations of RFC 5802 §2.2 over them.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Digest as _;
use std::fmt;
use zeroize::Zeroizing;

/// The hash function of a SCRAM mechanism.
///
/// Ordered by strength: `Sha1 < Sha256 < Sha512`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ScramHash {
    /// SHA-1 (RFC 5802), which is broken for signatures but not for this use.
    Sha1,
    /// SHA-256 (RFC 7677).
    Sha256,
    /// SHA-512, by draft-melnikov-scram-sha-512.
    Sha512,
}

impl ScramHash {
    /// All hash functions, the weakest first.
    pub const ALL: [Self; 3] = [Self::Sha1, Self::Sha256, Self::Sha512];

    /// The mechanism's name without channel binding: `SCRAM-SHA-256`.
    #[must_use]
    pub const fn mechanism(self) -> &'static str {
        match self {
            Self::Sha1 => "SCRAM-SHA-1",
            Self::Sha256 => "SCRAM-SHA-256",
            Self::Sha512 => "SCRAM-SHA-512",
        }
    }

    /// The mechanism's name with channel binding: `SCRAM-SHA-256-PLUS`.
    #[must_use]
    pub const fn mechanism_plus(self) -> &'static str {
        match self {
            Self::Sha1 => "SCRAM-SHA-1-PLUS",
            Self::Sha256 => "SCRAM-SHA-256-PLUS",
            Self::Sha512 => "SCRAM-SHA-512-PLUS",
        }
    }

    /// Length of the output in bytes.
    #[must_use]
    pub const fn output_len(self) -> usize {
        match self {
            Self::Sha1 => 20,
            Self::Sha256 => 32,
            Self::Sha512 => 64,
        }
    }

    /// The hash `H(data)`.
    pub(super) fn digest(self, data: &[u8]) -> Output {
        match self {
            Self::Sha1 => Output::new(&sha1::Sha1::digest(data)),
            Self::Sha256 => Output::new(&sha2::Sha256::digest(data)),
            Self::Sha512 => Output::new(&sha2::Sha512::digest(data)),
        }
    }

    /// The authentication code `HMAC(key, data)`.
    pub(super) fn hmac(self, key: &[u8], data: &[u8]) -> Output {
        macro_rules! hmac {
            ($hash:ty) => {
                Hmac::<$hash>::new_from_slice(key).map_or_else(
                    |_| Output::default(),
                    |mac| Output::new(&mac.chain_update(data).finalize().into_bytes()),
                )
            };
        }
        match self {
            Self::Sha1 => hmac!(sha1::Sha1),
            Self::Sha256 => hmac!(sha2::Sha256),
            Self::Sha512 => hmac!(sha2::Sha512),
        }
    }
}

impl fmt::Display for ScramHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.mechanism().trim_start_matches("SCRAM-"))
    }
}

/// Output of a hash function; wiped when dropped.
#[derive(Clone)]
pub(super) struct Output {
    bytes: Zeroizing<[u8; 64]>,
    len: usize,
}

impl Default for Output {
    fn default() -> Self {
        Self { bytes: Zeroizing::new([0; 64]), len: 0 }
    }
}

impl Output {
    pub(super) fn new(bytes: &[u8]) -> Self {
        let mut output = Self::default();
        for (to, from) in output.bytes.iter_mut().zip(bytes) {
            *to = *from;
            output.len += 1;
        }
        output
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    /// `self XOR other`, both of the same hash function.
    pub(super) fn xor(&self, other: &[u8]) -> Self {
        let mut output = self.clone();
        for (to, from) in output.bytes.iter_mut().zip(other) {
            *to ^= from;
        }
        output
    }
}
