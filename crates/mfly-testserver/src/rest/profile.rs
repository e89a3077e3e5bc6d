//! `GET /contacts/vcard`: the encrypted profile of a user, as far as the caller may see it.
//!
//! A new account has a profile with empty fields. The response for an unknown or deleted user is
//! status 204.

use crate::core::world::ProfileView;
use crate::rest::caller::Caller;
use crate::rest::request::RestCall;
use crate::rest::response::{RestResponse, RestResult};
use crate::rest::route::Route;
use http::Method;
use mfly_api::endpoint::profile::{ProfileData, Request};

pub(crate) const ROUTES: &[Route] = &[Route::user(Method::GET, "/contacts/vcard", profile)];

fn profile(call: &RestCall<'_>, caller: &Caller) -> RestResult {
    let target = Request::user_in_query(call.query);
    let target = target.ok_or_else(|| RestResponse::invalid("userId is not valid or required"))?;
    let view = call.world(|world| world.profile_for(&caller.user, &target));
    let view = view.ok_or_else(|| RestResponse::refused(204, "No content"))?;
    Ok(RestResponse::success(data(view)))
}

/// The profile for JSON. Every member is sent, empty ones as empty text.
pub(crate) fn data(view: ProfileView) -> ProfileData {
    ProfileData {
        user_id: view.user.as_str().to_owned(),
        nick_name: view.card.nick_name,
        email: view.card.email,
        mobile_number: view.card.mobile_number,
        image: view.card.image,
        thumb_image: view.card.thumb_image,
        status: view.card.status,
        is_admin_blocked: view.is_admin_blocked,
    }
}
