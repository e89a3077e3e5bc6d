//! `GET /media/<token>`: a whole file. `GET <download URL>`: a range of a large file.
//!
//! ```text
//! C: Content-Type: media, with the token             S: the bytes, without envelope
//! C: Range: bytes=0-5242879, no token                S: 206 (or 200), the bytes, Content-Range: bytes 0-5242879/9000000
//! ```
//!
//! Source: observed: Web SDK 4.25.10; that a refusal is an envelope in JSON is inferred.
//! Fixture: `fixtures/media_download/`.

use super::endpoint;
use super::media_part::absolute;
use crate::envelope::RawResponse;
use crate::error::ApiError;
use crate::file_token::FileToken;
use crate::http::ResponseLimits;
use ::http::HeaderValue;
use ::http::header::{CONTENT_TYPE, RANGE};
use bytes::Bytes;
use mfly_proto::argument::InvalidArgument;
use std::fmt;

/// The default limit of [`Request`] on the size of a file, in bytes.
pub const DEFAULT_MAX_BYTES: usize = 64 * 1024 * 1024;

/// Downloads a whole file.
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

    /// Refuses a file of more than `max_bytes` bytes.
    #[must_use]
    pub fn max_bytes(mut self, max_bytes: usize) -> Self {
        self.max_bytes = max_bytes;
        self
    }
}

endpoint! {
    Request, UserToken, GET "/media/" => Bytes;
    target(self) format!("{}{}", Self::PATH, self.file_token);
    headers(self, headers) drop(headers.insert(CONTENT_TYPE, HeaderValue::from_static("media")));
    limits(self) ResponseLimits::media(self.max_bytes);
    decode(self, response) read_file(response);
}

fn read_file(response: RawResponse) -> Result<Bytes, ApiError> {
    let is_json =
        response.header("content-type").is_some_and(|t| t.starts_with("application/json"));
    // A stored file may be JSON as well. Only an envelope that refuses is a refusal.
    if is_json
        && let Err(error @ (ApiError::Refused { .. } | ApiError::Unauthorized { .. })) =
            response.check()
    {
        return Err(error);
    }
    match response.status().as_u16() {
        204 | 205 => Err(response.unreadable("it contains no file")),
        206 => Err(response.unreadable("it contains a part that was not requested")),
        _ => response.body(),
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
    /// When the range is empty, or too long for this machine's memory.
    pub fn new(url: impl Into<String>, first: u64, last: u64) -> Result<Self, InvalidArgument> {
        let length = last
            .checked_sub(first)
            .and_then(|distance| distance.checked_add(1))
            .and_then(|length| usize::try_from(length).ok())
            .ok_or_else(|| InvalidArgument::new("range", "must end at or after its start"))?;
        Ok(Self { url: url.into(), first, last, length })
    }

    fn read(&self, response: RawResponse) -> Result<RangeResponse, ApiError> {
        let status = response.status().as_u16();
        let range = response.header("content-range").and_then(ContentRange::parse);
        let is_multipart = response
            .header("content-type")
            .is_some_and(|kind| kind.trim_start().starts_with("multipart/"));
        // A store that ignores the header `Range` sends the file from its start. That, or another
        // range, must not be taken for the requested one.
        let first = match (status, range) {
            (206, Some(range)) => range.first,
            (206, None) => self.first,
            _ => 0,
        };
        let problem = match status {
            204 | 205 => Some("it contains no file"),
            206 if is_multipart => Some("it contains several ranges"),
            200..=299 if first != self.first => Some("it contains another range"),
            _ => None,
        };
        if let Some(problem) = problem {
            return Err(response.unreadable(problem));
        }
        let wrong_length = response.unreadable("the length of the range is wrong");
        let total = range.and_then(|range| range.total);
        let bytes = response.body()?;
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

/// The response with a range of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeResponse {
    /// The bytes, fewer than requested at the end of the file.
    pub bytes: Bytes,
    /// The size of the whole file, if the server sent it.
    pub total: Option<u64>,
}

endpoint! {
    RangeRequest, NoToken, GET "(download URL)" => RangeResponse;
    target(self) absolute(&self.url);
    headers(self, headers) {
        headers.remove(CONTENT_TYPE);
        let range = format!("bytes={}-{}", self.first, self.last);
        headers.extend(HeaderValue::from_str(&range).ok().map(|range| (RANGE, range)));
    };
    limits(self) ResponseLimits::media(self.length);
    decode(self, response) self.read(response);
}

/// The header `Content-Range`, such as `bytes 0-4/9` (RFC 9110 §14.4).
#[derive(Clone, Copy)]
struct ContentRange {
    first: u64,
    last: u64,
    /// The size of the whole file. Some servers write `*` instead.
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

    /// The length of the range; `None` when it ends before it begins.
    fn length(self) -> Option<u64> {
        self.last.checked_sub(self.first)?.checked_add(1)
    }
}

impl fmt::Debug for RangeRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The URL is signed: its holder can read the file.
        write!(f, "RangeRequest({}-{})", self.first, self.last)
    }
}
