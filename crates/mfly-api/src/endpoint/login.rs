//! `POST /login`: a REST token.
//!
//! ```text
//! C at connecting: {"username":"alice01","password":"<password>","type":"web"}
//! C for a refresh: {"password":"<password>","username":"alice01","type":"web"}
//! S: {"status":200,"message":"Success","data":{"token":"<JWT>"}}
//! S: {"status":400,"message":"Invalid Credentials"}
//! ```
//!
//! The password is sealed with the licence key in live mode and plain in trial mode. The same
//! string is the password of XMPP's SASL. Source: observed: Web SDK 4.25.10, which uses the member
//! order of a refresh also when an app requests a token. Fixture: `fixtures/login/`.

use super::{Body, endpoint};
use crate::mode::Mode;
use crate::wire;
use mfly_proto::argument::InvalidArgument;
use mfly_proto::cipher::RequestCipher;
use mfly_proto::cipher::login::seal_password;
use mfly_proto::jid::UserId;
use mfly_proto::secret::{LicenceKey, Password, Token};
use serde::{Deserialize, Serialize};

/// The password in the form that the wire has, sealed at `now_ms` milliseconds since the epoch.
///
/// The official SDK adds the time zone's offset to the time; this function uses the true time.
///
/// # Errors
/// Never in practice: a sealed password is base64.
pub fn wire_password(
    mode: Mode,
    licence_key: &LicenceKey,
    password: &Password,
    now_ms: i64,
) -> Result<Password, InvalidArgument> {
    match mode {
        Mode::Live => {
            Password::new(seal_password(&RequestCipher::new(licence_key), password, now_ms))
        }
        Mode::Trial => Ok(password.clone()),
    }
}

/// Requests a REST token.
#[derive(Clone, Debug)]
pub struct Request {
    body: OrderedBody,
}

#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
enum OrderedBody {
    Connect(RequestBody),
    Refresh(RefreshBody),
}

impl Request {
    /// The member order that the official SDK uses to connect. `password` is a [`wire_password`].
    #[must_use]
    pub fn connect(username: UserId, password: Password) -> Self {
        let kind = "web".to_owned();
        Self { body: OrderedBody::Connect(RequestBody { username, password, kind }) }
    }

    /// The member order that the official SDK uses to replace a token. `password` is a
    /// [`wire_password`].
    #[must_use]
    pub fn refresh(username: UserId, password: Password) -> Self {
        let kind = "web".to_owned();
        Self { body: OrderedBody::Refresh(RefreshBody { password, username, kind }) }
    }
}

/// The request's body. Both member orders can be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestBody {
    /// The id of the user.
    #[serde(with = "wire::user_id")]
    pub username: UserId,
    /// The password, sealed or plain.
    #[serde(with = "wire::password")]
    pub password: Password,
    /// The kind of client, always `web`.
    #[serde(rename = "type", default)]
    pub kind: String,
}

#[derive(Clone, Debug, Serialize)]
struct RefreshBody {
    #[serde(with = "wire::password")]
    password: Password,
    #[serde(with = "wire::user_id")]
    username: UserId,
    #[serde(rename = "type")]
    kind: String,
}

/// The response with the token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// The value of the header `authorization`.
    #[serde(with = "wire::token")]
    pub token: Token,
}

endpoint! {
    Request, NoToken, POST "/login" => Response;
    body(self) Body::json(&self.body);
    decode(self, response) response.data();
}
