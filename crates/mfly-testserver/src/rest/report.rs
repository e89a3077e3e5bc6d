//! `POST /moderation/report`: needs the plan's feature. What was reported stands in the journal.

use crate::rest::caller::Caller;
use crate::rest::request::RestCall;
use crate::rest::response::RestResponse;
use crate::rest::route::Route;
use http::Method;
use mfly_api::Feature;
use mfly_api::endpoint::report::RequestBody;
use mfly_proto::jid::BareJid;

pub(crate) const ROUTES: &[Route] = &[Route::user(Method::POST, "/moderation/report", report)];

fn report(call: &RestCall<'_>, _: &Caller) -> RestResponse {
    if !call.world(|world| world.settings.features.contains(Feature::Report)) {
        return RestResponse::not_in_plan();
    }
    let body: RequestBody = match call.json() {
        Ok(body) => body,
        Err(answer) => return answer,
    };
    if BareJid::new(&body.to).is_err() {
        return RestResponse::invalid("toUserJid format is invalid");
    }
    match body.messages() {
        Some(_) => RestResponse::done(),
        None => RestResponse::invalid("Invalid data value."),
    }
}
