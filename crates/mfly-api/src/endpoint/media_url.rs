//! `GET /media/generatePreAuthenticationUrlDownload?fileToken=<token>`: the URL at which a large
//! file can be downloaded in ranges.
//!
//! ```text
//! S: {"status":200,"message":"Success","data":"https://store.example.com/dl/FTOK"}
//! ```
//!
//! Source: observed: Web SDK 4.25.10. Fixture: `fixtures/media_url/`.

use super::endpoint;
use crate::file_token::FileToken;
use crate::query::encode_component;

/// Requests a download URL. The URL is signed: its holder can read the file.
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

endpoint! {
    Request, UserToken, GET "/media/generatePreAuthenticationUrlDownload" => String;
    target(self)
        format!("{}?fileToken={}", Self::PATH, encode_component(self.file_token.as_str()));
    decode(self, response) response.data();
}
