//! `POST /media/upload/commit`: ends an upload in parts. For Oracle, `POST <commit URL>` instead.
//!
//! ```text
//! C: {"fileToken":"FTOK","partETags":[{"partNumber":1,"etag":"\"e1\""}],"uploadId":"UP1"}
//! S: {"status":200,"message":"Success","data":{}}
//! C (Oracle): empty, Content-Type: application/x-www-form-urlencoded, no token
//! S (Oracle): 2xx
//! ```
//!
//! An upload of one part is not committed. Source: observed: Web SDK 4.25.10, which never reaches
//! the first form in a first upload. Fixture: `fixtures/media_commit/`.

use super::media_part::absolute;
use super::{Body, endpoint, required};
use crate::file_token::FileToken;
use ::http::HeaderValue;
use ::http::header::CONTENT_TYPE;
use mfly_proto::argument::InvalidArgument;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Commits an upload by the ETags of its parts.
#[derive(Clone, Debug)]
pub struct Request {
    body: RequestBody,
}

impl Request {
    /// Commits the upload `upload_id` with the ETags of its parts, in order.
    ///
    /// # Errors
    /// When the upload id is empty, or there is no part.
    pub fn new(
        file_token: FileToken,
        upload_id: impl Into<String>,
        etags: impl IntoIterator<Item = String>,
    ) -> Result<Self, InvalidArgument> {
        let number = |(part_number, etag)| PartETag { part_number, etag };
        let part_etags: Vec<_> = (1..).zip(etags).map(number).collect();
        if part_etags.is_empty() {
            return Err(InvalidArgument::new("partETags", "must name at least one part"));
        }
        let upload_id = required("uploadId", upload_id)?;
        Ok(Self { body: RequestBody { file_token, part_etags, upload_id } })
    }
}

/// The request's body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestBody {
    /// The token of the file.
    pub file_token: FileToken,
    /// The parts in their order.
    #[serde(rename = "partETags")]
    pub part_etags: Vec<PartETag>,
    /// The id of the upload.
    pub upload_id: String,
}

/// An uploaded part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PartETag {
    /// The number of the part, from 1.
    pub part_number: u32,
    /// The ETag as the store sent it.
    pub etag: String,
}

endpoint! {
    Request, UserToken, POST "/media/upload/commit" => ();
    body(self) Body::json(&self.body);
    decode(self, response) response.check();
}

/// Commits an upload to Oracle.
#[derive(Clone)]
pub struct UrlRequest {
    url: String,
}

impl UrlRequest {
    /// Posts to the commit URL from the response that started the upload.
    #[must_use]
    pub fn new(commit_url: impl Into<String>) -> Self {
        Self { url: commit_url.into() }
    }
}

endpoint! {
    UrlRequest, NoToken, POST "(commit URL)" => ();
    target(self) absolute(&self.url);
    headers(self, headers) {
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        headers.insert(CONTENT_TYPE, form);
    };
    decode(self, response) response.body().map(drop);
}

impl fmt::Debug for UrlRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UrlRequest(..)")
    }
}
