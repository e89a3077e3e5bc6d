//! `PUT <upload URL>`: one part of an upload, sent to the store instead of the API.
//!
//! ```text
//! C: at most 5,242,880 raw bytes, Content-Type: application/x-www-form-urlencoded, no token
//! S: 2xx, empty, with the header etag
//! ```
//!
//! Source: observed: Web SDK 4.25.10. Fixture: `fixtures/media_part/`.

use super::{Body, endpoint};
use crate::http::{Progress, ResponseLimits};
use bytes::Bytes;
use mfly_proto::argument::InvalidArgument;
use std::fmt;

/// The size of a part in bytes. Only the last part may be smaller.
pub const MAX_BYTES: usize = 5_242_880;

/// Uploads one part of a file.
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

    /// Reports how much of this part was sent.
    #[must_use]
    pub fn progress(mut self, progress: Progress) -> Self {
        self.progress = Some(progress);
        self
    }
}

/// The response of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The ETag that names the part in the commit, with its quotes. Some stores send none.
    pub etag: Option<String>,
}

endpoint! {
    Request, NoToken, PUT "(upload URL)" => Response;
    target(self) absolute(&self.url);
    body(self) {
        let content_type = "application/x-www-form-urlencoded";
        Ok(Body::Raw { content_type, bytes: self.part.clone() })
    };
    limits(self) ResponseLimits::media(ResponseLimits::JSON.max_bytes);
    progress(self) self.progress.clone();
    decode(self, response) {
        let etag = response.header("etag").map(str::to_owned);
        response.body().map(|_| Response { etag })
    };
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL is signed: its holder can write to the store.
        write!(f, "Request({} bytes)", self.part.len())
    }
}

/// The URL, or an empty text if it would be taken for a path of the API.
pub(super) fn absolute(url: &str) -> &str {
    if url.starts_with('/') { "" } else { url }
}
