//! `POST /login`: a REST token.
//!
//! ```text
//! C at connecting: {"username":"alice01","password":"<password>","type":"web"}
//! C for a refresh: {"password":"<password>","username":"alice01","type":"web"}
//! S: {"status":200,"message":"Success","data":{"token":"<JWT>"}}
//! S: {"status":400,"message":"Invalid Credentials"}
//! ```
//!
//! The password is sealed with the licence key in live mode and bare in trial mode; XMPP's SASL
//! takes the same string. Source: observed: Web SDK 4.25.10, which asks for a token by itself with
//! the refresh order too. Fixture: `fixtures/login/`.

use super::{Body, Endpoint};
use crate::auth::NoToken;
use crate::envelope::Answer;
use crate::error::ApiError;
use crate::mode::Mode;
use crate::wire;
use ::http::Method;
use mfly_proto::argument::InvalidArgument;
use mfly_proto::cipher::RequestCipher;
use mfly_proto::cipher::login::seal_password;
use mfly_proto::jid::UserId;
use mfly_proto::secret::{LicenceKey, Password, Token};
use serde::{Deserialize, Serialize};

/// The password as it goes over the wire, at `now_ms` milliseconds since the epoch.
///
/// The official SDK adds the time zone's offset to the time; this is the true time.
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

/// Asks for a token.
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
    /// As the official SDK does when it connects. `password` is a [`wire_password`].
    #[must_use]
    pub fn connect(username: UserId, password: Password) -> Self {
        let kind = "web".to_owned();
        Self { body: OrderedBody::Connect(RequestBody { username, password, kind }) }
    }

    /// As it does when a token is refused or asked for. `password` is a [`wire_password`].
    #[must_use]
    pub fn refresh(username: UserId, password: Password) -> Self {
        let kind = "web".to_owned();
        Self { body: OrderedBody::Refresh(RefreshBody { password, username, kind }) }
    }
}

/// The request's body; reads either order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestBody {
    /// Who.
    #[serde(with = "wire::user_id")]
    pub username: UserId,
    /// The password, sealed or bare.
    #[serde(with = "wire::password")]
    pub password: Password,
    /// `web`.
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

/// The token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Response {
    /// Goes into `authorization` as it is.
    #[serde(with = "wire::token")]
    pub token: Token,
}

impl Endpoint for Request {
    type Auth = NoToken;
    type Response = Response;
    const METHOD: Method = Method::POST;
    const PATH: &'static str = "/login";

    fn body(&self) -> Result<Body, ApiError> {
        Body::json(&self.body)
    }

    fn decode(&self, answer: Answer) -> Result<Response, ApiError> {
        answer.data()
    }
}
