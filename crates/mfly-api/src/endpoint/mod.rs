//! One file per endpoint: its wire form in the head, then `Request`, `Response`, and the wire
//! structs, which a server reads and writes with as well.
//!
//! To add one: a new file here with `impl Endpoint`, its `mod` line, and a fixture. Nothing else
//! lists endpoints.

use crate::auth::Auth;
use crate::envelope::Answer;
use crate::error::ApiError;
use crate::http::{Progress, ResponseLimits};
use crate::multipart::Multipart;
use ::http::{HeaderMap, Method};
use bytes::Bytes;
use mfly_proto::argument::InvalidArgument;
use serde::Serialize;
use std::borrow::Cow;
use std::fmt;

pub mod config;
pub mod delete_account;
pub mod feedback;
pub mod licence;
pub mod login;
pub mod logout;
pub mod media_commit;
pub mod media_download;
pub mod media_part;
pub mod media_start;
pub mod media_upload;
pub mod media_url;
pub mod metadata;
pub mod mute;
pub mod muted;
pub mod profile;
pub mod register;
pub mod report;
pub mod sync_contacts;
pub mod user_list;

/// A request that names its response.
pub trait Endpoint: Send + Sync {
    /// Whether it carries the user's token.
    type Auth: Auth;
    /// What the answer is read as.
    type Response: Send;
    /// The HTTP method.
    const METHOD: Method;
    /// The path after the base URL, without query, or what stands for a URL that the caller brings.
    /// It names the endpoint in logs and errors.
    const PATH: &'static str;

    /// What is requested: the path with its query, or an absolute URL, which only an endpoint
    /// without token may have.
    fn target(&self) -> Cow<'_, str> {
        Cow::Borrowed(Self::PATH)
    }

    /// What is sent along.
    ///
    /// # Errors
    /// When the request holds a value that cannot be sent.
    fn body(&self) -> Result<Body, ApiError> {
        Ok(Body::Empty)
    }

    /// Changes the headers, which hold `Accept` and `Content-Type` so far.
    fn adjust_headers(&self, _headers: &mut HeaderMap) {}

    /// How large the answer may be and how long it may take.
    fn limits(&self) -> ResponseLimits {
        ResponseLimits::JSON
    }

    /// Who is told how much of the body has left.
    fn progress(&self) -> Option<Progress> {
        None
    }

    /// Reads the answer.
    ///
    /// # Errors
    /// When it says no, or cannot be read.
    fn decode(&self, answer: Answer) -> Result<Self::Response, ApiError>;
}

/// What a request carries. `Debug` shows how much, not what: bodies carry passwords and licence
/// keys.
#[derive(Clone)]
#[non_exhaustive]
pub enum Body {
    /// Nothing; `Content-Type: application/json` is sent all the same, as recorded.
    Empty,
    /// JSON.
    Json(Bytes),
    /// A form with files.
    Multipart(Multipart),
    /// Bytes of some other type.
    Raw {
        /// The MIME type.
        content_type: &'static str,
        /// The bytes.
        bytes: Bytes,
    },
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("Empty"),
            Self::Json(json) => write!(f, "Json({} bytes)", json.len()),
            Self::Multipart(form) => fmt::Debug::fmt(form, f),
            Self::Raw { content_type, bytes } => {
                write!(f, "Raw({content_type}, {} bytes)", bytes.len())
            }
        }
    }
}

impl Body {
    /// `value` as JSON, its members in the order of their declaration.
    ///
    /// # Errors
    /// When it has no form in JSON.
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Result<Self, ApiError> {
        Ok(Self::Json(json_text(value)?.into()))
    }
}

/// `value` as JSON text.
fn json_text<T: Serialize + ?Sized>(value: &T) -> Result<String, InvalidArgument> {
    serde_json::to_string(value)
        .map_err(|_| InvalidArgument::new("body", "holds a value that JSON cannot express"))
}

/// A text that must not be empty, with the official words when it is.
fn required(name: &'static str, value: impl Into<String>) -> Result<String, InvalidArgument> {
    let value = value.into();
    if value.is_empty() {
        return Err(InvalidArgument::new(name, format!("{name} is not valid or required")));
    }
    Ok(value)
}
