//! Encoded labels of a domain (RFC 5890 §2.3.2.1).

use super::punycode;

/// Prefix of an encoded label (RFC 5890 §2.3.2.1).
pub(super) const PREFIX: &str = "xn--";

/// Whether a domain may hold an encoded label.
pub(crate) fn may_be_encoded(domain: &[u8]) -> bool {
    // Every address is checked, and most domains have no hyphen.
    domain.contains(&b'-')
        && domain.windows(PREFIX.len()).any(|window| window.eq_ignore_ascii_case(PREFIX.as_bytes()))
}

/// Decodes a label. `None` when it is not encoded, or when encoding the result gives another label:
/// two labels must not become one.
pub(crate) fn decoded(label: &str) -> Option<String> {
    let (prefix, encoded) = label.split_at_checked(PREFIX.len())?;
    if !prefix.eq_ignore_ascii_case(PREFIX) {
        return None;
    }
    let decoded = punycode::decode(encoded).filter(|decoded| !decoded.is_ascii())?;
    let again = punycode::encode(&decoded)?;
    again.eq_ignore_ascii_case(encoded).then_some(decoded)
}
