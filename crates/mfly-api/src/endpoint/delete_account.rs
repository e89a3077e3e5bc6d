//! `POST /users/deleteMyAccount`: ends the account.
//!
//! ```text
//! C: {"reason":"leaving","feedback":"bye"}
//! S: {"status":200,"message":"Success"}
//! ```
//!
//! Source: observed: Web SDK 4.25.10. Fixture: `fixtures/delete_account/`.

use super::{Body, Endpoint, required};
use crate::auth::UserToken;
use crate::envelope::Answer;
use crate::error::ApiError;
use ::http::Method;
use mfly_proto::argument::InvalidArgument;
use serde::{Deserialize, Serialize};

/// Deletes the account of the user who is logged in.
#[derive(Clone, Debug)]
pub struct Request {
    body: RequestBody,
}

impl Request {
    /// Deletes the account for a reason.
    ///
    /// # Errors
    /// When `reason` is empty.
    pub fn new(reason: impl Into<String>) -> Result<Self, InvalidArgument> {
        let body = RequestBody { reason: required("reason", reason)?, feedback: String::new() };
        Ok(Self { body })
    }

    /// Adds a word to the people who run the app.
    #[must_use]
    pub fn feedback(mut self, feedback: impl Into<String>) -> Self {
        self.body.feedback = feedback.into();
        self
    }
}

/// The request's body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestBody {
    /// Why.
    pub reason: String,
    /// Anything else, or nothing.
    #[serde(default)]
    pub feedback: String,
}

impl Endpoint for Request {
    type Auth = UserToken;
    type Response = ();
    const METHOD: Method = Method::POST;
    const PATH: &'static str = "/users/deleteMyAccount";

    fn body(&self) -> Result<Body, ApiError> {
        Body::json(&self.body)
    }

    fn decode(&self, answer: Answer) -> Result<(), ApiError> {
        answer.done()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_required_with_the_official_words() {
        let error = Request::new("").unwrap_err();
        assert_eq!((error.name, &*error.reason), ("reason", "reason is not valid or required"));
    }
}
