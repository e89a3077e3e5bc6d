//! The cipher of requests and their answers.

use super::decrypted::Decrypted;
use super::iv::Iv;
use super::text::TextCipher;
use crate::secret::LicenceKey;

/// Seals registration and its answer, the login password, and the messages of the QR login.
///
/// Key: the licence key three times over. IV: [`Iv::REQUEST`], whatever the configuration says
/// (observed: Web SDK 4.25.10).
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
#[derive(Clone, Debug)]
pub struct RequestCipher(TextCipher);

impl RequestCipher {
    /// The cipher of one licence.
    #[must_use]
    pub fn new(licence_key: &LicenceKey) -> Self {
        Self(TextCipher::new(&[licence_key.expose(); 3], &Iv::REQUEST))
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
