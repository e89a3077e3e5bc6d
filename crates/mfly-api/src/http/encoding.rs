//! Content codings (RFC 9110 §8.4) that a server applies although the request accepts `identity`
//! only.

use super::HttpError;
use ::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, HeaderName, TRANSFER_ENCODING};
use ::http::{HeaderMap, Response, StatusCode};
use bytes::Bytes;
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use std::io::{self, Read};
use thiserror::Error;

/// Bodies with a larger limit are decoded on a thread that may block.
const INLINE_BYTES: usize = 1 << 20;

/// A response whose content coding was not decoded.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
#[error("the answer is encoded as {encoding}: {problem}")]
pub struct EncodingError {
    /// The codings that the server names, at most 64 characters.
    pub encoding: String,
    /// The reason why it was not decoded.
    pub problem: EncodingProblem,
}

/// The reason why a response was not decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EncodingProblem {
    /// The coding is neither `gzip` nor `deflate`, or there are several.
    #[error("only gzip or deflate can be decoded")]
    Unknown,
    /// The response is a range: a range of encoded bytes cannot be decoded alone.
    #[error("a part cannot be decoded without the rest")]
    Partial,
    /// The encoded bytes are invalid or incomplete.
    #[error("it is damaged or incomplete")]
    Damaged,
}

/// Decodes the body of a response, to at most `max_bytes`.
pub(super) async fn decode(
    response: Response<Bytes>,
    max_bytes: usize,
) -> Result<Response<Bytes>, HttpError> {
    let (mut head, body) = response.into_parts();
    let content = codings(&head.headers, &CONTENT_ENCODING, "identity");
    let transfer = codings(&head.headers, &TRANSFER_ENCODING, "chunked");
    let names: Vec<&str> = content.iter().chain(&transfer).map(String::as_str).collect();
    if names.is_empty() || body.is_empty() {
        return Ok(Response::from_parts(head, body));
    }
    let fail =
        |problem| EncodingError { encoding: names.join(", ").chars().take(64).collect(), problem };
    let Some(coding) = Coding::of(&names).filter(|_| transfer.is_empty()) else {
        return Err(fail(EncodingProblem::Unknown).into());
    };
    if head.status == StatusCode::PARTIAL_CONTENT {
        return Err(fail(EncodingProblem::Partial).into());
    }
    let read = move || coding.read(&body, max_bytes);
    let decoded = if max_bytes <= INLINE_BYTES { read() } else { run_blocking(read).await };
    let decoded = decoded.map_err(|_| fail(EncodingProblem::Damaged))?;
    if decoded.len() > max_bytes {
        return Err(HttpError::TooLarge { limit: max_bytes });
    }
    head.headers.remove(CONTENT_ENCODING);
    head.headers.remove(CONTENT_LENGTH);
    Ok(Response::from_parts(head, decoded.into()))
}

/// Runs work on a thread that may block. Without tokio it runs here.
async fn run_blocking<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    #[cfg(feature = "hyper")]
    if let Ok(runtime) = tokio::runtime::Handle::try_current() {
        return runtime.spawn_blocking(work).await.map_err(io::Error::other)?;
    }
    work()
}

/// The codings that a header names, in lower case, without the one named `usual`.
fn codings(headers: &HeaderMap, name: &HeaderName, usual: &str) -> Vec<String> {
    headers
        .get_all(name)
        .iter()
        .flat_map(|value| value.as_bytes().split(|b| *b == b','))
        .map(|coding| String::from_utf8_lossy(coding.trim_ascii()).to_ascii_lowercase())
        .filter(|coding| !coding.is_empty() && coding != usual)
        .collect()
}

#[derive(Clone, Copy)]
enum Coding {
    Gzip,
    Deflate,
}

impl Coding {
    fn of(names: &[&str]) -> Option<Self> {
        match names {
            ["gzip" | "x-gzip"] => Some(Self::Gzip),
            ["deflate"] => Some(Self::Deflate),
            _ => None,
        }
    }

    /// Decodes at most `max_bytes` and one byte more.
    fn read(self, body: &[u8], max_bytes: usize) -> io::Result<Vec<u8>> {
        let limit = (max_bytes as u64).saturating_add(1);
        let mut decoded = Vec::new();
        match self {
            Self::Gzip => MultiGzDecoder::new(body).take(limit).read_to_end(&mut decoded)?,
            // RFC 9110 §8.4.1.2: some servers omit the zlib wrapper.
            Self::Deflate if !is_zlib(body) => {
                DeflateDecoder::new(body).take(limit).read_to_end(&mut decoded)?
            }
            Self::Deflate => ZlibDecoder::new(body).take(limit).read_to_end(&mut decoded)?,
        };
        Ok(decoded)
    }
}

/// Whether a body begins with a zlib header (RFC 1950 §2.2).
fn is_zlib(body: &[u8]) -> bool {
    matches!(body, [cmf, flg, ..]
        if cmf & 0x0f == 8 && u16::from_be_bytes([*cmf, *flg]).is_multiple_of(31))
}
