//! `POST /login`.
//!
//! Wrong credentials are HTTP 200 with status 400 in the envelope: after an HTTP 401 the official
//! SDK would log in again without end.

use crate::core::world::LoginError;
use crate::rest::request::RestCall;
use crate::rest::response::{RestResponse, RestResult};
use crate::rest::route::Route;
use http::Method;
use mfly_api::endpoint::login::{RequestBody, Response};
use mfly_proto::secret::Token;

pub(crate) const ROUTES: &[Route] = &[Route::open(Method::POST, "/login", login)];

fn login(call: &RestCall<'_>) -> RestResult {
    let body: RequestBody = call.json()?;
    let (checked, lifetime) = call.world(|world| {
        let checked = world.check_password(&body.username, body.password.expose());
        (checked, world.settings.token_lifetime)
    });
    let registration = checked.map_err(|error| {
        let status = match error {
            LoginError::InvalidCredentials => 400,
            LoginError::AdminBlocked => 403,
        };
        RestResponse::refused(status, error.to_string())
    })?;
    let tokens = &call.state.tokens;
    let token = tokens.issue(call.state.now(), lifetime, &body.username, registration);
    let token = Token::new(token).map_err(|_| RestResponse::internal_error())?;
    Ok(RestResponse::success(Response { token }))
}
