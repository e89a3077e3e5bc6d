//! `POST /moderation/report`: needs the plan's feature. What was reported stands in the journal.

use crate::rest::request::{Caller, RestCall, Route};
use crate::rest::response::Answer;
use http::Method;
use mfly_api::Feature;
use mfly_api::endpoint::report::RequestBody;
use mfly_proto::jid::BareJid;

pub(crate) const ROUTES: &[Route] = &[Route::user(Method::POST, "/moderation/report", report)];

fn report(call: &RestCall<'_>, _: &Caller) -> Answer {
    if !call.world(|world| world.settings.features.contains(Feature::Report)) {
        return Answer::not_in_plan();
    }
    let body: RequestBody = match call.json() {
        Ok(body) => body,
        Err(answer) => return answer,
    };
    if BareJid::new(&body.to).is_err() {
        return Answer::invalid("toUserJid format is invalid");
    }
    match body.messages() {
        Some(_) => Answer::done(),
        None => Answer::invalid("Invalid data value."),
    }
}
