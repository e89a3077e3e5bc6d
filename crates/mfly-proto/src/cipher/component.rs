//! The ciphers of the licence look-up and of the official SDK's storage: text sealed into a URI
//! component, the percent-encoded base64 of AES-256-CBC over the text itself (observed: Web SDK
//! 4.25.10). Both use the same IV.

use super::aes_cbc;
use super::decrypted::Decrypted;
use super::encoding;
use super::iv::Iv;
use super::key::SecretKey;
use super::uri;

/// The key string of the look-up, the same in every copy of the official SDK.
const LOOK_UP_KEY: &str = "OP~9o4i=DD19NBSfWi)=MRX0E]!m9Z)=";

/// The key string of the names of stored entries.
const NAME_KEY: &str = "mirrorflywebsdk";

/// Seals `text` under the key string `key`; returns it unchanged when either is empty.
fn seal(key: &str, text: &str) -> String {
    match SecretKey::derive(&[key]) {
        Some(key) if !text.is_empty() => {
            let sealed = aes_cbc::encrypt(&key, &Iv::STORAGE, text.as_bytes());
            uri::encode(&encoding::encode(&sealed))
        }
        _ => text.to_owned(),
    }
}

/// Opens the result of [`seal`]; returns any other text unchanged.
fn open(key: &str, text: &str) -> Decrypted {
    let opened = || {
        let sealed = encoding::decode(&uri::decode(text)?)?;
        let mut opened =
            aes_cbc::decrypt(&SecretKey::derive(&[key])?, &Iv::STORAGE, sealed).ok()?;
        String::from_utf8(std::mem::take(&mut *opened)).ok()
    };
    Decrypted::or_input(opened(), text)
}

/// Seals the licence key for the look-up: `GET …/license/details?licenseKey=<sealed>`.
///
/// The result is a URI component and goes into the URL unchanged.
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
        seal(LOOK_UP_KEY, text)
    }

    /// Opens a URI component. A text that is not sealed is returned unchanged.
    #[must_use]
    pub fn open(&self, text: &str) -> Decrypted {
        open(LOOK_UP_KEY, text)
    }
}

/// Seals names and values of the official SDK's `localStorage`: `licenseKey`, `apiBaseUrl`,
/// `qrsocketId`.
///
/// A page that writes `licenseKey` and `apiBaseUrl` before it starts the SDK chooses the server.
///
/// ```
/// let storage = mfly_proto::cipher::StorageCipher::new();
/// assert_eq!(storage.name("licenseKey"), "vyu5xNFknTXWD32hyd4Hbg%3D%3D");
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct StorageCipher(());

impl StorageCipher {
    /// The cipher; all of its keys are fixed.
    #[must_use]
    pub const fn new() -> Self {
        Self(())
    }

    /// The name under which an entry is stored.
    #[must_use]
    pub fn name(&self, clear_name: &str) -> String {
        seal(NAME_KEY, clear_name)
    }

    /// The stored form of an entry's value. Its key is the clear name.
    #[must_use]
    pub fn value(&self, clear_name: &str, value: &str) -> String {
        seal(clear_name, value)
    }

    /// The value of a stored entry. A text that is not sealed is returned unchanged.
    #[must_use]
    pub fn open_value(&self, clear_name: &str, stored: &str) -> Decrypted {
        open(clear_name, stored)
    }
}
