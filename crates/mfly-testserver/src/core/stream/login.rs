//! Who logged in.

use crate::core::world::{RegistrationId, Timestamp, World};
use mfly_proto::jid::UserId;

/// Who logged in, and by what.
#[derive(Clone, Debug)]
pub(super) struct Login {
    pub(super) user: UserId,
    pub(super) kind: LoginKind,
}

/// What a login is good for.
#[derive(Clone, Copy, Debug)]
pub(super) enum LoginKind {
    /// This registration of a platform's account.
    Platform(RegistrationId),
    /// A standard account, as long as this password is good.
    Standard(RegistrationId),
    /// An account that is made with the session and goes with it.
    Temporary,
}

impl Login {
    /// Whether it is to a standard account.
    pub(super) const fn is_standard(&self) -> bool {
        !matches!(self.kind, LoginKind::Platform(_))
    }

    /// What the session belongs to, if the login is still good: the account may have gone, been
    /// blocked, or been given another password since.
    pub(super) fn redeem(&self, now: Timestamp, world: &mut World) -> Option<RegistrationId> {
        match self.kind {
            LoginKind::Platform(registration) => {
                world.is_registered(&self.user, registration).then_some(registration)
            }
            LoginKind::Standard(login) => world
                .standard(&self.user)
                .is_some_and(|account| account.login == login)
                .then_some(login),
            LoginKind::Temporary => world.add_temporary(now, self.user.clone()).ok(),
        }
    }
}
