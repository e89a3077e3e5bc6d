//! `POST /media/upload`: starts an upload in parts.
//!
//! ```text
//! C: {"contentType":"application/pdf","extension":"pdf","parts":2,"messageId":"..","toUser":"bob02","type":"chat"}
//!    and, when it resumes an earlier upload, "fileToken"
//! S: {"status":200,"message":"Success","data":{"fileToken":"FTOK","uploadId":"UP1","storage":"aws",
//!    "uploadUrls":["https://..","https://.."],"commitUrl":null}}
//! ```
//!
//! Each part then goes to its URL, and a commit ends it. Source: observed: Web SDK 4.25.10.
//! Fixture: `fixtures/media_start/`.

use super::media_upload::Purpose;
use super::{Body, Endpoint, required};
use crate::auth::UserToken;
use crate::envelope::Answer;
use crate::error::ApiError;
use crate::file_token::FileToken;
use crate::wire;
use ::http::Method;
use mfly_proto::argument::InvalidArgument;
use serde::{Deserialize, Serialize};

/// Starts an upload in parts.
#[derive(Clone, Debug)]
pub struct Request {
    body: RequestBody,
}

impl Request {
    /// Starts the upload of a message's file in `parts` parts.
    ///
    /// # Errors
    /// When the MIME type, the message id or the receiver is empty, or there is no part.
    pub fn new(
        content_type: impl Into<String>,
        extension: impl Into<String>,
        parts: u32,
        message_id: impl Into<String>,
        to_user: impl Into<String>,
        purpose: Purpose,
    ) -> Result<Self, InvalidArgument> {
        if parts == 0 {
            return Err(InvalidArgument::new("parts", "must be at least 1"));
        }
        let body = RequestBody {
            content_type: required("contentType", content_type)?,
            extension: extension.into(),
            parts,
            message_id: required("messageId", message_id)?,
            to_user: required("toUser", to_user)?,
            purpose,
            file_token: None,
        };
        Ok(Self { body })
    }

    /// Goes on with an upload that has a token already.
    #[must_use]
    pub fn resume(mut self, file_token: FileToken) -> Self {
        self.body.file_token = Some(file_token);
        self
    }
}

/// The request's body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestBody {
    /// The file's MIME type.
    pub content_type: String,
    /// The end of its name.
    pub extension: String,
    /// How many parts will come.
    pub parts: u32,
    /// The message that the file belongs to.
    pub message_id: String,
    /// The id of the user or group that the message goes to.
    pub to_user: String,
    /// Which of the two.
    #[serde(rename = "type")]
    pub purpose: Purpose,
    /// The token of the upload that is resumed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_token: Option<FileToken>,
}

/// Where the parts go; `data` on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    /// The file's token.
    pub file_token: FileToken,
    /// Needed to commit, except for [`Storage::Oracle`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload_id: Option<String>,
    /// What kind of store it is.
    #[serde(default)]
    pub storage: Storage,
    /// One URL for each part, in order.
    #[serde(deserialize_with = "wire::null_as_default")]
    pub upload_urls: Vec<String>,
    /// Where [`Storage::Oracle`] is committed.
    #[serde(default)]
    pub commit_url: Option<String>,
}

/// A kind of store, which decides how an upload is committed.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Storage {
    /// Amazon S3: the parts' ETags are committed.
    Aws,
    /// MinIO: the same.
    Minio,
    /// Oracle: the commit URL is called.
    Oracle,
    /// Any other, by name; what it needs is unknown.
    Other(String),
    /// None was named.
    #[default]
    Unnamed,
}

impl From<String> for Storage {
    fn from(name: String) -> Self {
        match name.as_str() {
            "aws" => Self::Aws,
            "minio" => Self::Minio,
            "oracle" => Self::Oracle,
            "" => Self::Unnamed,
            _ => Self::Other(name),
        }
    }
}

impl From<Storage> for String {
    fn from(storage: Storage) -> Self {
        match storage {
            Storage::Aws => "aws".to_owned(),
            Storage::Minio => "minio".to_owned(),
            Storage::Oracle => "oracle".to_owned(),
            Storage::Other(name) => name,
            Storage::Unnamed => Self::new(),
        }
    }
}

impl Endpoint for Request {
    type Auth = UserToken;
    type Response = Response;
    const METHOD: Method = Method::POST;
    const PATH: &'static str = "/media/upload";

    fn body(&self) -> Result<Body, ApiError> {
        Body::json(&self.body)
    }

    fn decode(&self, answer: Answer) -> Result<Response, ApiError> {
        answer.data()
    }
}
