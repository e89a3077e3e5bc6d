//! Sessions that came from a code: which code made which registration.

use super::{Output, RegistrationId, Timestamp, World};
use mfly_proto::jid::UserId;

/// How many browsers may be awaited to log out; the oldest are forgotten.
pub(super) const TOLD_TO_LEAVE: usize = 256;

impl World {
    /// Remembers a registration that a code brought. Registrations that are over are forgotten.
    pub(crate) fn keep_qr_session(
        &mut self,
        code: String,
        user: UserId,
        registration: RegistrationId,
    ) {
        let users = &self.users;
        self.qr_sessions.retain(|_, (user, registration)| {
            let account = users.get(user);
            account.is_some_and(|account| account.registration(*registration).is_some())
        });
        self.qr_sessions.insert(code, (user, registration));
    }

    /// Forgets the registration that a code brought, and returns it.
    pub(crate) fn take_qr_session(&mut self, code: &str) -> Option<(UserId, RegistrationId)> {
        self.qr_sessions.remove(code)
    }

    /// Ends the registration that a code brought, if it is the user's. Unless it is the asker's
    /// own, the browser is told.
    pub(crate) fn end_qr_session(
        &mut self,
        now: Timestamp,
        user: &UserId,
        asker: Option<RegistrationId>,
        code: &str,
    ) {
        let is_own = |(owner, _): &(UserId, RegistrationId)| owner == user;
        if !self.qr_sessions.get(code).is_some_and(is_own) {
            return;
        }
        if let Some((user, registration)) = self.qr_sessions.remove(code)
            && asker != Some(registration)
        {
            self.log_out(now, &user, registration);
            self.outbox.push_back(Output::LogoutWeb(code.to_owned()));
            if self.told_to_leave.len() == TOLD_TO_LEAVE {
                self.told_to_leave.pop_front();
            }
            self.told_to_leave.push_back(registration);
        }
    }

    /// Whether this registration's browser was told to log out and has not done so yet.
    pub(crate) fn is_told_to_leave(&self, registration: RegistrationId) -> bool {
        self.told_to_leave.contains(&registration)
    }

    /// The browser of this registration has logged out.
    pub(crate) fn has_left(&mut self, registration: RegistrationId) {
        self.told_to_leave.retain(|told| *told != registration);
    }
}
