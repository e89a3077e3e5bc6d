//! `POST /users/deleteMyAccount`: ends the account, its sessions and its tokens.

use crate::rest::request::{Caller, RestCall, Route};
use crate::rest::response::Answer;
use http::Method;
use mfly_api::endpoint::delete_account::RequestBody;

pub(crate) const ROUTES: &[Route] =
    &[Route::user(Method::POST, "/users/deleteMyAccount", delete_account)];

fn delete_account(call: &RestCall<'_>, caller: &Caller) -> Answer {
    let body: RequestBody = match call.json() {
        Ok(body) => body,
        Err(answer) => return answer,
    };
    if body.reason.trim().is_empty() {
        return Answer::invalid("reason is not valid or required");
    }
    let is_deleted =
        call.shared.with_core(|core, now| core.world_mut().delete_account(now, &caller.user));
    if is_deleted { Answer::done() } else { Answer::token_expired() }
}
