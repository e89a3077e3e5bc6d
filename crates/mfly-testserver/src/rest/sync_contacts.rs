//! `POST /contacts/sandbox/syncContacts`: makes a user a contact, in both directions (inferred).

use crate::rest::caller::Caller;
use crate::rest::request::RestCall;
use crate::rest::response::RestResponse;
use crate::rest::route::Route;
use http::Method;
use mfly_api::endpoint::sync_contacts::RequestBody;
use mfly_proto::jid::UserId;

pub(crate) const ROUTES: &[Route] =
    &[Route::user(Method::POST, "/contacts/sandbox/syncContacts", sync_contacts)];

fn sync_contacts(call: &RestCall<'_>, caller: &Caller) -> RestResponse {
    let body: RequestBody = match call.json() {
        Ok(body) => body,
        Err(answer) => return answer,
    };
    if call.world(|world| world.settings.licence_key != body.licence_key) {
        return RestResponse::invalid("Invalid License key");
    }
    let Ok(other) = UserId::new(body.username.as_str()) else {
        return RestResponse::invalid("User not available");
    };
    let is_known =
        call.state.with_core(|core, _| core.world_mut().make_contacts(&caller.user, &other));
    if is_known { RestResponse::done() } else { RestResponse::invalid("User not available") }
}
