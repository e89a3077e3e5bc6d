//! `POST /moderation/feedback`. What was said stands in the journal.

use crate::rest::request::{Caller, RestCall, Route};
use crate::rest::response::Answer;
use http::Method;
use mfly_api::endpoint::feedback::RequestBody;

pub(crate) const ROUTES: &[Route] = &[Route::user(Method::POST, "/moderation/feedback", feedback)];

fn feedback(call: &RestCall<'_>, _: &Caller) -> Answer {
    let body: RequestBody = match call.json() {
        Ok(body) => body,
        Err(answer) => return answer,
    };
    for (name, value) in [("title", &body.title), ("description", &body.description)] {
        if value.trim().is_empty() {
            return Answer::invalid(format!("{name} is not valid or required"));
        }
    }
    Answer::done()
}
