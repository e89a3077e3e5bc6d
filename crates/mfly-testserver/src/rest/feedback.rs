//! `POST /moderation/feedback`. The text is in the journal only.

use crate::rest::caller::Caller;
use crate::rest::request::RestCall;
use crate::rest::response::{RestResponse, RestResult};
use crate::rest::route::Route;
use http::Method;
use mfly_api::endpoint::feedback::RequestBody;

pub(crate) const ROUTES: &[Route] = &[Route::user(Method::POST, "/moderation/feedback", feedback)];

fn feedback(call: &RestCall<'_>, _: &Caller) -> RestResult {
    let body: RequestBody = call.json()?;
    for (name, value) in [("title", &body.title), ("description", &body.description)] {
        if value.trim().is_empty() {
            return Err(RestResponse::invalid(format!("{name} is not valid or required")));
        }
    }
    Ok(RestResponse::done())
}
