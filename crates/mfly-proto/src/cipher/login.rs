//! The sealed password of login: REST `password` and SASL password alike.
//!
//! ```text
//! base64(AES(encodeURIComponent({"password":"<password>","currentTimestamp":<milliseconds>})))
//! ```
//!
//! Source: Web SDK 4.25.10, live mode; in sandbox mode the password is sent as it is. The official
//! SDK adds the time zone's offset to the time; here the true time is used.

use super::decrypted::Decrypted;
use super::fields::RequestCipher;
use crate::secret::Password;
use serde_json::Value;
use zeroize::Zeroizing;

/// Seals a password together with the time, in milliseconds since 1970-01-01 UTC.
///
/// ```
/// use mfly_proto::cipher::{RequestCipher, login};
/// use mfly_proto::secret::{LicenceKey, Password};
///
/// let cipher = RequestCipher::new(&LicenceKey::new("TestLicenceKey0123456789abcdef")?);
/// let sealed = login::seal_password(&cipher, &Password::new("Pw0rd")?, 1_732_300_000_000);
/// assert!(sealed.starts_with("8I1IMlC9hX9xHrweJOkYX4LwMmoSUwIEgI/DuzNa9hLW"));
/// # Ok::<(), mfly_proto::argument::InvalidArgument>(())
/// ```
#[must_use]
pub fn seal_password(cipher: &RequestCipher, password: &Password, timestamp_ms: i64) -> String {
    let time = timestamp_ms.to_string();
    // Room for an escape before every byte: a buffer that grows would leave copies behind.
    let capacity = 64 + 2 * password.expose().len();
    let mut json = Zeroizing::new(String::with_capacity(capacity));
    json.push_str(r#"{"password":""#);
    for character in password.expose().chars() {
        // A password holds no control character: these two are all that JSON escapes.
        if matches!(character, '"' | '\\') {
            json.push('\\');
        }
        json.push(character);
    }
    json.push_str(r#"","currentTimestamp":"#);
    json.push_str(&time);
    json.push('}');
    cipher.seal(&json)
}

/// Opens a sealed password: the password and the client's time in milliseconds.
///
/// `None` when it was not sealed with this licence key or holds something else.
#[must_use]
pub fn open_password(cipher: &RequestCipher, sealed: &str) -> Option<(Password, i64)> {
    let Decrypted::Plain(json) = cipher.open(sealed) else {
        return None;
    };
    let json = Zeroizing::new(json);
    let mut object: Value = serde_json::from_str(&json).ok()?;
    let timestamp_ms = object.get("currentTimestamp")?.as_i64()?;
    let Value::String(password) = object.get_mut("password")?.take() else {
        return None;
    };
    Some((Password::new(password).ok()?, timestamp_ms))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::LicenceKey;

    fn cipher(licence_key: &str) -> RequestCipher {
        RequestCipher::new(&LicenceKey::new(licence_key).unwrap())
    }

    #[test]
    fn recorded_passwords_are_sealed_and_opened_to_the_letter() {
        let recorded = [
            (
                "TestLicenceKey0123456789abcdef",
                "Pw0rd",
                1_732_300_000_000,
                "8I1IMlC9hX9xHrweJOkYX4LwMmoSUwIEgI/DuzNa9hLWcxAiq2MiZnxSzEPdBieBhA3r2IgxHGLk1l2/5Nva9uqQNDUxcN881IUTcDlyNJA=",
            ),
            (
                "LICENSEKEY0123456789abcdefghijkl",
                "pw1234",
                1_795_399_569_086,
                "IEOtFGf4cBcffb9b37e/AWJtB08QJYfghoL+wf4z7tTVzfCefh9YYRFxgatQG36l/Q/BQkwbSEThuZjfDlpRrYJ6bcJ8befacEK2fqj2EOQ=",
            ),
        ];
        for (licence_key, password, time, sealed) in recorded {
            let cipher = cipher(licence_key);
            let password = Password::new(password).unwrap();
            assert_eq!(seal_password(&cipher, &password, time), sealed);
            assert_eq!(open_password(&cipher, sealed), Some((password, time)));
        }
    }

    #[test]
    fn a_password_that_needs_escapes_in_json_comes_back_unchanged() {
        let cipher = cipher("key");
        for text in [r#"a"b\c"#, r"\\\", "pässwörd 密码 %41", "\u{2028}"] {
            let password = Password::new(text).unwrap();
            let sealed = seal_password(&cipher, &password, -1);
            assert_eq!(open_password(&cipher, &sealed), Some((password, -1)));
        }
    }

    #[test]
    fn what_is_not_a_sealed_password_is_refused() {
        let cipher = cipher("key");
        let sealed = seal_password(&cipher, &Password::new("secret").unwrap(), 1);
        assert_eq!(open_password(&self::cipher("other"), &sealed), None);
        // Clear JSON is a passthrough and must not count as sealed.
        assert_eq!(open_password(&cipher, r#"{"password":"p","currentTimestamp":1}"#), None);
        let contents = [
            "",
            "secret",
            "[]",
            r#"{"currentTimestamp":1}"#,
            r#"{"password":"p"}"#,
            r#"{"password":"","currentTimestamp":1}"#,
            r#"{"password":5,"currentTimestamp":1}"#,
            r#"{"password":"p","currentTimestamp":"1"}"#,
        ];
        for content in contents {
            assert_eq!(open_password(&cipher, &cipher.seal(content)), None, "{content}");
        }
    }
}
