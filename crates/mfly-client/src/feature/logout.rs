//! Logging out.
//!
//! A session that came from a code says so first (`user_logout`). `GET /logout`, then the session
//! closes. Wire form: [`mfly_api::endpoint::logout`]. Official name: `logout`.

use crate::error::{ErrorKind, Result};
use crate::machine::EndReason;
use crate::session::Session;
use mfly_api::endpoint::logout;
use mfly_proto::argument::InvalidArgument;
use mfly_proto::payload::logout::LogOut;
use mfly_proto::qr_login::is_id;
use std::time::Duration;

/// How long the notice of a session that came from a code may take.
const NOTICE: Duration = Duration::from_secs(5);

/// The result of a log-out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LoggedOut {
    /// Whether the server was told. If it could not be reached it still counts the session, until
    /// the user registers with force or the server forgets it.
    pub server_told: bool,
}

impl Session {
    /// Logs the user out on the server and closes the session. The password is void afterwards.
    ///
    /// When the server cannot be reached, or no longer knows the user or the password, the session
    /// closes all the same; [`LoggedOut`] tells. When the server refuses for another reason,
    /// nothing changes.
    ///
    /// # Errors
    /// When the server refuses; see [`ErrorKind`].
    pub async fn logout(&self) -> Result<LoggedOut> {
        if let Some(socket_id) = self.qr_socket_id() {
            // As in the official SDK, what becomes of this does not matter.
            let notice = LogOut { socket_id: socket_id.to_owned() };
            let _ = self.with_timeout(NOTICE).with_fail_fast(true).request(&notice).await;
        }
        let server_told = match self.send(&logout::Request).await {
            Ok(()) => true,
            Err(error) if is_moot(error.kind()) => false,
            Err(error) => return Err(error),
        };
        self.shared().api.clear_token();
        self.end(EndReason::Closed).await;
        Ok(LoggedOut { server_told })
    }
}

/// Whether logging out on the server is impossible or not needed any more.
const fn is_moot(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::AdminBlocked
            | ErrorKind::Ended(_)
            | ErrorKind::Http { .. }
            | ErrorKind::InvalidCredentials { .. }
            | ErrorKind::Certificate(_)
            | ErrorKind::Network
            | ErrorKind::Timeout
            | ErrorKind::Unauthorized
            | ErrorKind::UserNotAvailable
    )
}

/// Refuses an id that no login by code gives.
pub(super) fn check_socket_id(socket_id: &str) -> Result<(), InvalidArgument> {
    if is_id(socket_id) {
        Ok(())
    } else {
        Err(InvalidArgument::new("socketId", "must be the id that the login by code gave"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_who_is_unknown_by_now_can_still_log_out_and_a_refusal_is_one() {
        assert!(is_moot(&ErrorKind::InvalidCredentials { status: 400 }));
        assert!(is_moot(&ErrorKind::Network));
        assert!(!is_moot(&ErrorKind::Refused { status: 400, message: "Bad".to_owned() }));
    }
}
