//! Preparation of user names and passwords: SASLprep (RFC 4013).
//!
//! RFC 5802 §2.2 requires SASLprep, and servers use it. PRECIS (RFC 8265), its formal successor,
//! differs for some passwords beyond ASCII (NFC instead of NFKC), so that a login with such a
//! password would fail on these servers.

use crate::argument::InvalidArgument;
use zeroize::Zeroizing;

/// Prepares a user name or password. Printable ASCII is unchanged.
pub(super) fn prepare(
    name: &'static str,
    text: &str,
) -> Result<Zeroizing<String>, InvalidArgument> {
    let prepared = stringprep::saslprep(text).map_err(|_| {
        InvalidArgument::new(name, "holds a character that SASLprep (RFC 4013) forbids")
    })?;
    if prepared.is_empty() {
        return Err(InvalidArgument::new(
            name,
            "must hold more than characters that SASLprep (RFC 4013) removes",
        ));
    }
    Ok(Zeroizing::new(prepared.into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_rfc_4013_come_out_as_printed() {
        let cases = [
            ("I\u{ad}X", "IX"),
            ("user", "user"),
            ("USER", "USER"),
            ("\u{aa}", "a"),
            ("\u{2168}", "IX"),
        ];
        for (text, expected) in cases {
            assert_eq!(prepare("password", text).unwrap().as_str(), expected);
        }
        for forbidden in ["\u{7}", "\u{627}1"] {
            assert_eq!(prepare("password", forbidden).unwrap_err().name, "password");
        }
    }

    #[test]
    fn an_empty_result_is_refused() {
        for text in ["", "\u{ad}", "\u{ad}\u{feff}"] {
            assert_eq!(prepare("username", text).unwrap_err().name, "username");
        }
    }

    #[test]
    fn printable_ascii_stays_as_it_is() {
        let text: String = (' '..='~').collect();
        assert_eq!(prepare("password", &text).unwrap().as_str(), text);
    }
}
