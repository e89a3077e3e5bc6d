//! `POST /users/mute`: mutes users and groups, or all notifications.
//!
//! ```text
//! C: {"muteSetting":false,"action":1,"userIds":["bob02"],"groupIds":["grp01"]}
//! C: {"muteSetting":true,"action":0,"userIds":[],"groupIds":[]}           all notifications
//! S: {"status":200,"message":"Success"}
//! ```
//!
//! `action` is 1 to mute and 0 to unmute. Source: observed: Web SDK 4.25.10. Fixture:
//! `fixtures/mute/`.

use super::{Body, endpoint};
use crate::wire;
use mfly_proto::argument::InvalidArgument;
use mfly_proto::jid::BareJid;
use serde::{Deserialize, Serialize};

/// Mutes or unmutes chats, or all notifications.
#[derive(Clone, Debug)]
pub struct Request {
    body: RequestBody,
}

impl Request {
    /// Mutes or unmutes these users and groups.
    ///
    /// # Errors
    /// When the list is empty, or an address is neither a user nor a group.
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
    /// Whether the request concerns all notifications.
    pub mute_setting: bool,
    /// 1 to mute, 0 to unmute.
    #[serde(with = "wire::flag")]
    pub action: bool,
    /// The ids of the users.
    #[serde(default)]
    pub user_ids: Vec<String>,
    /// The ids of the groups.
    #[serde(default)]
    pub group_ids: Vec<String>,
}

endpoint! {
    Request, UserToken, POST "/users/mute" => ();
    body(self) Body::json(&self.body);
    decode(self, response) response.check();
}
