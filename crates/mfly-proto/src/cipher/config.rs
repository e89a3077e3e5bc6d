//! The cipher of the configuration.

use super::decrypted::Decrypted;
use super::iv::Iv;
use super::text::TextCipher;

/// Seals the answer of `/users/config`.
///
/// Key: the user name three times over, and so no secret at all. IV: [`Iv::REQUEST`] (observed:
/// Web SDK 4.25.10).
#[derive(Clone, Debug)]
pub struct ConfigCipher(TextCipher);

impl ConfigCipher {
    /// The cipher for the user name that was passed to connect. With an empty name nothing is
    /// sealed or opened: every text comes back unchanged.
    #[must_use]
    pub fn new(username: &str) -> Self {
        Self(TextCipher::new(&[username; 3], &Iv::REQUEST))
    }

    /// Seals a text; the empty text stays empty.
    #[must_use]
    pub fn seal(&self, text: &str) -> String {
        self.0.seal_or_input(text)
    }

    /// Opens a text; what is not sealed with this key comes back unchanged.
    #[must_use]
    pub fn open(&self, text: &str) -> Decrypted {
        self.0.open_or_input(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_user_name_every_text_comes_back_unchanged() {
        let cipher = ConfigCipher::new("");
        assert_eq!(cipher.seal("{}"), "{}");
        assert_eq!(cipher.open("{}"), Decrypted::Passthrough("{}".to_owned()));
    }
}
