//! `POST /moderation/feedback`: a word to the people who run the app.
//!
//! ```text
//! C: {"title":"T","description":"D"}
//! S: {"status":200,"message":"Success"}
//! ```
//!
//! Source: observed: Web SDK 4.25.10. Fixture: `fixtures/feedback/`.

use super::{Body, Endpoint, required};
use crate::auth::UserToken;
use crate::envelope::Answer;
use crate::error::ApiError;
use ::http::Method;
use mfly_proto::argument::InvalidArgument;
use serde::{Deserialize, Serialize};

/// Sends feedback.
#[derive(Clone, Debug)]
pub struct Request {
    body: RequestBody,
}

impl Request {
    /// Feedback under a title.
    ///
    /// # Errors
    /// When either is empty.
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
    /// What it is about.
    pub title: String,
    /// What there is to say.
    pub description: String,
}

impl Endpoint for Request {
    type Auth = UserToken;
    type Response = ();
    const METHOD: Method = Method::POST;
    const PATH: &'static str = "/moderation/feedback";

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
    fn both_texts_are_required_with_the_official_words() {
        let title = Request::new("", "D").unwrap_err();
        assert_eq!((title.name, &*title.reason), ("title", "title is not valid or required"));
        let description = Request::new("T", "").unwrap_err();
        assert_eq!(&*description.reason, "description is not valid or required");
    }
}
