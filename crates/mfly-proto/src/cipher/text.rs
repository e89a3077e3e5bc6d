//! Sealed text: base64 of AES-256-CBC over the percent-encoded text (observed: Web SDK 4.25.10).

use super::aes_cbc;
use super::decrypted::Decrypted;
use super::encoding;
use super::error::CipherError;
use super::iv::Iv;
use super::key::SecretKey;
use super::uri;
use zeroize::Zeroizing;

/// The cipher of requests, configuration, profiles and messages.
#[derive(Clone, Debug)]
pub(super) struct TextCipher {
    /// Absent when the key string is empty: then no text can be sealed or opened.
    key: Option<SecretKey>,
    iv: Iv,
}

impl TextCipher {
    /// A cipher under the key string of the concatenated `parts`.
    pub(super) fn new(parts: &[&str], iv: &Iv) -> Self {
        Self { key: SecretKey::derive(parts), iv: iv.clone() }
    }

    /// Seals a text.
    pub(super) fn seal(&self, text: &str) -> Result<String, CipherError> {
        let key = self.key(text)?;
        let encoded = Zeroizing::new(uri::encode(text));
        Ok(encoding::encode(&aes_cbc::encrypt(key, &self.iv, encoded.as_bytes())))
    }

    /// Opens a sealed text.
    ///
    /// Opened bytes that are not UTF-8 are refused. The official SDK would insert replacement
    /// characters.
    pub(super) fn open(&self, text: &str) -> Result<String, CipherError> {
        let key = self.key(text)?;
        let sealed = encoding::decode(text).ok_or(CipherError::NotBase64)?;
        let opened = aes_cbc::decrypt(key, &self.iv, sealed)?;
        let encoded = std::str::from_utf8(&opened).map_err(|_| CipherError::WrongKey)?;
        uri::decode(encoded).ok_or(CipherError::WrongKey)
    }

    /// Seals a text; returns it unchanged if that is not possible.
    pub(super) fn seal_or_input(&self, text: &str) -> String {
        self.seal(text).unwrap_or_else(|_| text.to_owned())
    }

    /// Opens a text; returns it unchanged if that is not possible.
    pub(super) fn open_or_input(&self, text: &str) -> Decrypted {
        Decrypted::or_input(self.open(text).ok(), text)
    }

    /// The key, if the text is not empty.
    fn key(&self, text: &str) -> Result<&SecretKey, CipherError> {
        let key = self.key.as_ref().ok_or(CipherError::EmptyKey)?;
        if text.is_empty() { Err(CipherError::EmptyText) } else { Ok(key) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sealed form of bytes that are not percent-encoded first.
    fn sealed_raw(cipher: &TextCipher, bytes: &[u8]) -> String {
        encoding::encode(&aes_cbc::encrypt(cipher.key.as_ref().unwrap(), &cipher.iv, bytes))
    }

    #[test]
    fn opened_bytes_that_are_not_text_are_refused_rather_than_replaced() {
        let cipher = TextCipher::new(&["key"], &Iv::REQUEST);
        for bytes in [&b"\xff\xfe"[..], b"100%", b"%C3", b"%ff"] {
            let sealed = sealed_raw(&cipher, bytes);
            assert_eq!(cipher.open(&sealed), Err(CipherError::WrongKey), "{bytes:?}");
            assert_eq!(cipher.open_or_input(&sealed), Decrypted::Passthrough(sealed));
        }
    }

    #[test]
    fn text_that_was_sealed_without_percent_encoding_opens_where_it_has_no_percent_sign() {
        let cipher = TextCipher::new(&["key"], &Iv::REQUEST);
        let sealed = sealed_raw(&cipher, "Zoë & 李".as_bytes());
        assert_eq!(cipher.open(&sealed).as_deref(), Ok("Zoë & 李"));
    }

    #[test]
    fn each_refusal_names_its_cause() {
        let cipher = TextCipher::new(&["key"], &Iv::REQUEST);
        assert_eq!(cipher.open(""), Err(CipherError::EmptyText));
        assert_eq!(cipher.open("{}"), Err(CipherError::NotBase64));
        assert_eq!(cipher.open("AAAA"), Err(CipherError::WrongKey));
        let keyless = TextCipher::new(&[""], &Iv::REQUEST);
        assert_eq!(keyless.seal("text"), Err(CipherError::EmptyKey));
        assert_eq!(keyless.open("text"), Err(CipherError::EmptyKey));
    }
}
