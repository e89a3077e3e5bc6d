//! `PUT <upload URL>`: one part of an upload, to the store and not to the API.
//!
//! ```text
//! C: at most 5,242,880 raw bytes, Content-Type: application/x-www-form-urlencoded, no token
//! S: 2xx, empty, with the header etag
//! ```
//!
//! Source: observed: Web SDK 4.25.10. Fixture: `fixtures/media_part/`.

use super::{Body, Endpoint};
use crate::auth::NoToken;
use crate::envelope::Answer;
use crate::error::ApiError;
use crate::http::{Progress, ResponseLimits};
use ::http::Method;
use bytes::Bytes;
use mfly_proto::argument::InvalidArgument;
use std::borrow::Cow;
use std::fmt;

/// The most bytes in a part; only the last may have fewer.
pub const MAX_BYTES: usize = 5_242_880;

/// Uploads one part.
#[derive(Clone)]
pub struct Request {
    url: String,
    part: Bytes,
    progress: Option<Progress>,
}

impl Request {
    /// Sends `part` to its upload URL.
    ///
    /// # Errors
    /// When the part is longer than [`MAX_BYTES`].
    pub fn new(url: impl Into<String>, part: Bytes) -> Result<Self, InvalidArgument> {
        if part.len() > MAX_BYTES {
            return Err(InvalidArgument::new("file", "a part has at most 5,242,880 bytes"));
        }
        Ok(Self { url: url.into(), part, progress: None })
    }

    /// Reports how much of this part has been sent.
    #[must_use]
    pub fn progress(mut self, progress: Progress) -> Self {
        self.progress = Some(progress);
        self
    }
}

/// What the store says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// Names the part in the commit, quotes and all; some stores send none.
    pub etag: Option<String>,
}

impl Endpoint for Request {
    type Auth = NoToken;
    type Response = Response;
    const METHOD: Method = Method::PUT;
    const PATH: &'static str = "(upload URL)";

    fn target(&self) -> Cow<'_, str> {
        Cow::Borrowed(absolute(&self.url))
    }

    fn body(&self) -> Result<Body, ApiError> {
        let content_type = "application/x-www-form-urlencoded";
        Ok(Body::Raw { content_type, bytes: self.part.clone() })
    }

    fn limits(&self) -> ResponseLimits {
        ResponseLimits::media(ResponseLimits::JSON.max_bytes)
    }

    fn progress(&self) -> Option<Progress> {
        self.progress.clone()
    }

    fn decode(&self, answer: Answer) -> Result<Response, ApiError> {
        let etag = answer.header("etag").map(str::to_owned);
        answer.body()?;
        Ok(Response { etag })
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL is signed: whoever has it can write.
        write!(f, "Request({} bytes)", self.part.len())
    }
}

/// The URL, unless it could be taken for a path of the API; that one becomes no URL at all.
pub(super) fn absolute(url: &str) -> &str {
    if url.starts_with('/') { "" } else { url }
}
