//! `POST /users/deleteMyAccount`: deletes the account.
//!
//! ```text
//! C: {"reason":"leaving","feedback":"bye"}
//! S: {"status":200,"message":"Success"}
//! ```
//!
//! Source: observed: Web SDK 4.25.10. Fixture: `fixtures/delete_account/`.

use super::{Body, endpoint, required};
use mfly_proto::argument::InvalidArgument;
use serde::{Deserialize, Serialize};

/// Deletes the account of the logged-in user.
#[derive(Clone, Debug)]
pub struct Request {
    body: RequestBody,
}

impl Request {
    /// Deletes the account and states why.
    ///
    /// # Errors
    /// When `reason` is empty.
    pub fn new(reason: impl Into<String>) -> Result<Self, InvalidArgument> {
        let body = RequestBody { reason: required("reason", reason)?, feedback: String::new() };
        Ok(Self { body })
    }

    /// Adds feedback for the operators of the app.
    #[must_use]
    pub fn feedback(mut self, feedback: impl Into<String>) -> Self {
        self.body.feedback = feedback.into();
        self
    }
}

/// The request's body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestBody {
    /// The user's reason for leaving.
    pub reason: String,
    /// Feedback for the operators; may be empty.
    #[serde(default)]
    pub feedback: String,
}

endpoint! {
    Request, UserToken, POST "/users/deleteMyAccount" => ();
    body(self) Body::json(&self.body);
    decode(self, response) response.check();
}
