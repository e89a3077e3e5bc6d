//! `GET /users/muted`: whether all notifications are muted.
//!
//! ```text
//! S: {"status":200,"message":"Success","data":{"muteSettingStatus":1}}
//! ```
//!
//! Source: observed: Web SDK 4.25.10, which reads this member only and hands the others, whose
//! names are not known, to the caller. Fixture: `fixtures/muted/`.

use super::Endpoint;
use crate::auth::UserToken;
use crate::envelope::Answer;
use crate::error::ApiError;
use crate::wire;
use ::http::Method;
use serde::{Deserialize, Serialize};

/// Asks what is muted.
#[derive(Clone, Copy, Debug)]
pub struct Request;

/// What is muted; `data` on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    /// Whether all notifications are.
    #[serde(rename = "muteSettingStatus", with = "wire::flag", default)]
    pub is_all_muted: bool,
}

impl Endpoint for Request {
    type Auth = UserToken;
    type Response = Response;
    const METHOD: Method = Method::GET;
    const PATH: &'static str = "/users/muted";

    fn decode(&self, answer: Answer) -> Result<Response, ApiError> {
        answer.data()
    }
}
