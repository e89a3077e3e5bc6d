//! `GET https://api-config.mirrorfly.com/license/details`: the base URL of a licence.
//!
//! ```text
//! C: ?licenseKey=<the key, sealed, URI-encoded>        no Content-Type, no token
//! S: {"status":200,"message":"Success","data":{"apiBaseUrl":"https://api.example.com/api/v1","trialMode":false}}
//! ```
//!
//! A `trialMode` that JavaScript takes for true means a trial. A response may be cached only if it
//! is exactly `false`.
//!
//! Source: observed: Web SDK 4.25.10. Fixture: `fixtures/licence/`.

use super::endpoint;
use crate::base_url::BaseUrl;
use crate::mode::Mode;
use ::http::header::CONTENT_TYPE;
use mfly_proto::cipher::LicenceUrlCipher;
use mfly_proto::secret::LicenceKey;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;

/// The URL of the platform's licence server.
pub const URL: &str = "https://api-config.mirrorfly.com/license/details";

/// Looks up a licence key.
#[derive(Clone, Debug)]
pub struct Request {
    url: Cow<'static, str>,
    licence_key: LicenceKey,
}

impl Request {
    /// Looks the key up at the platform's licence server.
    #[must_use]
    pub fn new(licence_key: LicenceKey) -> Self {
        Self { url: Cow::Borrowed(URL), licence_key }
    }

    /// Looks the key up at another licence server: an absolute URL without query.
    #[must_use]
    pub fn at(licence_key: LicenceKey, url: impl Into<String>) -> Self {
        Self { url: Cow::Owned(url.into()), licence_key }
    }
}

/// The base URL and the kind of a licence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Licence {
    /// The base URL of the API.
    pub base_url: BaseUrl,
    /// The kind of licence, live or trial.
    pub mode: Mode,
}

/// The decoded response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The base URL, and the kind of licence.
    pub licence: Licence,
    /// Whether the response may be cached.
    pub is_cacheable: bool,
}

/// The member `data` on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResponseData {
    /// The base URL of the API.
    pub api_base_url: String,
    /// Whether the licence is a trial, normally a boolean.
    #[serde(default)]
    pub trial_mode: Value,
}

endpoint! {
    Request, NoToken, GET "/license/details" => Response;
    target(self) {
        let sealed = LicenceUrlCipher::new().seal(self.licence_key.expose());
        format!("{}?licenseKey={sealed}", self.url)
    };
    headers(self, headers) drop(headers.remove(CONTENT_TYPE));
    decode(self, response) {
        let data: ResponseData = response.data()?;
        let base_url = BaseUrl::new(&data.api_base_url)
            .map_err(|error| response.unreadable(format!("apiBaseUrl: {}", error.reason)))?;
        let mode = if is_truthy(&data.trial_mode) { Mode::Trial } else { Mode::Live };
        let is_cacheable = data.trial_mode == Value::Bool(false);
        Ok(Response { licence: Licence { base_url, mode }, is_cacheable })
    };
}

/// Whether JavaScript takes a value for true.
fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(flag) => *flag,
        Value::String(text) => !text.is_empty(),
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::Array(_) | Value::Object(_) => true,
    }
}
