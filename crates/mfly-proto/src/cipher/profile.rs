//! The cipher of profile fields.

use super::decrypted::Decrypted;
use super::iv::Iv;
use super::text::TextCipher;
use crate::jid::UserId;

/// Seals nickname, e-mail and mobile number of one user. Status and images are never sealed.
///
/// Key: the id of the user whose profile it is. IV: the profile IV of the configuration, or the
/// licence key where there is none (observed: Web SDK 4.25.10).
#[derive(Clone, Debug)]
pub struct ProfileCipher(TextCipher);

impl ProfileCipher {
    /// The cipher of one user's profile.
    #[must_use]
    pub fn new(user: &UserId, iv: &Iv) -> Self {
        Self(TextCipher::new(&[user.as_str()], iv))
    }

    /// Seals a field; the empty field stays empty.
    #[must_use]
    pub fn seal(&self, text: &str) -> String {
        self.0.seal_or_input(text)
    }

    /// Opens a field; what is not sealed for this user comes back unchanged.
    #[must_use]
    pub fn open(&self, text: &str) -> Decrypted {
        self.0.open_or_input(text)
    }
}
