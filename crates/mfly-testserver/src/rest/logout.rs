//! `GET /logout`: ends the registration that the token belongs to.
//!
//! A browser whose session another one has ended is told to log out, and its official SDK then
//! sends this request (observed: Web SDK 4.25.10). It succeeds once more, though the registration
//! is over already (inferred): the SDK would take a refusal for a token that has to be renewed,
//! fail at that, and report an error to the app.
//!
//! A HEAD is refused with HTTP 405, because it must change nothing.

use crate::rest::caller::Caller;
use crate::rest::request::RestCall;
use crate::rest::response::{RestResponse, RestResult};
use crate::rest::route::Route;
use http::Method;

pub(crate) const ROUTES: &[Route] =
    &[Route::logging_out(Method::GET, "/logout", logout).with_effect()];

fn logout(call: &RestCall<'_>, caller: &Caller) -> RestResult {
    call.state.with_core(|core, now| {
        let world = core.world_mut();
        world.log_out(now, &caller.user, caller.registration);
        world.has_left(caller.registration);
    });
    Ok(RestResponse::done())
}

#[cfg(test)]
mod tests {
    use crate::core::feature::account;
    use crate::core::world::{RegistrationId, Timestamp, World};
    use crate::net::http::tests::{state, status};
    use crate::state::ServerState;
    use mfly_proto::jid::{UserId, UserIdentifier};
    use std::collections::BTreeMap;
    use std::time::Duration;

    const CODE: &str = "code";
    const LOGOUT: &str = "/api/v1/logout";
    const HOUR: Duration = Duration::from_secs(3600);

    fn register(world: &mut World, now: Timestamp, device: &str) -> RegistrationId {
        let user = UserIdentifier::new("u1").unwrap();
        let registered = account::register(world, now, &user, (device, false), BTreeMap::new());
        registered.unwrap().registration
    }

    fn token(state: &ServerState, lifetime: Duration, registration: RegistrationId) -> String {
        let user = UserId::new("u1").unwrap();
        state.tokens.issue(state.now(), lifetime, &user, registration)
    }

    /// Ends, from a phone, the session that its QR code began. Returns the registrations of the
    /// browser and the phone.
    fn end_web_session(state: &ServerState) -> (RegistrationId, RegistrationId) {
        let user = UserId::new("u1").unwrap();
        state.with_core(|core, now| {
            let world = core.world_mut();
            let (phone, web) = (register(world, now, "phone"), register(world, now, "web"));
            world.keep_qr_session(CODE.to_owned(), user.clone(), web);
            world.end_qr_session(now, &user, Some(phone), CODE);
            (web, phone)
        })
    }

    #[tokio::test]
    async fn a_browser_that_was_told_to_log_out_may_do_so_once_and_nothing_else() {
        for lifetime in [HOUR, Duration::ZERO] {
            let state = state();
            let (web, phone) = end_web_session(&state);
            let (token, other) = (token(&state, lifetime, web), token(&state, lifetime, web));
            for (path, token, expected) in [
                ("/api/v1/users/config", token.as_str(), 401),
                (LOGOUT, "forged.forged.forged", 401),
                (LOGOUT, &token, 200),
                (LOGOUT, &token, 401),
                (LOGOUT, &other, 401),
            ] {
                assert_eq!(status(&state, "GET", path, token).await, expected, "{path}");
            }
            let user = UserId::new("u1").unwrap();
            assert!(state.read_core(|core| core.world().is_registered(&user, phone)));
        }
    }

    #[tokio::test]
    async fn a_head_is_refused_and_ends_no_session() {
        let state = state();
        let web = state.with_core(|core, now| register(core.world_mut(), now, "web"));
        let token = token(&state, HOUR, web);
        for (method, expected) in [("HEAD", 405), ("GET", 200), ("GET", 401)] {
            assert_eq!(status(&state, method, LOGOUT, &token).await, expected, "{method}");
        }
    }
}
