//! `POST /moderation/feedback`. What was said stands in the journal.

use crate::rest::caller::Caller;
use crate::rest::request::RestCall;
use crate::rest::response::RestResponse;
use crate::rest::route::Route;
use http::Method;
use mfly_api::endpoint::feedback::RequestBody;

pub(crate) const ROUTES: &[Route] = &[Route::user(Method::POST, "/moderation/feedback", feedback)];

fn feedback(call: &RestCall<'_>, _: &Caller) -> RestResponse {
    let body: RequestBody = match call.json() {
        Ok(body) => body,
        Err(answer) => return answer,
    };
    for (name, value) in [("title", &body.title), ("description", &body.description)] {
        if value.trim().is_empty() {
            return RestResponse::invalid(format!("{name} is not valid or required"));
        }
    }
    RestResponse::done()
}
