//! `POST /users/mute`: mutes users and groups, or everything.
//!
//! ```text
//! C: {"muteSetting":false,"action":1,"userIds":["bob02"],"groupIds":["grp01"]}
//! C: {"muteSetting":true,"action":0,"userIds":[],"groupIds":[]}           for everything
//! S: {"status":200,"message":"Success"}
//! ```
//!
//! `action` is 1 to mute and 0 to unmute. Source: observed: Web SDK 4.25.10. Fixture:
//! `fixtures/mute/`.

use super::{Body, Endpoint};
use crate::auth::UserToken;
use crate::envelope::Answer;
use crate::error::ApiError;
use crate::wire;
use ::http::Method;
use mfly_proto::argument::InvalidArgument;
use mfly_proto::jid::BareJid;
use serde::{Deserialize, Serialize};

/// Mutes or unmutes.
#[derive(Clone, Debug)]
pub struct Request {
    body: RequestBody,
}

impl Request {
    /// Mutes or unmutes these users and groups.
    ///
    /// # Errors
    /// When there is none, or one is neither a user nor a group.
    pub fn chats(jids: &[BareJid], is_muted: bool) -> Result<Self, InvalidArgument> {
        if jids.is_empty() {
            return Err(InvalidArgument::new("toJid", "toJid should be Valid data type"));
        }
        let mut body = RequestBody { action: is_muted, ..RequestBody::default() };
        for jid in jids {
            let id = jid
                .local()
                .ok_or_else(|| InvalidArgument::new("toJid", "toJid format is invalid"))?
                .to_owned();
            if jid.is_group() {
                body.group_ids.push(id);
            } else {
                body.user_ids.push(id);
            }
        }
        Ok(Self { body })
    }

    /// Mutes or unmutes all notifications.
    #[must_use]
    pub fn settings(is_muted: bool) -> Self {
        let body = RequestBody { mute_setting: true, action: is_muted, ..RequestBody::default() };
        Self { body }
    }
}

/// The request's body.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestBody {
    /// Whether this is about all notifications.
    pub mute_setting: bool,
    /// Mute (1) or unmute (0).
    #[serde(with = "wire::flag")]
    pub action: bool,
    /// Users.
    #[serde(default)]
    pub user_ids: Vec<String>,
    /// Groups.
    #[serde(default)]
    pub group_ids: Vec<String>,
}

impl Endpoint for Request {
    type Auth = UserToken;
    type Response = ();
    const METHOD: Method = Method::POST;
    const PATH: &'static str = "/users/mute";

    fn body(&self) -> Result<Body, ApiError> {
        Body::json(&self.body)
    }

    fn decode(&self, answer: Answer) -> Result<(), ApiError> {
        answer.done()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_must_be_a_chat_and_a_server_is_none() {
        assert_eq!(Request::chats(&[], true).unwrap_err().name, "toJid");
        let server = BareJid::new("h.test").unwrap();
        assert_eq!(Request::chats(&[server], true).unwrap_err().reason, "toJid format is invalid");
    }
}
