//! The cipher of the licence look-up.

use super::component;
use super::decrypted::Decrypted;

/// The key string, the same in every copy of the official SDK (observed: Web SDK 4.25.10).
const KEY: &str = "OP~9o4i=DD19NBSfWi)=MRX0E]!m9Z)=";

/// Seals the licence key for the look-up: `GET …/license/details?licenseKey=<sealed>`.
///
/// The result is a URI component already and goes into the URL as it is.
///
/// ```
/// let sealed = mfly_proto::cipher::LicenceUrlCipher::new().seal("hello");
/// assert_eq!(sealed, "P8KUchkAple%2FZQ4Zp6ZajQ%3D%3D");
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct LicenceUrlCipher(());

impl LicenceUrlCipher {
    /// The cipher; key and IV are fixed.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }

    /// Seals a licence key; the empty text stays empty.
    #[must_use]
    pub fn seal(&self, text: &str) -> String {
        component::seal(KEY, text)
    }

    /// Opens a URI component; what is not sealed comes back unchanged.
    #[must_use]
    pub fn open(&self, text: &str) -> Decrypted {
        component::open(KEY, text)
    }
}
