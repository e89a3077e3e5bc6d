//! `POST /users/deleteMyAccount`: deletes the account with its sessions and tokens.

use crate::core::feature::account;
use crate::rest::caller::Caller;
use crate::rest::request::RestCall;
use crate::rest::response::{RestResponse, RestResult};
use crate::rest::route::Route;
use http::Method;
use mfly_api::endpoint::delete_account::RequestBody;

pub(crate) const ROUTES: &[Route] =
    &[Route::user(Method::POST, "/users/deleteMyAccount", delete_account)];

fn delete_account(call: &RestCall<'_>, caller: &Caller) -> RestResult {
    let body: RequestBody = call.json()?;
    if body.reason.trim().is_empty() {
        return Err(RestResponse::invalid("reason is not valid or required"));
    }
    let is_deleted =
        call.state.with_core(|core, now| account::delete(core.world_mut(), now, &caller.user));
    RestResponse::done_if(is_deleted, RestResponse::token_expired)
}
