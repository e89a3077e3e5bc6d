//! Initialisation vectors of the payload ciphers.

use crate::argument::InvalidArgument;
use zeroize::Zeroize;

/// Length of an IV in bytes: one AES block.
pub(super) const IV_BYTES: usize = 16;

/// An initialisation vector of 16 bytes, made from a text of the platform.
///
/// The platform uses one IV for all payloads of a kind, and by default the start of the licence key
/// for profiles. `Debug` therefore hides it, and its memory is wiped.
#[derive(Clone, PartialEq, Eq)]
pub struct Iv([u8; IV_BYTES]);

impl Iv {
    /// The IV of requests, configuration and QR login. No configuration changes it.
    pub const REQUEST: Self = Self(*b"ddc0f15cc2c90fca");

    /// The IV of the licence look-up and of the official SDK's storage.
    pub(super) const STORAGE: Self = Self(*b"pVkZxWf0OM73viRr");

    /// Takes the first 16 characters. A shorter text is padded with zero bytes, so that the empty
    /// text gives the zero IV.
    ///
    /// # Errors
    /// When one of these characters is not ASCII: the official SDK cannot encrypt with such an IV.
    pub fn new(text: &str) -> Result<Self, InvalidArgument> {
        let mut iv = [0; IV_BYTES];
        for (byte, character) in iv.iter_mut().zip(text.chars()) {
            *byte = u8::try_from(character).ok().filter(u8::is_ascii).ok_or_else(|| {
                InvalidArgument::new("iv", "its first 16 characters must be ASCII")
            })?;
        }
        Ok(Self(iv))
    }

    /// The bytes of the vector.
    pub(super) const fn bytes(&self) -> &[u8; IV_BYTES] {
        &self.0
    }
}

impl Drop for Iv {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

redacted!(Iv);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_and_a_short_one_filled_with_zero_bytes() {
        let cases: [(&str, &[u8; 16]); 4] = [
            ("profileIv1234567", b"profileIv1234567"),
            ("TestLicenceKey0123456789abcdef", b"TestLicenceKey01"),
            ("short", b"short\0\0\0\0\0\0\0\0\0\0\0"),
            ("", &[0; 16]),
        ];
        for (text, expected) in cases {
            assert_eq!(Iv::new(text).unwrap().bytes(), expected, "{text}");
        }
    }

    #[test]
    fn a_character_outside_ascii_is_refused_only_where_it_would_be_used() {
        for text in ["é", "123456789012345é", "ü234567890123456"] {
            assert_eq!(Iv::new(text).unwrap_err().name, "iv", "{text}");
        }
        assert_eq!(Iv::new("1234567890123456é").unwrap(), Iv::new("1234567890123456").unwrap());
    }
}
