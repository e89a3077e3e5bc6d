//! `POST /contacts/sandbox/syncContacts`: makes two users contacts of each other (inferred).

use crate::rest::caller::Caller;
use crate::rest::request::RestCall;
use crate::rest::response::{RestResponse, RestResult};
use crate::rest::route::Route;
use http::Method;
use mfly_api::endpoint::sync_contacts::RequestBody;
use mfly_proto::jid::UserId;

pub(crate) const ROUTES: &[Route] =
    &[Route::user(Method::POST, "/contacts/sandbox/syncContacts", sync_contacts)];

fn sync_contacts(call: &RestCall<'_>, caller: &Caller) -> RestResult {
    let body: RequestBody = call.json()?;
    if call.world(|world| world.settings.licence_key != body.licence_key) {
        return Err(RestResponse::invalid("Invalid License key"));
    }
    let unknown = || RestResponse::invalid("User not available");
    let other = UserId::new(body.username.as_str()).map_err(|_| unknown())?;
    let is_known =
        call.state.with_core(|core, _| core.world_mut().make_contacts(&caller.user, &other));
    RestResponse::done_if(is_known, unknown)
}
