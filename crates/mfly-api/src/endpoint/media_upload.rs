//! `POST /media/`: uploads a whole file.
//!
//! ```text
//! C: multipart/form-data with the fields file, type, toUser, messageId, in this order
//! S: {"status":200,"message":"Success","data":{"fileToken":"img-token","fileTokenThumb":"thumb-token"}}
//! ```
//!
//! A profile image has `type=profile`, the user's own id and an empty `messageId`, and is not
//! sealed. Source: observed: Web SDK 4.25.10. Fixture: `fixtures/media_upload/`.

use super::{Body, endpoint, required};
use crate::file_token::FileToken;
use crate::http::{Progress, ResponseLimits};
use crate::multipart::Multipart;
use bytes::Bytes;
use mfly_proto::argument::InvalidArgument;
use mfly_proto::jid::UserId;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Uploads a whole file.
#[derive(Clone)]
pub struct Request {
    file: File,
    purpose: Purpose,
    to_user: String,
    message_id: String,
    progress: Option<Progress>,
}

impl Request {
    /// Uploads `image` for the profile of `user`, the logged-in user.
    #[must_use]
    pub fn profile(user: &UserId, image: File) -> Self {
        Self {
            file: image,
            purpose: Purpose::Profile,
            to_user: user.as_str().to_owned(),
            message_id: String::new(),
            progress: None,
        }
    }

    /// Uploads the file of a message to the user or group with the id `to`.
    ///
    /// # Errors
    /// When `to` or `message_id` is empty, or `purpose` is [`Purpose::Profile`].
    pub fn message(
        purpose: Purpose,
        to: impl Into<String>,
        message_id: impl Into<String>,
        file: File,
    ) -> Result<Self, InvalidArgument> {
        if purpose == Purpose::Profile {
            return Err(InvalidArgument::new("type", "must be chat or groupchat"));
        }
        let to_user = required("toUser", to)?;
        let message_id = required("messageId", message_id)?;
        Ok(Self { file, purpose, to_user, message_id, progress: None })
    }

    /// Reports how much of the body was sent.
    #[must_use]
    pub fn progress(mut self, progress: Progress) -> Self {
        self.progress = Some(progress);
        self
    }
}

/// A file to upload.
#[derive(Clone)]
pub struct File {
    /// The name of the file.
    pub name: String,
    /// The MIME type of the file.
    pub content_type: String,
    /// The content of the file.
    pub content: Bytes,
}

/// The purpose of an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// A profile's picture.
    Profile,
    /// A message to a user.
    Chat,
    /// A message to a group.
    GroupChat,
}

impl Purpose {
    /// The value of the form's field `type`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Profile => "profile",
            Self::Chat => "chat",
            Self::GroupChat => "groupchat",
        }
    }
}

/// The stored file; `data` on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    /// The token of the file.
    pub file_token: FileToken,
    /// The token of the thumbnail, if the server made one.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "optional")]
    pub file_token_thumb: Option<FileToken>,
}

/// Reads an optional token. `""` and `null` mean that there is none.
fn optional<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<FileToken>, D::Error> {
    let text = crate::wire::text(deserializer)?;
    text.map(|text| FileToken::new(&text)).transpose().map_err(serde::de::Error::custom)
}

endpoint! {
    Request, UserToken, POST "/media/" => Response;
    body(self) {
        let File { name, content_type, content } = &self.file;
        let form = Multipart::new()
            .file("file", name, content_type, content.clone())
            .text("type", self.purpose.as_str())
            .text("toUser", &self.to_user)
            .text("messageId", &self.message_id);
        Ok(Body::Multipart(form))
    };
    limits(self) ResponseLimits::media(ResponseLimits::JSON.max_bytes);
    progress(self) self.progress.clone();
    decode(self, response) response.data();
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "File({}, {} bytes)", self.content_type, self.content.len())
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("file", &self.file)
            .field("purpose", &self.purpose)
            .field("to_user", &self.to_user)
            .finish_non_exhaustive()
    }
}
