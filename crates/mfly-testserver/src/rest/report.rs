//! `POST /moderation/report`: needs the feature in the plan. The report is in the journal only.

use crate::rest::caller::Caller;
use crate::rest::request::RestCall;
use crate::rest::response::{RestResponse, RestResult};
use crate::rest::route::Route;
use http::Method;
use mfly_api::Feature;
use mfly_api::endpoint::report::RequestBody;
use mfly_proto::jid::BareJid;

pub(crate) const ROUTES: &[Route] = &[Route::user(Method::POST, "/moderation/report", report)];

fn report(call: &RestCall<'_>, _: &Caller) -> RestResult {
    if !call.world(|world| world.settings.features.contains(Feature::Report)) {
        return Err(RestResponse::not_in_plan());
    }
    let body: RequestBody = call.json()?;
    if BareJid::new(&body.to).is_err() {
        return Err(RestResponse::invalid("toUserJid format is invalid"));
    }
    let has_messages = body.messages().is_some();
    RestResponse::done_if(has_messages, || RestResponse::invalid("Invalid data value."))
}
