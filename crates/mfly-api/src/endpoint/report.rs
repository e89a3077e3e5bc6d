//! `POST /moderation/report`: reports messages of a user or a group.
//!
//! ```text
//! C: {"from":"alice01","to":"bob02@xmpp.example.com","chatType":"chat","data":"[{\"msgId\":\"m1\",\"message\":\"hi\",
//!    \"msgType\":\"text\",\"publisherId\":\"bob02\",\"filename\":\"\",\"timestamp\":1732300000000}]"}
//! S: {"status":200,"message":"Success"}
//! ```
//!
//! `data` is JSON in a string. Source: observed: Web SDK 4.25.10. Fixture: `fixtures/report/`.

use super::{Body, Endpoint, json_text};
use crate::auth::UserToken;
use crate::envelope::Answer;
use crate::error::ApiError;
use ::http::Method;
use mfly_proto::argument::InvalidArgument;
use mfly_proto::jid::{BareJid, GroupJid, UserId};
use serde::{Deserialize, Serialize};

/// Reports messages.
#[derive(Clone, Debug)]
pub struct Request {
    body: RequestBody,
}

impl Request {
    /// `from` reports messages of the user `to`.
    ///
    /// # Errors
    /// When `to` is not a user's address, there is no message, or a message lacks something.
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

    /// `from` reports messages in the group `to`.
    ///
    /// # Errors
    /// When there is no message, or a message lacks something.
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
    /// The reporter's user id.
    pub from: String,
    /// The address of the user or group.
    pub to: String,
    /// Which of the two.
    pub chat_type: ChatType,
    /// An array of [`ReportedMessage`] as JSON text.
    pub data: String,
}

impl RequestBody {
    /// The reported messages; for servers. `None` when they cannot be read or something is missing.
    #[must_use]
    pub fn messages(&self) -> Option<Vec<ReportedMessage>> {
        let messages: Vec<ReportedMessage> = serde_json::from_str(&self.data).ok()?;
        let is_complete = !messages.is_empty() && messages.iter().all(ReportedMessage::is_complete);
        is_complete.then_some(messages)
    }
}

/// Who is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChatType {
    /// A user.
    Chat,
    /// A group.
    GroupChat,
}

/// One reported message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReportedMessage {
    /// The message's id.
    pub msg_id: String,
    /// Its text; may be empty.
    #[serde(default)]
    pub message: String,
    /// Its type: `text`, `image`, ..
    pub msg_type: String,
    /// The user id of who sent it.
    pub publisher_id: String,
    /// The name of its file; may be empty.
    #[serde(default)]
    pub filename: String,
    /// When it was sent, as the message says; not zero.
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

impl Endpoint for Request {
    type Auth = UserToken;
    type Response = ();
    const METHOD: Method = Method::POST;
    const PATH: &'static str = "/moderation/report";

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

    fn message() -> ReportedMessage {
        ReportedMessage {
            msg_id: "m1".to_owned(),
            message: String::new(),
            msg_type: "text".to_owned(),
            publisher_id: "bob02".to_owned(),
            filename: String::new(),
            timestamp: 1,
        }
    }

    #[test]
    fn each_message_needs_id_type_publisher_and_time() {
        let alice = UserId::new("alice01").unwrap();
        let bob = BareJid::new("bob02@h.test").unwrap();
        let reason = |messages: &[_]| Request::user(&alice, &bob, messages).map_err(|e| e.reason);
        assert!(reason(&[message()]).is_ok());
        let broken = [
            ReportedMessage { msg_id: String::new(), ..message() },
            ReportedMessage { msg_type: String::new(), ..message() },
            ReportedMessage { publisher_id: String::new(), ..message() },
            ReportedMessage { timestamp: 0, ..message() },
        ];
        for broken in broken {
            assert_eq!(reason(&[message(), broken]).unwrap_err(), "Invalid data value.");
        }
        assert_eq!(reason(&[]).unwrap_err(), "Invalid data value.");
    }

    #[test]
    fn a_group_is_not_reported_as_a_user() {
        let alice = UserId::new("alice01").unwrap();
        for address in ["g1@mix.h.test", "h.test"] {
            let error =
                Request::user(&alice, &BareJid::new(address).unwrap(), &[message()]).unwrap_err();
            assert_eq!(error.reason, "toUserJid format is invalid");
        }
    }

    #[test]
    fn a_server_reads_the_messages_back() {
        let alice = UserId::new("alice01").unwrap();
        let group = GroupJid::new("g1@mix.h.test").unwrap();
        let request = Request::group(&alice, &group, &[message()]).unwrap();
        assert_eq!(request.body.messages(), Some(vec![message()]));
        let odd = RequestBody { data: "[]".to_owned(), ..request.body };
        assert_eq!(odd.messages(), None);
    }
}
