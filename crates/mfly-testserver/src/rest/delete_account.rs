//! `POST /users/deleteMyAccount`: ends the account, its sessions and its tokens.

use crate::rest::caller::Caller;
use crate::rest::request::RestCall;
use crate::rest::response::RestResponse;
use crate::rest::route::Route;
use http::Method;
use mfly_api::endpoint::delete_account::RequestBody;

pub(crate) const ROUTES: &[Route] =
    &[Route::user(Method::POST, "/users/deleteMyAccount", delete_account)];

fn delete_account(call: &RestCall<'_>, caller: &Caller) -> RestResponse {
    let body: RequestBody = match call.json() {
        Ok(body) => body,
        Err(answer) => return answer,
    };
    if body.reason.trim().is_empty() {
        return RestResponse::invalid("reason is not valid or required");
    }
    let is_deleted =
        call.state.with_core(|core, now| core.world_mut().delete_account(now, &caller.user));
    if is_deleted { RestResponse::done() } else { RestResponse::token_expired() }
}
