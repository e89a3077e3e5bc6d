//! `GET /media/generatePreAuthenticationUrlDownload?fileToken=<token>`: where a large file can be
//! fetched in ranges.
//!
//! ```text
//! S: {"status":200,"message":"Success","data":"https://store.example.com/dl/FTOK"}
//! ```
//!
//! Source: observed: Web SDK 4.25.10. Fixture: `fixtures/media_url/`.

use super::Endpoint;
use crate::auth::UserToken;
use crate::envelope::Answer;
use crate::error::ApiError;
use crate::file_token::FileToken;
use crate::query::encode_component;
use ::http::Method;
use std::borrow::Cow;

/// Asks for a download URL.
#[derive(Clone, Debug)]
pub struct Request {
    file_token: FileToken,
}

impl Request {
    /// The download URL of a file.
    #[must_use]
    pub fn new(file_token: FileToken) -> Self {
        Self { file_token }
    }
}

impl Endpoint for Request {
    type Auth = UserToken;
    /// The URL, which is signed: whoever has it can read the file.
    type Response = String;
    const METHOD: Method = Method::GET;
    const PATH: &'static str = "/media/generatePreAuthenticationUrlDownload";

    fn target(&self) -> Cow<'_, str> {
        format!("{}?fileToken={}", Self::PATH, encode_component(self.file_token.as_str())).into()
    }

    fn decode(&self, answer: Answer) -> Result<String, ApiError> {
        answer.data()
    }
}
