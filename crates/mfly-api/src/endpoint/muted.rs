//! `GET /users/muted`: whether all notifications are muted.
//!
//! ```text
//! S: {"status":200,"message":"Success","data":{"muteSettingStatus":1}}
//! ```
//!
//! Source: observed: Web SDK 4.25.10, which reads this member only. The names of the other members
//! are not known. Fixture: `fixtures/muted/`.

use super::endpoint;
use crate::wire;
use serde::{Deserialize, Serialize};

/// Requests the mute settings.
#[derive(Clone, Copy, Debug)]
pub struct Request;

/// The mute settings; `data` on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    /// Whether all notifications are muted.
    #[serde(rename = "muteSettingStatus", with = "wire::flag", default)]
    pub is_all_muted: bool,
}

endpoint! {
    Request, UserToken, GET "/users/muted" => Response;
    decode(self, response) response.data();
}
