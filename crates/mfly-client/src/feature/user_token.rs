//! The token of REST requests.
//!
//! The session fetches and renews it by itself. Wire form: [`mfly_api::endpoint::login`]. Official
//! names: `getUserToken`, `setUserToken`.

use crate::error::{Error, Result};
use crate::session::Session;
use mfly_proto::secret::Token;

impl Session {
    /// The present token, for requests made elsewhere in the user's name. It may be close to its
    /// end.
    ///
    /// No new token is made while there is one. The official `getUserToken` logs in and makes a new
    /// one each time: that is [`App::user_token`](crate::App::user_token).
    ///
    /// # Errors
    /// When there is none and none can be had; see [`ErrorKind`](crate::ErrorKind).
    #[doc(alias = "getUserToken")]
    pub async fn user_token(&self) -> Result<Token> {
        if let Some(token) = self.shared().api.token() {
            return Ok(token);
        }
        // After a log-out, asking for the token must not log in again.
        self.refuse_when_ended().await?;
        self.shared().api.refresh_token().await.map_err(Error::from)
    }

    /// Uses this token from now on. When the server refuses it, a new one is fetched with the
    /// credentials.
    #[doc(alias = "setUserToken")]
    pub fn set_user_token(&self, token: Token) {
        self.shared().api.set_token(token);
    }
}

#[cfg(test)]
mod tests {
    use crate::{App, EndReason, ErrorKind, UserIdentifier};
    use mfly_testserver::TestServer;

    #[tokio::test]
    async fn asking_for_a_token_after_logging_out_does_not_log_in_again() {
        let server = TestServer::start().await.unwrap();
        let app = App::builder(server.licence_key())
            .api_base_url(&server.api_base_url())
            .xmpp_address(&server.websocket_url())
            .build()
            .await
            .unwrap();
        let alice = UserIdentifier::new("alice").unwrap();
        let account = app.register(&alice).await.unwrap();
        let session = app.connect(&account.credentials).await.unwrap();
        session.logout().await.unwrap();
        let log_ins = || server.journal().requests_to("/login").len();
        let before = log_ins();
        let error = session.user_token().await.unwrap_err();
        assert_eq!(*error.kind(), ErrorKind::Ended(EndReason::Closed));
        assert_eq!(log_ins(), before);
    }
}
