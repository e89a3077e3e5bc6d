//! One file per endpoint: its wire form in the head, then `Request`, `Response`, and the wire
//! structs, which servers use as well.
//!
//! To add one: a new file here with `endpoint!`, its `mod` line, and a fixture. Nothing else lists
//! endpoints.

use crate::auth::Auth;
use crate::envelope::RawResponse;
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

/// A request type, which names its method, its path and its response.
pub trait Endpoint: Send + Sync {
    /// Whether the request carries the user's token.
    type Auth: Auth;
    /// The type of the decoded response.
    type Response: Send;
    /// The HTTP method.
    const METHOD: Method;
    /// The path after the base URL, without query, or a placeholder where the caller passes a whole
    /// URL. It names the endpoint in logs and errors.
    const PATH: &'static str;

    /// The request target: the path with its query, or an absolute URL. Only an endpoint without
    /// token may have an absolute URL.
    fn target(&self) -> Cow<'_, str> {
        Cow::Borrowed(Self::PATH)
    }

    /// The body of the request.
    ///
    /// # Errors
    /// When the request holds a value that cannot be sent.
    fn body(&self) -> Result<Body, ApiError> {
        Ok(Body::Empty)
    }

    /// Changes the headers, which hold `Accept` and `Content-Type` when this is called.
    fn adjust_headers(&self, _headers: &mut HeaderMap) {}

    /// The limits on the size and the duration of the response.
    fn limits(&self) -> ResponseLimits {
        ResponseLimits::JSON
    }

    /// The callback that reports how much of the body was sent.
    fn progress(&self) -> Option<Progress> {
        None
    }

    /// Decodes the response.
    ///
    /// # Errors
    /// When the server refused the request, or the response cannot be read.
    fn decode(&self, response: RawResponse) -> Result<Self::Response, ApiError>;
}

/// Implements [`Endpoint`] for a request type. The first line has the type, its authorisation, the
/// method, the path and the response. The methods follow in this order, those with a default only
/// where they differ from it.
macro_rules! endpoint {
    (
        $request:ty, $auth:ident, $method:ident $path:literal => $response:ty;
        $(target($target_self:ident) $target:expr;)?
        $(headers($headers_self:ident, $headers:ident) $adjust:expr;)?
        $(body($body_self:ident) $body:expr;)?
        $(limits($limits_self:ident) $limits:expr;)?
        $(progress($progress_self:ident) $progress:expr;)?
        decode($decode_self:ident, $raw:ident) $decode:expr;
    ) => {
        impl $crate::endpoint::Endpoint for $request {
            type Auth = $crate::auth::$auth;
            type Response = $response;
            const METHOD: ::http::Method = ::http::Method::$method;
            const PATH: &'static str = $path;

            $(fn target(&$target_self) -> ::std::borrow::Cow<'_, str> {
                $target.into()
            })?

            $(fn adjust_headers(&$headers_self, $headers: &mut ::http::HeaderMap) {
                $adjust
            })?

            $(fn body(&$body_self) -> Result<$crate::endpoint::Body, $crate::error::ApiError> {
                $body
            })?

            $(fn limits(&$limits_self) -> $crate::http::ResponseLimits {
                $limits
            })?

            $(fn progress(&$progress_self) -> Option<$crate::http::Progress> {
                $progress
            })?

            fn decode(
                &$decode_self,
                $raw: $crate::envelope::RawResponse,
            ) -> Result<$response, $crate::error::ApiError> {
                $decode
            }
        }
    };
}
use endpoint;

/// The body of a request. `Debug` shows its length only: bodies hold passwords and licence keys.
#[derive(Clone)]
#[non_exhaustive]
pub enum Body {
    /// No body. `Content-Type: application/json` is sent all the same, as recorded.
    Empty,
    /// A JSON text.
    Json(Bytes),
    /// A form, which may hold files.
    Multipart(Multipart),
    /// Bytes of another MIME type.
    Raw {
        /// Their MIME type.
        content_type: &'static str,
        /// The bytes themselves.
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
    /// Writes `value` as JSON, its members in the order of their declaration.
    ///
    /// # Errors
    /// When JSON cannot express the value.
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Result<Self, ApiError> {
        Ok(Self::Json(json_text(value)?.into()))
    }
}

/// Writes a value as JSON text.
fn json_text<T: Serialize + ?Sized>(value: &T) -> Result<String, InvalidArgument> {
    serde_json::to_string(value)
        .map_err(|_| InvalidArgument::new("body", "holds a value that JSON cannot express"))
}

/// Checks that a text is not empty. The reason of the error is the official SDK's.
fn required(name: &'static str, value: impl Into<String>) -> Result<String, InvalidArgument> {
    let value = value.into();
    if value.is_empty() {
        return Err(InvalidArgument::new(name, format!("{name} is not valid or required")));
    }
    Ok(value)
}
