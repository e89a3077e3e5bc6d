//! `POST /register` (live) and `POST /sandbox/register` (trial): an account, or a new password for
//! it.
//!
//! ```text
//! C live:  {"registerData":"<sealed {deviceType,deviceId,userIdentifier,licenseKey,forceRegister,metaData}>"}
//! C trial: {"deviceType":"web","deviceId":"..","mobileNumber":"alice","licenseKey":"..","userIdentifier":"alice","forceRegister":true,"metaData":{}}
//! S: {"status":200,"message":"Success","data":"<sealed {username,password,token,isProfileUpdated,config}>"}
//! S: {"status":405,"message":"You have reached maximum sessions allowed."}
//! ```
//!
//! Both are sealed with the licence key, the answer in trial mode too. The session limit is known
//! by its message whatever the status. Source: observed: Web SDK 4.25.10. Fixture:
//! `fixtures/register/`.

use super::config::ServerConfig;
use super::{Body, Endpoint, json_text, required};
use crate::auth::NoToken;
use crate::envelope::Answer;
use crate::error::{ApiError, SESSION_LIMIT_MESSAGE};
use crate::metadata::Metadata;
use crate::mode::Mode;
use crate::wire;
use ::http::Method;
use mfly_proto::argument::InvalidArgument;
use mfly_proto::cipher::RequestCipher;
use mfly_proto::jid::{UserId, UserIdentifier};
use mfly_proto::secret::{LicenceKey, Password, Token};
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::{Map, Value};
use std::borrow::Cow;

/// Where a trial registration is posted.
pub const TRIAL_PATH: &str = "/sandbox/register";

/// Registers a user.
#[derive(Clone, Debug)]
pub struct Request {
    mode: Mode,
    data: RegisterData,
}

impl Request {
    /// Registers `identifier` from the device `device_id`. The official SDK makes a new UUID v4 for
    /// every call. Other sessions are ended if need be, unless [`Request::force`] says no.
    ///
    /// # Errors
    /// When `device_id` is empty.
    pub fn new(
        mode: Mode,
        licence_key: LicenceKey,
        identifier: UserIdentifier,
        device_id: impl Into<String>,
    ) -> Result<Self, InvalidArgument> {
        let data = RegisterData {
            device_type: "web".to_owned(),
            device_id: required("deviceId", device_id)?,
            user_identifier: identifier,
            licence_key,
            force_register: true,
            metadata: Metadata::new(),
        };
        Ok(Self { mode, data })
    }

    /// Whether other sessions of the user are ended when there are too many.
    #[must_use]
    pub fn force(mut self, force: bool) -> Self {
        self.data.force_register = force;
        self
    }

    /// Stores metadata with the account.
    #[must_use]
    pub fn metadata(mut self, metadata: Metadata) -> Self {
        self.data.metadata = metadata;
        self
    }
}

/// What registration returns.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Registration {
    /// The user's id, made from the identifier.
    #[serde(with = "wire::user_id")]
    pub username: UserId,
    /// The password to log in with; the platform makes a new one at every registration.
    #[serde(with = "wire::password")]
    pub password: Password,
    /// A REST token, where the server sends one.
    #[serde(with = "wire::optional_token", default)]
    pub token: Option<Token>,
    /// Whether the user has a profile already.
    #[serde(with = "wire::flag", default)]
    pub is_profile_updated: bool,
    /// Hosts, IVs and features; an empty one counts as none.
    #[serde(deserialize_with = "non_empty", default, skip_serializing_if = "Option::is_none")]
    pub config: Option<ServerConfig>,
}

/// The live request's body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveBody {
    /// [`RegisterData`] as JSON, sealed with the licence key.
    #[serde(rename = "registerData")]
    pub register_data: String,
}

/// What the live request's body holds when opened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegisterData {
    /// `web`.
    pub device_type: String,
    /// Which device.
    pub device_id: String,
    /// Who.
    #[serde(with = "wire::user_identifier")]
    pub user_identifier: UserIdentifier,
    /// Under which licence.
    #[serde(rename = "licenseKey", with = "wire::licence_key")]
    pub licence_key: LicenceKey,
    /// Whether other sessions are ended if need be.
    pub force_register: bool,
    /// Up to three pairs.
    #[serde(rename = "metaData", default)]
    pub metadata: Metadata,
}

/// The trial request's body: the same in another order, with the identifier twice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TrialBody {
    /// `web`.
    pub device_type: String,
    /// Which device.
    pub device_id: String,
    /// The same as the identifier.
    pub mobile_number: String,
    /// Under which licence.
    #[serde(rename = "licenseKey", with = "wire::licence_key")]
    pub licence_key: LicenceKey,
    /// Who.
    #[serde(with = "wire::user_identifier")]
    pub user_identifier: UserIdentifier,
    /// Whether other sessions are ended if need be.
    pub force_register: bool,
    /// Up to three pairs.
    #[serde(rename = "metaData", default)]
    pub metadata: Metadata,
}

impl From<RegisterData> for TrialBody {
    fn from(data: RegisterData) -> Self {
        Self {
            device_type: data.device_type,
            device_id: data.device_id,
            mobile_number: data.user_identifier.as_str().to_owned(),
            licence_key: data.licence_key,
            user_identifier: data.user_identifier,
            force_register: data.force_register,
            metadata: data.metadata,
        }
    }
}

fn non_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<ServerConfig>, D::Error> {
    Option::<Map<String, Value>>::deserialize(deserializer)?
        .filter(|config| !config.is_empty())
        .map(|config| serde_json::from_value(Value::Object(config)))
        .transpose()
        .map_err(|error| de::Error::custom(wire::describe(&error)))
}

impl Endpoint for Request {
    type Auth = NoToken;
    type Response = Registration;
    const METHOD: Method = Method::POST;
    const PATH: &'static str = "/register";

    fn target(&self) -> Cow<'_, str> {
        Cow::Borrowed(match self.mode {
            Mode::Live => Self::PATH,
            Mode::Trial => TRIAL_PATH,
        })
    }

    fn body(&self) -> Result<Body, ApiError> {
        self.data.metadata.check_sendable()?;
        match self.mode {
            Mode::Live => {
                let cipher = RequestCipher::new(&self.data.licence_key);
                Body::json(&LiveBody { register_data: cipher.seal(&json_text(&self.data)?) })
            }
            Mode::Trial => Body::json(&TrialBody::from(self.data.clone())),
        }
    }

    fn decode(&self, answer: Answer) -> Result<Registration, ApiError> {
        let cipher = RequestCipher::new(&self.data.licence_key);
        answer.sealed(|data| cipher.open(data)).map_err(|error| match error {
            ApiError::Refused { status, message, .. }
                if status == 405 || message == SESSION_LIMIT_MESSAGE =>
            {
                ApiError::SessionLimit
            }
            error => error,
        })
    }
}
