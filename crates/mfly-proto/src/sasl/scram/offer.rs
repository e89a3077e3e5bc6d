//! SCRAM downgrade protection (XEP-0474): the server repeats its offer under its signature.
//!
//! The list of mechanisms and channel bindings arrives before any authentication, so an attacker on
//! the way may have shortened it. A server with this extension sends a hash of the list as `h=` in
//! its first SCRAM message, which the server's signature covers:
//!
//! ```text
//! h = base64(H(sorted mechanisms joined by U+001E [, U+001F, sorted bindings joined by U+001E]))
//! ```
//!
//! Version 0.3 of the extension joined with `,` and `|`, and servers of 2024 still do. That form is
//! ambiguous if a name contains these characters, and is accepted only if none does.

use super::hash::{Output, ScramHash};
use subtle::ConstantTimeEq as _;

/// The offer that arrived from a server, to be compared with the hash that the server sends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScramOffer {
    mechanisms: Vec<String>,
    channel_bindings: Vec<String>,
}

impl ScramOffer {
    /// An offer of these mechanisms and channel bindings (XEP-0440), in any order. An empty list of
    /// bindings means that none were announced.
    #[must_use]
    pub fn new(mechanisms: &[String], channel_bindings: &[String]) -> Self {
        let sorted = |names: &[String]| {
            let mut names = names.to_vec();
            names.sort_unstable();
            names
        };
        Self { mechanisms: sorted(mechanisms), channel_bindings: sorted(channel_bindings) }
    }

    pub(super) fn digest(&self, hash: ScramHash) -> Output {
        self.digest_joined(hash, "\u{1e}", "\u{1f}")
    }

    fn digest_joined(&self, hash: ScramHash, between: &str, before_bindings: &str) -> Output {
        let mut text = self.mechanisms.join(between);
        if !self.channel_bindings.is_empty() {
            text.push_str(before_bindings);
            text.push_str(&self.channel_bindings.join(between));
        }
        hash.digest(text.as_bytes())
    }

    /// Whether the hash from the server is that of this offer.
    pub(super) fn matches(&self, hash: ScramHash, theirs: &[u8]) -> bool {
        if bool::from(self.digest(hash).as_bytes().ct_eq(theirs)) {
            return true;
        }
        let mut names = self.mechanisms.iter().chain(&self.channel_bindings);
        let is_ambiguous = names.any(|name| name.contains([',', '|']));
        let older = self.digest_joined(hash, ",", "|");
        !is_ambiguous && bool::from(older.as_bytes().ct_eq(theirs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    fn offer(mechanisms: &[&str], bindings: &[&str]) -> ScramOffer {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        ScramOffer::new(&owned(mechanisms), &owned(bindings))
    }

    #[test]
    fn the_hash_is_the_one_that_the_extension_prints_whatever_the_order_of_the_offer() {
        // XEP-0474 §6.3.
        let theirs = STANDARD.decode("G6k/rBLDqgOhRRaCuuatSDFkJ08=").unwrap();
        let offers = [
            offer(&["SCRAM-SHA-1", "SCRAM-SHA-1-PLUS"], &["tls-server-end-point", "tls-exporter"]),
            offer(&["SCRAM-SHA-1-PLUS", "SCRAM-SHA-1"], &["tls-exporter", "tls-server-end-point"]),
        ];
        for offer in offers {
            assert!(offer.matches(ScramHash::Sha1, &theirs));
            assert!(!offer.matches(ScramHash::Sha256, &theirs));
        }
    }

    #[test]
    fn an_offer_that_lost_or_gained_a_name_does_not_match() {
        let whole = offer(&["PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256"], &["tls-exporter"]);
        let theirs = whole.digest(ScramHash::Sha256);
        let changed = [
            offer(&["PLAIN", "SCRAM-SHA-1"], &["tls-exporter"]),
            offer(&["PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256", "X"], &["tls-exporter"]),
            offer(&["PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256"], &[]),
            offer(&["PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256"], &["tls-unique"]),
            offer(&["PLAIN", "SCRAM-SHA-1"], &["SCRAM-SHA-256", "tls-exporter"]),
        ];
        assert!(whole.matches(ScramHash::Sha256, theirs.as_bytes()));
        for changed in changed {
            assert!(!changed.matches(ScramHash::Sha256, theirs.as_bytes()), "{changed:?}");
        }
    }

    #[test]
    fn the_form_of_version_0_3_counts_only_while_no_name_holds_what_joins_them() {
        let hash = ScramHash::Sha256;
        let theirs = hash.digest(b"PLAIN,SCRAM-SHA-256|tls-exporter");
        assert!(
            offer(&["SCRAM-SHA-256", "PLAIN"], &["tls-exporter"]).matches(hash, theirs.as_bytes())
        );
        for disguised in [
            offer(&["PLAIN,SCRAM-SHA-256"], &["tls-exporter"]),
            offer(&["PLAIN", "SCRAM-SHA-256|tls-exporter"], &[]),
        ] {
            assert!(!disguised.matches(hash, theirs.as_bytes()), "{disguised:?}");
        }
    }
}
