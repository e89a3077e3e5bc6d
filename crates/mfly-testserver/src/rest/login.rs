//! `POST /login`.
//!
//! Bad credentials are HTTP 200 with 400 inside: HTTP 401 would send the official SDK into logins
//! without end.

use crate::core::world::LoginError;
use crate::rest::request::RestCall;
use crate::rest::response::RestResponse;
use crate::rest::route::Route;
use crate::state::ServerState;
use http::Method;
use mfly_api::endpoint::login::{RequestBody, Response};
use mfly_proto::secret::Token;

pub(crate) const ROUTES: &[Route] = &[Route::open(Method::POST, "/login", login)];

fn login(call: &RestCall<'_>) -> RestResponse {
    let body: RequestBody = match call.json() {
        Ok(body) => body,
        Err(answer) => return answer,
    };
    let (checked, lifetime) = call.world(|world| {
        let checked = world.check_password(&body.username, body.password.expose());
        (checked, world.settings.token_lifetime)
    });
    let registration = match checked {
        Ok(registration) => registration,
        Err(error @ LoginError::InvalidCredentials) => {
            return RestResponse::refused(400, error.to_string());
        }
        Err(error @ LoginError::AdminBlocked) => {
            return RestResponse::refused(403, error.to_string());
        }
    };
    let tokens = &call.state.tokens;
    match Token::new(tokens.issue(ServerState::now(), lifetime, &body.username, registration)) {
        Ok(token) => RestResponse::success(Response { token }),
        Err(_) => RestResponse::refused(500, "Internal Server Error"),
    }
}
