//! Base64 as the official SDK reads and writes it.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// Writes padding and does not require it (inferred: the official SDK's decoder is as lenient).
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// Standard base64 with padding.
pub(super) fn encode(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

/// The bytes of a base64 text. White space is ignored: encoders on phones break lines.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    if text.bytes().any(|byte| byte.is_ascii_whitespace()) {
        let joined: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        return BASE64.decode(joined).ok();
    }
    BASE64.decode(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_breaks_missing_padding_and_stray_last_bits_do_not_matter() {
        for text in ["aGVsbG8=", "aGVs\nbG8=\n", "aGVsbG8", " aGVs bG8 ", "aGVsbG9="] {
            assert_eq!(decode(text).as_deref(), Some(&b"hello"[..]), "{text:?}");
        }
    }

    #[test]
    fn other_characters_are_refused() {
        for text in ["aGVs-G8=", "{\"a\":1}", "aGVsbG8\u{e9}", "a"] {
            assert_eq!(decode(text), None, "{text:?}");
        }
    }
}
