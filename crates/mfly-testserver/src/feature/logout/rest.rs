//! `GET /logout`: ends the registration that the token belongs to.

use crate::answer::Answer;
use crate::call::{Caller, RestCall, Route};
use http::Method;

pub(crate) const ROUTES: &[Route] = &[Route::user(Method::GET, "/logout", logout)];

fn logout(call: &RestCall<'_>, caller: &Caller) -> Answer {
    call.shared.with_core(|core, now| {
        core.world_mut()
            .log_out(now, &caller.user, caller.registration);
    });
    Answer::done()
}
