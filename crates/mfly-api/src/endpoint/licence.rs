//! `GET https://api-config.mirrorfly.com/license/details`: what a licence key stands for.
//!
//! ```text
//! C: ?licenseKey=<the key, sealed, URI-encoded>        no Content-Type, no token
//! S: {"status":200,"message":"Success","data":{"apiBaseUrl":"https://api.example.com/api/v1","trialMode":false}}
//! ```
//!
//! `trialMode` decides by its truth in JavaScript; only exactly `false` may be cached.
//!
//! Source: observed: Web SDK 4.25.10. Fixture: `fixtures/licence/`.

use super::Endpoint;
use crate::auth::NoToken;
use crate::base_url::BaseUrl;
use crate::envelope::Answer;
use crate::error::ApiError;
use crate::licence::Licence;
use crate::mode::Mode;
use ::http::header::CONTENT_TYPE;
use ::http::{HeaderMap, Method};
use mfly_proto::cipher::LicenceUrlCipher;
use mfly_proto::secret::LicenceKey;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::borrow::Cow;

/// The platform's licence server.
pub const URL: &str = "https://api-config.mirrorfly.com/license/details";

/// Asks what a licence key stands for.
#[derive(Clone, Debug)]
pub struct Request {
    url: Cow<'static, str>,
    licence_key: LicenceKey,
}

impl Request {
    /// Asks the platform's licence server.
    #[must_use]
    pub fn new(licence_key: LicenceKey) -> Self {
        Self { url: Cow::Borrowed(URL), licence_key }
    }

    /// Asks another licence server: an absolute URL without query.
    #[must_use]
    pub fn at(licence_key: LicenceKey, url: impl Into<String>) -> Self {
        Self { url: Cow::Owned(url.into()), licence_key }
    }
}

/// What the licence server says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// Where the API is, and the kind of licence.
    pub licence: Licence,
    /// Whether this may be remembered.
    pub is_cacheable: bool,
}

/// `data` on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResponseData {
    /// Where the API is.
    pub api_base_url: String,
    /// Whether the licence is a trial; normally a boolean.
    #[serde(default)]
    pub trial_mode: Value,
}

impl Endpoint for Request {
    type Auth = NoToken;
    type Response = Response;
    const METHOD: Method = Method::GET;
    const PATH: &'static str = "/license/details";

    fn target(&self) -> Cow<'_, str> {
        let sealed = LicenceUrlCipher::new().seal(self.licence_key.expose());
        format!("{}?licenseKey={sealed}", self.url).into()
    }

    fn adjust_headers(&self, headers: &mut HeaderMap) {
        headers.remove(CONTENT_TYPE);
    }

    fn decode(&self, answer: Answer) -> Result<Response, ApiError> {
        let data: ResponseData = answer.data()?;
        let base_url = BaseUrl::new(&data.api_base_url)
            .map_err(|error| answer.unreadable(format!("apiBaseUrl: {}", error.reason)))?;
        let is_trial = match &data.trial_mode {
            Value::Null => false,
            Value::Bool(flag) => *flag,
            Value::String(text) => !text.is_empty(),
            Value::Number(number) => number.as_f64() != Some(0.0),
            Value::Array(_) | Value::Object(_) => true,
        };
        let mode = if is_trial { Mode::Trial } else { Mode::Live };
        let is_cacheable = data.trial_mode == Value::Bool(false);
        Ok(Response { licence: Licence { base_url, mode }, is_cacheable })
    }
}
