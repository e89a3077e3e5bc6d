//! `GET /logout`: ends the registration that the token belongs to.
//!
//! A browser whose session another one has ended is told to log out, and its official SDK then
//! sends this request (observed: Web SDK 4.25.10). It succeeds once more, though the registration
//! is over already (inferred): the SDK would take a refusal for a token that has to be renewed,
//! fail at that, and report an error to the app.

use crate::rest::caller::Caller;
use crate::rest::request::RestCall;
use crate::rest::response::RestResponse;
use crate::rest::route::Route;
use http::Method;

pub(crate) const ROUTES: &[Route] = &[Route::logging_out(Method::GET, "/logout", logout)];

fn logout(call: &RestCall<'_>, caller: &Caller) -> RestResponse {
    call.state.with_core(|core, now| {
        let world = core.world_mut();
        world.log_out(now, &caller.user, caller.registration);
        world.has_left(caller.registration);
    });
    RestResponse::done()
}

#[cfg(test)]
mod tests {
    use crate::core::world::{RegistrationId, World};
    use crate::net::http::tests::{ask_with_token, state};
    use crate::state::ServerState;
    use mfly_proto::jid::{UserId, UserIdentifier};
    use std::collections::BTreeMap;
    use std::time::Duration;

    const CODE: &str = "code";
    const LOGOUT: &str = "/api/v1/logout";

    fn register(world: &mut World, device: &str) -> RegistrationId {
        let user = UserIdentifier::new("u1").unwrap();
        let now = ServerState::now();
        let registered = world.register(now, &user, device, false, BTreeMap::new());
        registered.unwrap().registration
    }

    fn token(state: &ServerState, lifetime: Duration, registration: RegistrationId) -> String {
        let user = UserId::new("u1").unwrap();
        state.tokens.issue(ServerState::now(), lifetime, &user, registration)
    }

    /// A server on which a phone has ended the session that came from its code; the browser's
    /// registration and the phone's.
    fn ended(state: &ServerState) -> (RegistrationId, RegistrationId) {
        let user = UserId::new("u1").unwrap();
        state.with_core(|core, now| {
            let world = core.world_mut();
            let (phone, web) = (register(world, "phone"), register(world, "web"));
            world.keep_qr_session(CODE.to_owned(), user.clone(), web);
            world.end_qr_session(now, &user, Some(phone), CODE);
            (web, phone)
        })
    }

    #[tokio::test]
    async fn a_browser_that_was_told_to_log_out_does_so_once_and_nothing_else() {
        for lifetime in [Duration::from_secs(3600), Duration::ZERO] {
            let state = state();
            let (web, phone) = ended(&state);
            let (token, other) = (token(&state, lifetime, web), token(&state, lifetime, web));
            let later = "/api/v1/users/config";
            assert_eq!(ask_with_token(&state, later, &token).await, 401);
            assert_eq!(ask_with_token(&state, LOGOUT, "forged.forged.forged").await, 401);
            assert_eq!(ask_with_token(&state, LOGOUT, &token).await, 200);
            assert_eq!(ask_with_token(&state, LOGOUT, &token).await, 401);
            assert_eq!(ask_with_token(&state, LOGOUT, &other).await, 401);
            let user = UserId::new("u1").unwrap();
            assert!(state.read_core(|core| core.world().is_registered(&user, phone)));
        }
    }

    #[tokio::test]
    async fn a_session_that_ended_otherwise_is_over() {
        let state = state();
        let web = state.with_core(|core, _| register(core.world_mut(), "web"));
        let token = token(&state, Duration::from_secs(3600), web);
        assert_eq!(ask_with_token(&state, LOGOUT, &token).await, 200);
        assert_eq!(ask_with_token(&state, LOGOUT, &token).await, 401);
    }
}
