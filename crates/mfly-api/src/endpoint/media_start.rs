//! `POST /media/upload`: starts an upload in parts.
//!
//! ```text
//! C: {"contentType":"application/pdf","extension":"pdf","parts":2,"messageId":"..","toUser":"bob02","type":"chat"}
//!    with "fileToken" as well to resume an upload
//! S: {"status":200,"message":"Success","data":{"fileToken":"FTOK","uploadId":"UP1","storage":"aws",
//!    "uploadUrls":["https://..","https://.."],"commitUrl":null}}
//! ```
//!
//! The client then sends each part to its URL and commits the upload. Source: observed: Web SDK
//! 4.25.10. Fixture: `fixtures/media_start/`.

use super::media_upload::Purpose;
use super::{Body, endpoint, required};
use crate::file_token::FileToken;
use crate::wire;
use mfly_proto::argument::InvalidArgument;
use serde::{Deserialize, Serialize};

/// Starts or resumes an upload in parts.
#[derive(Clone, Debug)]
pub struct Request {
    body: RequestBody,
}

impl Request {
    /// Starts the upload of the file of a message in `parts` parts.
    ///
    /// # Errors
    /// When the MIME type, the message id or the recipient is empty, or `parts` is 0.
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

    /// Resumes an upload, named by its token.
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
    /// The MIME type of the file.
    pub content_type: String,
    /// The extension of the file's name.
    pub extension: String,
    /// The number of parts.
    pub parts: u32,
    /// The id of the message that the file belongs to.
    pub message_id: String,
    /// The id of the recipient, a user or a group.
    pub to_user: String,
    /// Whether the recipient is a user or a group.
    #[serde(rename = "type")]
    pub purpose: Purpose,
    /// The token of the upload to resume.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_token: Option<FileToken>,
}

/// The upload that was started; `data` on the wire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    /// The token of the file.
    pub file_token: FileToken,
    /// The id of the upload. A commit needs it, except for [`Storage::Oracle`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload_id: Option<String>,
    /// The kind of store.
    #[serde(default)]
    pub storage: Storage,
    /// One URL for each part, in order.
    #[serde(deserialize_with = "wire::null_as_default")]
    pub upload_urls: Vec<String>,
    /// The commit URL of [`Storage::Oracle`].
    #[serde(default)]
    pub commit_url: Option<String>,
}

/// A kind of store. It decides how an upload is committed.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Storage {
    /// Amazon S3: the commit names the ETags of the parts.
    Aws,
    /// MinIO: the commit names the ETags of the parts.
    Minio,
    /// Oracle: the commit posts to the commit URL.
    Oracle,
    /// The response names no store.
    #[default]
    #[serde(rename = "")]
    Unnamed,
    /// Another store, by name. How it is committed is unknown.
    #[serde(untagged)]
    Other(String),
}

endpoint! {
    Request, UserToken, POST "/media/upload" => Response;
    body(self) Body::json(&self.body);
    decode(self, response) response.data();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_known_by_its_name() {
        for (name, expected) in [
            ("aws", Storage::Aws),
            ("minio", Storage::Minio),
            ("oracle", Storage::Oracle),
            ("", Storage::Unnamed),
            ("gcs", Storage::Other("gcs".to_owned())),
        ] {
            let json = serde_json::Value::from(name);
            assert_eq!(serde_json::to_value(&expected).unwrap(), json);
            assert_eq!(serde_json::from_value::<Storage>(json).unwrap(), expected);
        }
    }
}
