//! `{status, message, data}`: what every JSON answer is wrapped in.
//!
//! HTTP says 200 and the real code is inside (observed: Web SDK 4.25.10).

use crate::error::{ApiError, LICENCE_REFUSED_MESSAGE};
use crate::shape::Shape;
use crate::wire;
use ::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use mfly_proto::cipher::Decrypted;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The envelope of a JSON answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope<T> {
    /// The real status: 200 is success.
    #[serde(deserialize_with = "wire::status")]
    pub status: u16,
    /// What happened, for people.
    #[serde(default, deserialize_with = "wire::null_as_default")]
    pub message: String,
    /// What was asked for.
    #[serde(default = "none", skip_serializing_if = "Option::is_none")]
    pub data: Option<T>,
}

fn none<T>() -> Option<T> {
    None
}

impl<T> Envelope<T> {
    /// `{"status":200,"message":"Success","data":..}`
    #[must_use]
    pub fn success(data: Option<T>) -> Self {
        Self { status: 200, message: "Success".to_owned(), data }
    }
}

impl Envelope<()> {
    /// An answer that says no, and why.
    #[must_use]
    pub fn refusal(status: u16, message: impl Into<String>) -> Self {
        Self { status, message: message.into(), data: None }
    }
}

/// The part of the envelope that is read before `data` is looked at: a refusal may carry anything.
#[derive(Deserialize)]
struct Head {
    #[serde(deserialize_with = "wire::status")]
    status: u16,
    #[serde(default, deserialize_with = "wire::null_as_default")]
    message: String,
    #[serde(default)]
    data: Shape,
}

/// An HTTP answer on its way to an endpoint's `decode`.
#[derive(Clone, Debug)]
pub struct RawResponse {
    endpoint: &'static str,
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl RawResponse {
    /// The answer to a request of `endpoint`, which names it in errors.
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

    /// A header's first value, when it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The body, when HTTP says success: for endpoints whose answer has no envelope.
    ///
    /// # Errors
    /// On any HTTP status other than 2xx.
    pub fn body(self) -> Result<Bytes, ApiError> {
        self.check_http()?;
        Ok(self.body)
    }

    /// Checks both codes and ignores `data`.
    ///
    /// # Errors
    /// When HTTP or the envelope says anything but success.
    pub fn check(&self) -> Result<(), ApiError> {
        self.head().map(drop)
    }

    fn head(&self) -> Result<Head, ApiError> {
        self.check_http()?;
        let head: Head = self.parse(&self.body)?;
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

    /// Checks both codes and gives the whole envelope.
    ///
    /// # Errors
    /// As [`RawResponse::check`], and when `data` is there but is not a `T`, or is a list: no endpoint
    /// answers with a bare one.
    pub fn envelope<T: DeserializeOwned>(&self) -> Result<Envelope<T>, ApiError> {
        if self.head()?.data == Shape::List {
            return Err(self.unreadable("data is a list, where an object belongs"));
        }
        self.parse(&self.body)
    }

    /// Checks both codes and gives `data`.
    ///
    /// # Errors
    /// As [`RawResponse::envelope`], and when there is no `data`.
    pub fn data<T: DeserializeOwned>(&self) -> Result<T, ApiError> {
        let envelope: Envelope<T> = self.envelope()?;
        envelope.data.ok_or_else(|| self.unreadable("missing field `data`"))
    }

    /// Checks both codes and opens `data` with `open`: ciphertext of JSON. JSON in a string, and
    /// JSON itself, are taken as they are: the official SDK accepts the first, and the second is
    /// what a server without sealing would send.
    ///
    /// # Errors
    /// As [`RawResponse::data`], and when `data` cannot be opened.
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

    /// An error that says what is wrong with this answer.
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

    fn parse<T: DeserializeOwned>(&self, json: &[u8]) -> Result<T, ApiError> {
        serde_json::from_slice(json).map_err(|error| self.unparsable(&error))
    }

    fn unparsable(&self, error: &serde_json::Error) -> ApiError {
        self.unreadable(wire::describe(error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &str) -> RawResponse {
        let response = ::http::Response::builder().status(status);
        RawResponse::new("/x", response.body(Bytes::from(body.to_owned())).unwrap())
    }

    #[test]
    fn success_needs_both_codes() {
        assert!(answer(200, r#"{"status":200,"message":"Success"}"#).check().is_ok());
        assert!(matches!(
            answer(200, r#"{"status":403,"message":"User blocked"}"#).check(),
            Err(ApiError::Refused { status: 403, message, .. }) if message == "User blocked"
        ));
        assert!(matches!(
            answer(403, r#"{"status":200}"#).check(),
            Err(ApiError::Http { status: 403, .. })
        ));
    }

    #[test]
    fn both_kinds_of_401_are_unauthorized() {
        for answer in [answer(401, ""), answer(200, r#"{"status":401,"message":"expired"}"#)] {
            assert!(matches!(answer.check(), Err(ApiError::Unauthorized { .. })));
        }
    }

    #[test]
    fn a_refusal_is_read_whatever_its_data_is() {
        let answer = answer(200, r#"{"status":"409","message":null,"data":[1]}"#);
        assert!(matches!(
            answer.data::<String>(),
            Err(ApiError::Refused { status: 409, message, .. }) if message.is_empty()
        ));
    }

    #[test]
    fn an_unreadable_answer_is_described_without_its_content() {
        let wrong_type = answer(200, r#"{"status":200,"data":"s3cret"}"#).data::<u8>();
        let text = wrong_type.unwrap_err().to_string();
        assert!(
            text.starts_with("the answer of /x cannot be read") && !text.contains("s3cret"),
            "{text}"
        );
        let missing = answer(200, r#"{"status":200}"#).data::<u8>().unwrap_err().to_string();
        assert!(missing.ends_with("missing field `data`"), "{missing}");
        assert!(matches!(answer(200, "<html>").check(), Err(ApiError::Decode { .. })));
    }

    #[test]
    fn sealed_data_is_also_accepted_as_json_text_and_as_json() {
        let open = |text: &str| Decrypted::Passthrough(text.to_owned());
        for data in [r#""{\"a\":1}""#, r#"{"a":1}"#] {
            let answer = answer(200, &format!(r#"{{"status":200,"data":{data}}}"#));
            assert_eq!(answer.sealed::<Value>(open).unwrap()["a"], 1);
        }
        let error =
            answer(200, r#"{"status":200,"data":"c2VjcmV0"}"#).sealed::<Value>(open).unwrap_err();
        assert!(error.to_string().contains("neither sealed with this key nor JSON"), "{error}");
    }
}
