//! The envelope `{status, message, data}` of every JSON response.
//!
//! The HTTP status is 200; `status` in the envelope is the actual one (observed: Web SDK 4.25.10).

use crate::error::{ApiError, LICENCE_REFUSED_MESSAGE};
use crate::wire;
use ::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use mfly_proto::cipher::Decrypted;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

/// The envelope of a JSON response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope<T> {
    /// The actual status: 200 is success.
    #[serde(deserialize_with = "wire::status")]
    pub status: u16,
    /// A message for people.
    #[serde(default, deserialize_with = "wire::null_as_default")]
    pub message: String,
    /// The payload of the response.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub data: Option<T>,
}

fn none<T>() -> Option<T> {
    None
}

impl<T> Envelope<T> {
    /// A success: `{"status":200,"message":"Success","data":..}`.
    #[must_use]
    pub fn success(data: Option<T>) -> Self {
        Self { status: 200, message: "Success".to_owned(), data }
    }
}

impl Envelope<()> {
    /// A refusal with its status and message.
    #[must_use]
    pub fn refusal(status: u16, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), data: None }
    }
}

/// The envelope with unparsed `data`: a refusal may have any data.
#[derive(Deserialize)]
struct Head<'a> {
    #[serde(deserialize_with = "wire::status")]
    status: u16,
    #[serde(default, deserialize_with = "wire::null_as_default")]
    message: String,
    #[serde(borrow, default)]
    data: Option<&'a RawValue>,
}

/// An HTTP response before an endpoint decodes it.
#[derive(Clone, Debug)]
pub struct RawResponse {
    endpoint: &'static str,
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl RawResponse {
    /// The response to a request of `endpoint`, whose name appears in errors.
    #[must_use]
    pub fn new(endpoint: &'static str, response: ::http::Response<Bytes>) -> Self {
        let (head, body) = response.into_parts();
        Self { endpoint, status: head.status, headers: head.headers, body }
    }

    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// The first value of a header, if it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body, for endpoints whose response has no envelope.
    ///
    /// # Errors
    /// When the HTTP status is not 2xx.
    pub fn body(self) -> Result<Bytes, ApiError> {
        self.check_http()?;
        Ok(self.body)
    }

    /// Checks the status of HTTP and of the envelope, and ignores `data`.
    ///
    /// # Errors
    /// When one of them is not success, or the envelope cannot be read.
    pub fn check(&self) -> Result<(), ApiError> {
        self.head().map(drop)
    }

    fn head(&self) -> Result<Head<'_>, ApiError> {
        self.check_http()?;
        let head: Head<'_> = self.parse(&self.body)?;
        match head {
            Head { status: 200, .. } => Ok(head),
            Head { status: 401, message, .. } => Err(ApiError::Unauthorized { message }),
            Head { status, message, .. } if message == LICENCE_REFUSED_MESSAGE => {
                Err(ApiError::LicenceRefused { status, message })
            }
            Head { status, message, .. } => {
                Err(ApiError::Refused { status, message, retry_after: None })
            }
        }
    }

    /// Checks the status of HTTP and of the envelope, and reads the envelope.
    ///
    /// # Errors
    /// As [`RawResponse::check`], and when `data` is present but not a `T`. A list is always
    /// refused: no endpoint returns one, and serde would fill the fields of a `T` from its entries
    /// in order.
    pub fn envelope<T: DeserializeOwned>(&self) -> Result<Envelope<T>, ApiError> {
        if self.head()?.data.is_some_and(|data| data.get().starts_with('[')) {
            return Err(self.unreadable("data is a list instead of an object"));
        }
        self.parse(&self.body)
    }

    /// Checks the status of HTTP and of the envelope, and reads `data`.
    ///
    /// # Errors
    /// As [`RawResponse::envelope`], and when `data` is absent.
    pub fn data<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        let envelope: Envelope<T> = self.envelope()?;
        envelope.data.ok_or_else(|| self.unreadable("missing field `data`"))
    }

    /// Checks the status of HTTP and of the envelope, and decrypts `data` with `open`. JSON in a
    /// string is accepted as well, as in the official SDK, and so is plain JSON, which a server
    /// without encryption would send.
    ///
    /// # Errors
    /// As [`RawResponse::data`], and when `data` cannot be decrypted.
    pub fn sealed<T: DeserializeOwned>(
        &self,
        open: impl FnOnce(&str) -> Decrypted,
    ) -> Result<T, ApiError> {
        match self.data::<Value>()? {
            Value::String(text) => {
                let opened = open(&text);
                let is_passthrough = opened.is_passthrough();
                self.parse(opened.into_string().as_bytes()).map_err(|error| {
                    if is_passthrough {
                        self.unreadable("data is neither sealed with this key nor JSON")
                    } else {
                        error
                    }
                })
            }
            value => serde_json::from_value(value).map_err(|error| self.unparsable(&error)),
        }
    }

    /// An error for a response that cannot be read.
    #[must_use]
    pub fn unreadable(&self, reason: impl Into<String>) -> ApiError {
        ApiError::Decode { endpoint: self.endpoint, reason: reason.into() }
    }

    fn check_http(&self) -> Result<(), ApiError> {
        match self.status.as_u16() {
            200..=299 => Ok(()),
            401 => Err(ApiError::Unauthorized {
                message: "Request failed with status code 401".to_owned(),
            }),
            status => Err(ApiError::Http { status, retry_after: None }),
        }
    }

    fn parse<'a, T: Deserialize<'a>>(&self, json: &'a [u8]) -> Result<T, ApiError> {
        serde_json::from_slice(json).map_err(|error| self.unparsable(&error))
    }

    fn unparsable(&self, error: &serde_json::Error) -> ApiError {
        self.unreadable(wire::describe(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn response(status: u16, body: &str) -> RawResponse {
        let builder = ::http::Response::builder().status(status);
        RawResponse::new("/x", builder.body(Bytes::from(body.to_owned())).unwrap())
    }

    #[test]
    fn success_needs_the_status_of_http_and_of_the_envelope() {
        assert!(response(200, r#"{"status":200,"message":"Success"}"#).check().is_ok());
        assert!(matches!(
            response(200, r#"{"status":403,"message":"User blocked"}"#).check(),
            Err(ApiError::Refused { status: 403, message, .. }) if message == "User blocked"
        ));
        assert!(matches!(
            response(403, r#"{"status":200}"#).check(),
            Err(ApiError::Http { status: 403, .. })
        ));
    }

    #[test]
    fn both_kinds_of_401_are_unauthorized() {
        for response in [response(401, ""), response(200, r#"{"status":401,"message":"expired"}"#)]
        {
            assert!(matches!(response.check(), Err(ApiError::Unauthorized { .. })));
        }
    }

    #[test]
    fn a_refusal_is_read_with_data_of_any_type() {
        let response = response(200, r#"{"status":"409","message":null,"data":[1]}"#);
        assert!(matches!(
            response.data::<String>(),
            Err(ApiError::Refused { status: 409, message, .. }) if message.is_empty()
        ));
    }

    #[test]
    fn an_unreadable_response_is_described_without_its_content() {
        let wrong_type = response(200, r#"{"status":200,"data":"s3cret"}"#).data::<u8>();
        let text = wrong_type.unwrap_err().to_string();
        assert!(
            text.starts_with("the answer of /x cannot be read") && !text.contains("s3cret"),
            "{text}"
        );
        let missing = response(200, r#"{"status":200}"#).data::<u8>().unwrap_err().to_string();
        assert!(missing.ends_with("missing field `data`"), "{missing}");
        assert!(matches!(response(200, "<html>").check(), Err(ApiError::Decode { .. })));
    }

    #[test]
    fn sealed_data_is_also_accepted_as_json_text_and_as_json() {
        let open = |text: &str| Decrypted::Passthrough(text.to_owned());
        for data in [r#""{\"a\":1}""#, r#"{"a":1}"#] {
            let response = response(200, &format!(r#"{{"status":200,"data":{data}}}"#));
            assert_eq!(response.sealed::<Value>(open).unwrap()["a"], 1);
        }
        let error =
            response(200, r#"{"status":200,"data":"c2VjcmV0"}"#).sealed::<Value>(open).unwrap_err();
        assert!(error.to_string().contains("neither sealed with this key nor JSON"), "{error}");
    }
}
