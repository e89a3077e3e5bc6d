//! `GET /logout`: ends the session.
//!
//! ```text
//! S: {"status":200,"message":"Success"}
//! ```
//!
//! Source: observed: Web SDK 4.25.10. Fixture: `fixtures/logout/`.

use super::Endpoint;
use crate::auth::UserToken;
use crate::envelope::Answer;
use crate::error::ApiError;
use ::http::Method;

/// Ends the session of the user who is logged in.
#[derive(Clone, Copy, Debug)]
pub struct Request;

impl Endpoint for Request {
    type Auth = UserToken;
    type Response = ();
    const METHOD: Method = Method::GET;
    const PATH: &'static str = "/logout";

    fn decode(&self, answer: Answer) -> Result<(), ApiError> {
        answer.done()
    }
}
