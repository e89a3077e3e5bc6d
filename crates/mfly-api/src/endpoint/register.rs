//! `POST /register` (live) and `POST /sandbox/register` (trial): creates an account, or a new
//! password for it.
//!
//! ```text
//! C live:  {"registerData":"<sealed {deviceType,deviceId,userIdentifier,licenseKey,forceRegister,metaData}>"}
//! C trial: {"deviceType":"web","deviceId":"..","mobileNumber":"alice","licenseKey":"..","userIdentifier":"alice","forceRegister":true,"metaData":{}}
//! S: {"status":200,"message":"Success","data":"<sealed {username,password,token,isProfileUpdated,config}>"}
//! S: {"status":405,"message":"You have reached maximum sessions allowed."}
//! ```
//!
//! The live request and both responses are sealed with the licence key. The session limit is
//! recognised by its message or its status. Source: observed: Web SDK 4.25.10. Fixture:
//! `fixtures/register/`.

use super::config::ServerConfig;
use super::{Body, endpoint, json_text, required};
use crate::error::{ApiError, SESSION_LIMIT_MESSAGE};
use crate::metadata::Metadata;
use crate::mode::Mode;
use crate::wire;
use mfly_proto::argument::InvalidArgument;
use mfly_proto::cipher::RequestCipher;
use mfly_proto::jid::{UserId, UserIdentifier};
use mfly_proto::secret::{LicenceKey, Password, Token};
use serde::{Deserialize, Deserializer, Serialize, de};
use serde_json::{Map, Value};

/// The path of a trial registration.
pub const TRIAL_PATH: &str = "/sandbox/register";

/// Registers a user.
#[derive(Clone, Debug)]
pub struct Request {
    mode: Mode,
    data: RegisterData,
}

impl Request {
    /// Registers `identifier` on the device `device_id`. The official SDK makes a new UUID v4 for
    /// every call. The server ends another session if there are too many, unless [`Request::force`]
    /// forbids it.
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

    /// Whether the server ends another session of the user when there are too many.
    #[must_use]
    pub fn force(mut self, force: bool) -> Self {
        self.data.force_register = force;
        self
    }

    /// Stores this metadata with the account.
    #[must_use]
    pub fn metadata(mut self, metadata: Metadata) -> Self {
        self.data.metadata = metadata;
        self
    }
}

/// The account that was registered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Registration {
    /// The id of the user, derived from the identifier.
    #[serde(with = "wire::user_id")]
    pub username: UserId,
    /// The password. The platform makes a new one at every registration.
    #[serde(with = "wire::password")]
    pub password: Password,
    /// A REST token, if the server sent one.
    #[serde(with = "wire::optional_token", default)]
    pub token: Option<Token>,
    /// Whether the user has a profile already.
    #[serde(with = "wire::flag", default)]
    pub is_profile_updated: bool,
    /// The configuration; `None` also for an empty object.
    #[serde(deserialize_with = "non_empty", default, skip_serializing_if = "Option::is_none")]
    pub config: Option<ServerConfig>,
}

/// The live request's body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveBody {
    /// [`RegisterData`] as JSON text, sealed with the licence key.
    #[serde(rename = "registerData")]
    pub register_data: String,
}

/// The decrypted content of a [`LiveBody`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RegisterData {
    /// The kind of device, always `web`.
    pub device_type: String,
    /// The id of the device.
    pub device_id: String,
    /// The identifier of the user.
    #[serde(with = "wire::user_identifier")]
    pub user_identifier: UserIdentifier,
    /// The licence key of the app.
    #[serde(rename = "licenseKey", with = "wire::licence_key")]
    pub licence_key: LicenceKey,
    /// Whether the server ends another session when there are too many.
    pub force_register: bool,
    /// The metadata, at most three pairs.
    #[serde(rename = "metaData", default)]
    pub metadata: Metadata,
}

/// The trial request's body: [`RegisterData`] in another order, with the identifier twice.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TrialBody {
    /// The kind of device, always `web`.
    pub device_type: String,
    /// The id of the device.
    pub device_id: String,
    /// The identifier once more.
    pub mobile_number: String,
    /// The licence key of the app.
    #[serde(rename = "licenseKey", with = "wire::licence_key")]
    pub licence_key: LicenceKey,
    /// The identifier of the user.
    #[serde(with = "wire::user_identifier")]
    pub user_identifier: UserIdentifier,
    /// Whether the server ends another session when there are too many.
    pub force_register: bool,
    /// The metadata, at most three pairs.
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

endpoint! {
    Request, NoToken, POST "/register" => Registration;
    target(self) match self.mode {
        Mode::Live => Self::PATH,
        Mode::Trial => TRIAL_PATH,
    };
    body(self) {
        self.data.metadata.check_sendable()?;
        match self.mode {
            Mode::Live => {
                let cipher = RequestCipher::new(&self.data.licence_key);
                Body::json(&LiveBody { register_data: cipher.seal(&json_text(&self.data)?) })
            }
            Mode::Trial => Body::json(&TrialBody::from(self.data.clone())),
        }
    };
    decode(self, response) {
        let cipher = RequestCipher::new(&self.data.licence_key);
        response.sealed(|data| cipher.open(data)).map_err(|error| match error {
            ApiError::Refused { status, message, .. }
                if status == 405 || message == SESSION_LIMIT_MESSAGE =>
            {
                ApiError::SessionLimit
            }
            error => error,
        })
    };
}
