//! `POST /login`.
//!
//! Bad credentials are HTTP 200 with 400 inside: HTTP 401 would send the official SDK into logins
//! without end.

use crate::core::world::LoginError;
use crate::rest::request::{RestCall, Route};
use crate::rest::response::Answer;
use crate::shared::Shared;
use http::Method;
use mfly_api::endpoint::login::{RequestBody, Response};
use mfly_proto::secret::Token;

pub(crate) const ROUTES: &[Route] = &[Route::open(Method::POST, "/login", login)];

fn login(call: &RestCall<'_>) -> Answer {
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
            return Answer::refused(400, error.to_string());
        }
        Err(error @ LoginError::AdminBlocked) => return Answer::refused(403, error.to_string()),
    };
    let tokens = &call.shared.tokens;
    match Token::new(tokens.issue(Shared::now(), lifetime, &body.username, registration)) {
        Ok(token) => Answer::success(Response { token }),
        Err(_) => Answer::refused(500, "Internal Server Error"),
    }
}
