//! The ciphers of requests, configuration and profile fields.

use super::decrypted::Decrypted;
use super::iv::Iv;
use super::text::TextCipher;
use crate::jid::UserId;
use crate::secret::LicenceKey;

/// Declares a cipher that returns texts unchanged which it cannot seal or open.
macro_rules! field_cipher {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug)]
        pub struct $type(TextCipher);

        impl $type {
            /// Seals a text; the empty text stays empty.
            #[must_use]
            pub fn seal(&self, text: &str) -> String {
                self.0.seal_or_input(text)
            }

            /// Opens a text. A text that was not sealed with this key is returned unchanged.
            #[must_use]
            pub fn open(&self, text: &str) -> Decrypted {
                self.0.open_or_input(text)
            }
        }
    };
}

field_cipher! {
    /// Seals registration and its answer, the login password, and the messages of the QR login.
    ///
    /// Key: the licence key repeated three times. IV: [`Iv::REQUEST`], whatever the configuration
    /// says (observed: Web SDK 4.25.10).
    ///
    /// ```
    /// use mfly_proto::cipher::RequestCipher;
    /// use mfly_proto::secret::LicenceKey;
    ///
    /// let cipher = RequestCipher::new(&LicenceKey::new("TestLicenceKey0123456789abcdef")?);
    /// let sealed = cipher.seal("hello");
    /// assert_eq!(sealed, "A3PiYVDe5NNBfzt/SpTKEw==");
    /// assert_eq!(cipher.open(&sealed).as_str(), "hello");
    /// # Ok::<(), mfly_proto::argument::InvalidArgument>(())
    /// ```
    RequestCipher
}

impl RequestCipher {
    /// The cipher of one licence.
    #[must_use]
    pub fn new(licence_key: &LicenceKey) -> Self {
        Self(TextCipher::new(&[licence_key.expose(); 3], &Iv::REQUEST))
    }
}

field_cipher! {
    /// Seals the answer of `/users/config`.
    ///
    /// Key: the user name repeated three times, and so no secret. IV: [`Iv::REQUEST`] (observed:
    /// Web SDK 4.25.10).
    ConfigCipher
}

impl ConfigCipher {
    /// The cipher for the user name that was passed to connect. With an empty name it seals and
    /// opens nothing: every text is returned unchanged.
    #[must_use]
    pub fn new(username: &str) -> Self {
        Self(TextCipher::new(&[username; 3], &Iv::REQUEST))
    }
}

field_cipher! {
    /// Seals nickname, e-mail and mobile number of one user. Status and images are never sealed.
    ///
    /// Key: the id of the user whose profile it is. IV: the profile IV of the configuration, or the
    /// licence key where there is none (observed: Web SDK 4.25.10).
    ProfileCipher
}

impl ProfileCipher {
    /// The cipher of one user's profile.
    #[must_use]
    pub fn new(user: &UserId, iv: &Iv) -> Self {
        Self(TextCipher::new(&[user.as_str()], iv))
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
