//! `GET /contacts/vcard`: a profile as the caller may see it, still sealed.
//!
//! A new account has a profile too, with empty fields; only an unknown or deleted user is 204.

use crate::core::world::ProfileView;
use crate::rest::caller::Caller;
use crate::rest::request::RestCall;
use crate::rest::response::RestResponse;
use crate::rest::route::Route;
use http::Method;
use mfly_api::endpoint::profile::{ProfileData, Request};

pub(crate) const ROUTES: &[Route] = &[Route::user(Method::GET, "/contacts/vcard", profile)];

fn profile(call: &RestCall<'_>, caller: &Caller) -> RestResponse {
    let Some(target) = Request::user_in_query(call.query) else {
        return RestResponse::invalid("userId is not valid or required");
    };
    match call.world(|world| world.profile_for(&caller.user, &target)) {
        Some(view) => RestResponse::success(data(view)),
        None => RestResponse::refused(204, "No content"),
    }
}

/// A profile as JSON carries it: every text is there, if only empty.
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
