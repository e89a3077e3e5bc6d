//! Logging in by a QR code: the text of the code, and the events of the signalling connection.
//!
//! ```text
//! server → web    id           "<code id>"                          draw this code
//! code            base64(AES({"token":"<code id>","browser":"…","platform":"…"}))     the licence key's cipher
//! phone  → server approve      {"token":"<code id>","authorization":"<REST token>"}   (inferred)
//! server → web    response     {"id":base64(AES({"username":"…","password":"…","socketId":"<phone>"}))}
//! web    → server loginStatus  '{"statusCode":200,"message":"Login Success","public_key":"<phone>"}'   a JSON text
//! server → web    logoutweb
//! ```
//!
//! Source: observed: Web SDK 4.25.10, except how the phone approves: that is inferred, the official
//! SDK shows the web's side only. The cipher does not authenticate, so the form of every opened
//! value is checked here.

use crate::argument::InvalidArgument;
use crate::cipher::{Decrypted, RequestCipher};
use crate::jid::UserId;
use crate::lenient::json_whole;
use crate::secret::{Password, Token};
use serde_json::Value;
use std::fmt;
use thiserror::Error;
use zeroize::Zeroizing;

/// Event: the id of the code to show.
pub const ID: &str = "id";
/// Event: the code was approved.
pub const RESPONSE: &str = "response";
/// Event: the outcome of the log-in.
pub const LOGIN_STATUS: &str = "loginStatus";
/// Event: the session must end.
pub const LOGOUT_WEB: &str = "logoutweb";
/// Event: the phone approves a code (inferred).
pub const APPROVE: &str = "approve";

/// Bytes of the longest id.
const MAX_ID: usize = 256;
/// Bytes of the longest text of a code: a QR code of error level H holds 1,273 bytes.
pub const MAX_CODE_BYTES: usize = 1273;

/// A code or event that is not of the expected form. The error does not repeat its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{0} is malformed, was altered, or belongs to another licence")]
pub struct QrLoginError(&'static str);

/// The content of a QR code.
#[derive(Clone, PartialEq, Eq)]
pub struct QrCode {
    /// The id of the code. It allows a user with a REST token to approve the code.
    pub token: String,
    /// The browser or program that shows it, with its version.
    pub browser: String,
    /// The machine of the program; browsers send their user agent.
    pub platform: String,
}

impl QrCode {
    /// The text of the QR code.
    ///
    /// # Errors
    /// When browser and platform are too long for a code.
    pub fn seal(&self, cipher: &RequestCipher) -> Result<String, InvalidArgument> {
        let json = object(&[
            ("token", self.token.as_str().into()),
            ("browser", self.browser.as_str().into()),
            ("platform", self.platform.as_str().into()),
        ]);
        let text = cipher.seal(&json);
        if text.len() > MAX_CODE_BYTES {
            return Err(InvalidArgument::new(
                "platform",
                "browser and platform together do not fit into a code: shorten them",
            ));
        }
        Ok(text)
    }

    /// Reads the text of a QR code.
    ///
    /// # Errors
    /// When the text is malformed, was altered, or belongs to another licence.
    pub fn open(cipher: &RequestCipher, text: &str) -> Result<Self, QrLoginError> {
        let error = QrLoginError("the code");
        if text.len() > MAX_CODE_BYTES {
            return Err(error);
        }
        let value = opened(cipher, text.trim()).ok_or(error)?;
        let member = |name: &str| value[name].as_str().map(str::to_owned);
        Ok(Self {
            token: member("token").filter(|id| is_id(id)).ok_or(error)?,
            browser: member("browser").unwrap_or_default(),
            platform: member("platform").unwrap_or_default(),
        })
    }
}

impl fmt::Debug for QrCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("QrCode")
            .field("token", &"<redacted>")
            .field("browser", &self.browser)
            .field("platform", &self.platform)
            .finish()
    }
}

/// The approval of a code: credentials of the new session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QrResponse {
    /// The user who approved the code.
    pub username: UserId,
    /// The password of the new session.
    pub password: Password,
    /// The signalling id of the phone, which `loginStatus` must name.
    pub socket_id: String,
}

impl QrResponse {
    /// The event's argument.
    #[must_use]
    pub fn seal(&self, cipher: &RequestCipher) -> Value {
        let json = Zeroizing::new(object(&[
            ("username", self.username.as_str().into()),
            ("password", self.password.expose().into()),
            ("socketId", self.socket_id.as_str().into()),
        ]));
        serde_json::json!({"id": cipher.seal(&json)})
    }

    /// Reads the event's argument.
    ///
    /// # Errors
    /// When the text is malformed, was altered, or belongs to another licence.
    pub fn open(cipher: &RequestCipher, argument: &Value) -> Result<Self, QrLoginError> {
        let error = QrLoginError("the approval");
        let sealed = argument["id"].as_str().ok_or(error)?;
        let mut value = opened(cipher, sealed).ok_or(error)?;
        let Value::String(password) = value.get_mut("password").ok_or(error)?.take() else {
            return Err(error);
        };
        let user = value["username"].as_str().ok_or(error)?;
        let socket_id = value["socketId"].as_str().filter(|id| is_id(id));
        Ok(Self {
            username: UserId::new(user).map_err(|_| error)?,
            password: Password::new(password).map_err(|_| error)?,
            socket_id: socket_id.ok_or(error)?.to_owned(),
        })
    }
}

/// The outcome of a log-in by QR code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginStatus {
    /// Whether the session is connected.
    pub success: bool,
    /// The phone's signalling id.
    pub public_key: String,
}

impl LoginStatus {
    /// The event's argument, JSON in a string.
    #[must_use]
    pub fn encode(&self) -> Value {
        let (code, message) =
            if self.success { (200, "Login Success") } else { (500, "Login Failed") };
        Value::from(object(&[
            ("statusCode", code.into()),
            ("message", message.into()),
            ("public_key", self.public_key.as_str().into()),
        ]))
    }

    /// Reads the event's argument.
    ///
    /// # Errors
    /// When the text is malformed, was altered, or belongs to another licence.
    pub fn decode(argument: &Value) -> Result<Self, QrLoginError> {
        let error = QrLoginError("the log-in status");
        let text = argument.as_str().ok_or(error)?;
        let value: Value = serde_json::from_str(text).map_err(|_| error)?;
        let key = value["public_key"].as_str().filter(|id| is_id(id));
        Ok(Self {
            success: json_whole(&value["statusCode"]).ok_or(error)? == 200,
            public_key: key.ok_or(error)?.to_owned(),
        })
    }
}

/// The phone's approval of a code (inferred).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approve {
    /// The code's id.
    pub token: String,
    /// The REST token of the user who approves.
    pub authorization: Token,
}

impl Approve {
    /// The event's argument.
    #[must_use]
    pub fn encode(&self) -> Value {
        serde_json::json!({"token": self.token, "authorization": self.authorization.expose()})
    }

    /// Reads the event's argument.
    ///
    /// # Errors
    /// When the text is malformed, was altered, or belongs to another licence.
    pub fn decode(argument: &Value) -> Result<Self, QrLoginError> {
        let error = QrLoginError("the approval");
        let token = argument["token"].as_str().filter(|id| is_id(id));
        let authorization = argument["authorization"].as_str().ok_or(error)?;
        Ok(Self {
            token: token.ok_or(error)?.to_owned(),
            authorization: Token::new(authorization).map_err(|_| error)?,
        })
    }
}

/// Whether a text can be the id of a code or a phone. It must not hold commas, which separate ids
/// in the push of a forced log-out.
#[must_use]
pub fn is_id(text: &str) -> bool {
    (1..=MAX_ID).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b',')
}

/// Opens a sealed JSON value. Clear JSON is refused, because any sender could have written it.
fn opened(cipher: &RequestCipher, text: &str) -> Option<Value> {
    let Decrypted::Plain(json) = cipher.open(text) else {
        return None;
    };
    serde_json::from_str(&Zeroizing::new(json)).ok()
}

/// An object whose members keep their order, as the official SDK writes them.
fn object(members: &[(&str, Value)]) -> String {
    let members: Vec<_> =
        members.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", members.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::LicenceKey;

    /// As recorded from the official SDK.
    const CODE: &str = "jabX8Wg+wiDAZ6lVnPjbIc+tZGH6rgtQzVrICiYg2nfM492Qi4FKGhv5j8hxRVnlxHrWdrS0sP5FasQxSGbM5WJ0pDvKUfHeVAjoeSHg4S4Vxtj6nSZcdY2Wznv4jzRLxlQZJpnqQSka5SI9r4QQPL2PvO3emznA/MYJju1bd0ZQsM0R1iuyDJIEhmcrfmyk8QoHltDKlq69ZTbTvESGlA==";
    const APPROVAL: &str = "vbA9tTU0h9JUSDYtX7lSjmm47Ea+ujogGU5KtTZxbff69SMem+5vJzHkTNRyLTg7M9TI9KVUoGV254eO0+Q71gda8YAcsDAzlGQOKNGNzmvVZTm+BjqS90yfFbMJGpthUsZqeI+uS0SYJuQefOzSJg==";

    fn cipher(key: &str) -> RequestCipher {
        RequestCipher::new(&LicenceKey::new(key).unwrap())
    }

    #[test]
    fn the_recorded_code_is_read_and_written_to_the_letter() {
        let cipher = cipher("TestLicenceKey0123456789abcdef");
        let code = QrCode::open(&cipher, CODE).unwrap();
        assert_eq!(code.token, "Xb3kd9-sockid");
        assert_eq!(code.seal(&cipher).unwrap(), CODE);
    }

    #[test]
    fn the_recorded_approval_is_read_and_written_to_the_letter() {
        let cipher = cipher("TestLicenceKey0123456789abcdef");
        let argument = serde_json::json!({"id": APPROVAL});
        let response = QrResponse::open(&cipher, &argument).unwrap();
        assert_eq!(response.username.as_str(), "alice01");
        assert_eq!(response.socket_id, "PhoneSock1");
        assert_eq!(response.seal(&cipher), argument);
        assert!(!format!("{response:?}").contains("Pw0rd"));
    }

    #[test]
    fn the_status_of_a_log_in_has_the_official_form() {
        let status = LoginStatus { success: true, public_key: "PhoneSock1".to_owned() };
        let text = r#"{"statusCode":200,"message":"Login Success","public_key":"PhoneSock1"}"#;
        assert_eq!(status.encode(), text);
        assert_eq!(LoginStatus::decode(&text.into()).unwrap(), status);
        let failed = LoginStatus { success: false, ..status };
        assert_eq!(LoginStatus::decode(&failed.encode()).unwrap(), failed);
    }

    #[test]
    fn altered_texts_and_those_of_another_licence_are_refused() {
        let (right, other) = (cipher("TestLicenceKey0123456789abcdef"), cipher("other"));
        assert!(QrCode::open(&other, CODE).is_err());
        assert!(QrResponse::open(&other, &serde_json::json!({"id": APPROVAL})).is_err());
        let altered = format!("A{}", &APPROVAL[1..]);
        assert!(QrResponse::open(&right, &serde_json::json!({"id": altered})).is_err());
        // Clear text is not sealed.
        let clear = r#"{"username":"u","password":"p","socketId":"s"}"#;
        assert!(QrResponse::open(&right, &serde_json::json!({"id": clear})).is_err());
        let clear = r#"{"token":"t","browser":"b","platform":"p"}"#;
        let error = QrCode::open(&right, clear).unwrap_err();
        assert!(!error.to_string().contains("token"));
    }

    #[test]
    fn sealed_nonsense_is_refused() {
        let cipher = cipher("key");
        for json in [
            "1",
            "[]",
            r#"{"username":"u","password":"p"}"#,
            r#"{"username":"u","password":5,"socketId":"s"}"#,
            r#"{"username":"a b","password":"p","socketId":"s"}"#,
            r#"{"username":"u","password":"","socketId":"s"}"#,
            r#"{"username":"u","password":"p","socketId":"a,b"}"#,
        ] {
            let argument = serde_json::json!({"id": cipher.seal(json)});
            assert!(QrResponse::open(&cipher, &argument).is_err(), "{json}");
        }
        for argument in ["", "{}", "1", "\"x\""] {
            assert!(LoginStatus::decode(&argument.into()).is_err(), "{argument}");
        }
    }

    #[test]
    fn a_platform_that_no_code_holds_is_refused_by_name() {
        let code =
            QrCode { token: "t".to_owned(), browser: String::new(), platform: "x".repeat(2000) };
        assert_eq!(code.seal(&cipher("key")).unwrap_err().name, "platform");
    }
}
