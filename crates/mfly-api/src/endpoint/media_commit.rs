//! `POST /media/upload/commit`: ends an upload in parts. For Oracle, `POST <commit URL>` instead.
//!
//! ```text
//! C: {"fileToken":"FTOK","partETags":[{"partNumber":1,"etag":"\"e1\""}],"uploadId":"UP1"}
//! S: {"status":200,"message":"Success","data":{}}
//! C (Oracle): empty, Content-Type: application/x-www-form-urlencoded, no token
//! S (Oracle): 2xx
//! ```
//!
//! Only an upload of more than one part is ended so.
//!
//! Source: observed: Web SDK 4.25.10, which never gets to the first form in a first upload.
//! Fixture: `fixtures/media_commit/`.

use super::media_part::absolute;
use super::{Body, Endpoint, required};
use crate::auth::{NoToken, UserToken};
use crate::envelope::Answer;
use crate::error::ApiError;
use crate::file_token::FileToken;
use ::http::header::CONTENT_TYPE;
use ::http::{HeaderMap, HeaderValue, Method};
use mfly_proto::argument::InvalidArgument;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;

/// Ends an upload by naming its parts.
#[derive(Clone, Debug)]
pub struct Request {
    body: RequestBody,
}

impl Request {
    /// Ends the upload `upload_id` with the parts' ETags, in order.
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
    /// The file's token.
    pub file_token: FileToken,
    /// The parts.
    #[serde(rename = "partETags")]
    pub part_etags: Vec<PartETag>,
    /// Which upload.
    pub upload_id: String,
}

/// One part that was uploaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PartETag {
    /// From 1.
    pub part_number: u32,
    /// As the store sent it.
    pub etag: String,
}

impl Endpoint for Request {
    type Auth = UserToken;
    type Response = ();
    const METHOD: Method = Method::POST;
    const PATH: &'static str = "/media/upload/commit";

    fn body(&self) -> Result<Body, ApiError> {
        Body::json(&self.body)
    }

    fn decode(&self, answer: Answer) -> Result<(), ApiError> {
        answer.done()
    }
}

/// Ends an upload to Oracle.
#[derive(Clone)]
pub struct UrlRequest {
    url: String,
}

impl UrlRequest {
    /// Calls the commit URL that the start of the upload named.
    #[must_use]
    pub fn new(commit_url: impl Into<String>) -> Self {
        Self { url: commit_url.into() }
    }
}

impl Endpoint for UrlRequest {
    type Auth = NoToken;
    type Response = ();
    const METHOD: Method = Method::POST;
    const PATH: &'static str = "(commit URL)";

    fn target(&self) -> Cow<'_, str> {
        Cow::Borrowed(absolute(&self.url))
    }

    fn adjust_headers(&self, headers: &mut HeaderMap) {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
    }

    fn decode(&self, answer: Answer) -> Result<(), ApiError> {
        answer.body().map(drop)
    }
}

impl fmt::Debug for UrlRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UrlRequest(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_by_address_says_of_its_empty_body_what_the_official_sdk_says() {
        let mut headers = HeaderMap::new();
        UrlRequest::new("https://store.example/commit").adjust_headers(&mut headers);
        assert_eq!(headers[CONTENT_TYPE], "application/x-www-form-urlencoded");
    }
}
