//! `POST /moderation/feedback`: feedback for the operators of the app.
//!
//! ```text
//! C: {"title":"T","description":"D"}
//! S: {"status":200,"message":"Success"}
//! ```
//!
//! Source: observed: Web SDK 4.25.10. Fixture: `fixtures/feedback/`.

use super::{Body, endpoint, required};
use mfly_proto::argument::InvalidArgument;
use serde::{Deserialize, Serialize};

/// Sends feedback to the operators of the app.
#[derive(Clone, Debug)]
pub struct Request {
    body: RequestBody,
}

impl Request {
    /// Feedback with a title and a description.
    ///
    /// # Errors
    /// When one of them is empty.
    pub fn new(
        title: impl Into<String>,
        description: impl Into<String>,
    ) -> Result<Self, InvalidArgument> {
        let title = required("title", title)?;
        Ok(Self { body: RequestBody { title, description: required("description", description)? } })
    }
}

/// The request's body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestBody {
    /// The subject of the feedback.
    pub title: String,
    /// The text of the feedback.
    pub description: String,
}

endpoint! {
    Request, UserToken, POST "/moderation/feedback" => ();
    body(self) Body::json(&self.body);
    decode(self, response) response.check();
}
