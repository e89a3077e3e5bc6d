//! `POST /moderation/report`: reports messages of a user or a group.
//!
//! ```text
//! C: {"from":"alice01","to":"bob02@xmpp.example.com","chatType":"chat","data":"[{\"msgId\":\"m1\",\"message\":\"hi\",
//!    \"msgType\":\"text\",\"publisherId\":\"bob02\",\"filename\":\"\",\"timestamp\":1732300000000}]"}
//! S: {"status":200,"message":"Success"}
//! ```
//!
//! `data` is JSON in a string. Source: observed: Web SDK 4.25.10. Fixture: `fixtures/report/`.

use super::{Body, endpoint, json_text};
use mfly_proto::argument::InvalidArgument;
use mfly_proto::jid::{BareJid, GroupJid, UserId};
use serde::{Deserialize, Serialize};

/// Reports messages of a user or a group.
#[derive(Clone, Debug)]
pub struct Request {
    body: RequestBody,
}

impl Request {
    /// A report by `from` about messages of the user `to`.
    ///
    /// # Errors
    /// When `to` is not the address of a user, the list is empty, or a message is incomplete.
    pub fn user(
        from: &UserId,
        to: &BareJid,
        messages: &[ReportedMessage],
    ) -> Result<Self, InvalidArgument> {
        if to.local().is_none() || to.is_group() {
            return Err(InvalidArgument::new("toUserJid", "toUserJid format is invalid"));
        }
        Self::new(from, to, ChatType::Chat, messages)
    }

    /// A report by `from` about messages in the group `to`.
    ///
    /// # Errors
    /// When the list is empty, or a message is incomplete.
    pub fn group(
        from: &UserId,
        to: &GroupJid,
        messages: &[ReportedMessage],
    ) -> Result<Self, InvalidArgument> {
        Self::new(from, to.as_bare(), ChatType::GroupChat, messages)
    }

    fn new(
        from: &UserId,
        to: &BareJid,
        chat_type: ChatType,
        messages: &[ReportedMessage],
    ) -> Result<Self, InvalidArgument> {
        if messages.is_empty() || !messages.iter().all(ReportedMessage::is_complete) {
            return Err(InvalidArgument::new("data", "Invalid data value."));
        }
        let data = json_text(messages)?;
        let (from, to) = (from.as_str().to_owned(), to.as_str().to_owned());
        Ok(Self { body: RequestBody { from, to, chat_type, data } })
    }
}

/// The request's body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestBody {
    /// The id of the user who reports.
    pub from: String,
    /// The address of the reported user or group.
    pub to: String,
    /// Whether a user or a group is reported.
    pub chat_type: ChatType,
    /// An array of [`ReportedMessage`] as JSON text.
    pub data: String,
}

impl RequestBody {
    /// For servers: the reported messages. `None` when the list cannot be read, is empty, or
    /// contains an incomplete message.
    #[must_use]
    pub fn messages(&self) -> Option<Vec<ReportedMessage>> {
        let messages: Vec<ReportedMessage> = serde_json::from_str(&self.data).ok()?;
        let is_complete = !messages.is_empty() && messages.iter().all(ReportedMessage::is_complete);
        is_complete.then_some(messages)
    }
}

/// The kind of chat that is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChatType {
    /// A chat with a user.
    Chat,
    /// A chat in a group.
    GroupChat,
}

/// A reported message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReportedMessage {
    /// The id of the message.
    pub msg_id: String,
    /// The text of the message; may be empty.
    #[serde(default)]
    pub message: String,
    /// The type of the message: `text`, `image` and others.
    pub msg_type: String,
    /// The user id of the sender.
    pub publisher_id: String,
    /// The name of the file; may be empty.
    #[serde(default)]
    pub filename: String,
    /// The time at which the message was sent, as the message states it; not zero.
    pub timestamp: i64,
}

impl ReportedMessage {
    fn is_complete(&self) -> bool {
        self.timestamp != 0
            && [&self.msg_id, &self.msg_type, &self.publisher_id]
                .iter()
                .all(|text| !text.is_empty())
    }
}

endpoint! {
    Request, UserToken, POST "/moderation/report" => ();
    body(self) Body::json(&self.body);
    decode(self, response) response.check();
}
