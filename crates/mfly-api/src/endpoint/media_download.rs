//! `GET /media/<token>`: a file in one piece; `GET <download URL>`: a range of a large one.
//!
//! ```text
//! C: Content-Type: media, with the token             S: the bytes, without envelope
//! C: Range: bytes=0-5242879, no token                S: 206 (or 200), the bytes, Content-Range: bytes 0-5242879/9000000
//! ```
//!
//! Source: observed: Web SDK 4.25.10; that a refusal comes as an envelope in JSON is inferred.
//! Fixture: `fixtures/media_download/`.

use super::Endpoint;
use super::media_part::absolute;
use crate::auth::{NoToken, UserToken};
use crate::envelope::Answer;
use crate::error::ApiError;
use crate::file_token::FileToken;
use crate::http::ResponseLimits;
use ::http::header::{CONTENT_TYPE, RANGE};
use ::http::{HeaderMap, HeaderValue, Method};
use bytes::Bytes;
use mfly_proto::argument::InvalidArgument;
use std::borrow::Cow;
use std::fmt;

/// The most bytes that [`Request`] takes unless told otherwise.
pub const DEFAULT_MAX_BYTES: usize = 64 * 1024 * 1024;

/// Downloads a file in one piece.
#[derive(Clone, Debug)]
pub struct Request {
    file_token: FileToken,
    max_bytes: usize,
}

impl Request {
    /// Downloads a file of at most [`DEFAULT_MAX_BYTES`].
    #[must_use]
    pub fn new(file_token: FileToken) -> Self {
        Self { file_token, max_bytes: DEFAULT_MAX_BYTES }
    }

    /// Refuses a file of more bytes than this.
    #[must_use]
    pub fn max_bytes(mut self, max_bytes: usize) -> Self {
        self.max_bytes = max_bytes;
        self
    }
}

impl Endpoint for Request {
    type Auth = UserToken;
    type Response = Bytes;
    const METHOD: Method = Method::GET;
    const PATH: &'static str = "/media/";

    fn target(&self) -> Cow<'_, str> {
        format!("{}{}", Self::PATH, self.file_token).into()
    }

    fn adjust_headers(&self, headers: &mut HeaderMap) {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("media"));
    }

    fn limits(&self) -> ResponseLimits {
        ResponseLimits::media(self.max_bytes)
    }

    fn decode(&self, answer: Answer) -> Result<Bytes, ApiError> {
        let is_json =
            answer.header("content-type").is_some_and(|t| t.starts_with("application/json"));
        // A stored file may be JSON too: only what reads as a refusal is one.
        if is_json
            && let Err(error @ (ApiError::Refused { .. } | ApiError::Unauthorized { .. })) =
                answer.done()
        {
            return Err(error);
        }
        match answer.status().as_u16() {
            204 | 205 => Err(answer.unreadable("there is no file in it")),
            206 => Err(answer.unreadable("the store sent a part that was not asked for")),
            _ => answer.body(),
        }
    }
}

/// Downloads a range of a file.
#[derive(Clone)]
pub struct RangeRequest {
    url: String,
    first: u64,
    last: u64,
    length: usize,
}

impl RangeRequest {
    /// The bytes from `first` to `last`, both included, of the file at a download URL.
    ///
    /// # Errors
    /// When the range is empty or longer than memory.
    pub fn new(url: impl Into<String>, first: u64, last: u64) -> Result<Self, InvalidArgument> {
        let length = last
            .checked_sub(first)
            .and_then(|distance| distance.checked_add(1))
            .and_then(|length| usize::try_from(length).ok())
            .ok_or_else(|| InvalidArgument::new("range", "must end at or after its start"))?;
        Ok(Self { url: url.into(), first, last, length })
    }
}

/// A range of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeResponse {
    /// The bytes; fewer than asked for at the end of the file.
    pub bytes: Bytes,
    /// The whole file's size, where the server says it.
    pub total: Option<u64>,
}

impl Endpoint for RangeRequest {
    type Auth = NoToken;
    type Response = RangeResponse;
    const METHOD: Method = Method::GET;
    const PATH: &'static str = "(download URL)";

    fn target(&self) -> Cow<'_, str> {
        Cow::Borrowed(absolute(&self.url))
    }

    fn adjust_headers(&self, headers: &mut HeaderMap) {
        headers.remove(CONTENT_TYPE);
        let range = format!("bytes={}-{}", self.first, self.last);
        if let Ok(range) = HeaderValue::from_str(&range) {
            headers.insert(RANGE, range);
        }
    }

    fn limits(&self) -> ResponseLimits {
        ResponseLimits::media(self.length)
    }

    fn decode(&self, answer: Answer) -> Result<RangeResponse, ApiError> {
        let status = answer.status().as_u16();
        let range = answer.header("content-range").and_then(ContentRange::parse);
        let is_multipart = answer
            .header("content-type")
            .is_some_and(|kind| kind.trim_start().starts_with("multipart/"));
        // A store that ignores the range sends the file from its start, which must not be taken
        // for a later part of it; nor may another range than the one that was asked for.
        let first = match (status, range) {
            (206, Some(range)) => range.first,
            (206, None) => self.first,
            _ => 0,
        };
        let problem = match status {
            204 | 205 => Some("there is no file in it"),
            206 if is_multipart => Some("the store sent several ranges"),
            200..=299 if first != self.first => Some("the store sent another range"),
            _ => None,
        };
        if let Some(problem) = problem {
            return Err(answer.unreadable(problem));
        }
        let wrong_length = answer.unreadable("the range is not as long as it says");
        let total = range.and_then(|range| range.total);
        let bytes = answer.body()?;
        let length = bytes.len() as u64;
        if status != 206 {
            return Ok(RangeResponse { bytes, total: total.or(Some(length)) });
        }
        if range.is_some_and(|range| range.length() != Some(length)) {
            return Err(wrong_length);
        }
        Ok(RangeResponse { bytes, total })
    }
}

/// `bytes 0-4/9` (RFC 9110 §14.4).
#[derive(Clone, Copy)]
struct ContentRange {
    first: u64,
    last: u64,
    /// Bytes in the whole file; some servers write `*`.
    total: Option<u64>,
}

impl ContentRange {
    fn parse(text: &str) -> Option<Self> {
        let (unit, rest) = text.trim().split_once(' ')?;
        let (range, total) = rest.split_once('/')?;
        let (first, last) = range.trim().split_once('-')?;
        unit.eq_ignore_ascii_case("bytes").then_some(())?;
        Some(Self {
            first: first.trim().parse().ok()?,
            last: last.trim().parse().ok()?,
            total: total.trim().parse().ok(),
        })
    }

    /// How many bytes it has; `None` when it ends before it begins.
    fn length(self) -> Option<u64> {
        self.last.checked_sub(self.first)?.checked_add(1)
    }
}

impl fmt::Debug for RangeRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL is signed: whoever has it can read the file.
        write!(f, "RangeRequest({}-{})", self.first, self.last)
    }
}
