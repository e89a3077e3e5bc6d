//! Whose token a request carries.

use crate::core::world::RegistrationId;
use crate::rest::token::Claims;
use crate::state::ServerState;
use http::{HeaderMap, header};
use mfly_proto::jid::UserId;

/// The user and the device that a valid token was issued for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) user: UserId,
    pub(crate) registration: RegistrationId,
}

impl Caller {
    /// The caller whom the header `authorization` names, if its token is valid.
    pub(crate) fn of_request(state: &ServerState, headers: &HeaderMap) -> Option<Self> {
        Self::of_token(state, token(headers)?)
    }

    /// The caller whom `token` was issued for, if it is valid and its device still registered.
    pub(crate) fn of_token(state: &ServerState, token: &str) -> Option<Self> {
        let caller = Self::new(&state.tokens.check(state.now(), token)?)?;
        let is_registered =
            state.read_core(|core| core.world().is_registered(&caller.user, caller.registration));
        is_registered.then_some(caller)
    }

    /// The caller whom the header `authorization` names, if the server told that session to log
    /// out. Its token may have expired: the official SDK renews a token only when it is refused,
    /// and cannot renew it after the end of its session.
    pub(crate) fn logging_out(state: &ServerState, headers: &HeaderMap) -> Option<Self> {
        let caller = Self::new(&state.tokens.signed(token(headers)?)?)?;
        let is_told = state.read_core(|core| core.world().is_told_to_leave(caller.registration));
        is_told.then_some(caller)
    }

    fn new(claims: &Claims) -> Option<Self> {
        let user = UserId::new(&claims.sub).ok()?;
        Some(Self { user, registration: RegistrationId(claims.registration) })
    }
}

fn token(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::AUTHORIZATION)?.to_str().ok()
}
