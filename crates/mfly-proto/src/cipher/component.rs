//! Text sealed into a URI component: the percent-encoded base64 of AES-256-CBC over the text as it
//! is (observed: Web SDK 4.25.10). Look-up URL and storage use it, always with the same IV.

use super::aes_cbc;
use super::decrypted::Decrypted;
use super::encoding;
use super::iv::Iv;
use super::key::SecretKey;
use super::uri;

/// Seals `text` under the key string `key`, or hands it back when either is empty.
pub(super) fn seal(key: &str, text: &str) -> String {
    match SecretKey::derive(&[key]) {
        Some(key) if !text.is_empty() => {
            let sealed = aes_cbc::encrypt(&key, &Iv::STORAGE, text.as_bytes());
            uri::encode(&encoding::encode(&sealed))
        }
        _ => text.to_owned(),
    }
}

/// Opens what [`seal`] made, or hands the input back.
pub(super) fn open(key: &str, text: &str) -> Decrypted {
    let opened = || {
        let sealed = encoding::decode(&uri::decode(text)?)?;
        let mut opened =
            aes_cbc::decrypt(&SecretKey::derive(&[key])?, &Iv::STORAGE, sealed).ok()?;
        String::from_utf8(std::mem::take(&mut *opened)).ok()
    };
    Decrypted::or_input(opened(), text)
}
