//! Logging in: a token for REST requests.
//!
//! `POST /login {"username":…,"password":…,"type":"web"}`. Wire form:
//! [`mfly_api::endpoint::login`]. Official name: `getUserToken`.

use crate::app::App;
use crate::credentials::Credentials;
use crate::error::{Error, Result};
use mfly_api::Api;
use mfly_api::endpoint::login::{self, wire_password};
use mfly_proto::secret::Token;

impl App {
    /// A fresh token for REST requests in the user's name, without connecting.
    ///
    /// It logs in and makes a new token each time, as the official `getUserToken` does. The present
    /// token of a session is [`Session::user_token`](crate::Session::user_token).
    ///
    /// # Errors
    /// [`InvalidCredentials`](crate::ErrorKind::InvalidCredentials),
    /// [`AdminBlocked`](crate::ErrorKind::AdminBlocked); otherwise see
    /// [`ErrorKind`](crate::ErrorKind).
    #[doc(alias = "getUserToken")]
    pub async fn user_token(&self, credentials: &Credentials) -> Result<Token> {
        self.log_in(&self.shared().api, credentials, login::Request::refresh).await
    }

    /// Logs in; the official SDK writes the request's members in another order when it connects.
    pub(crate) async fn log_in(
        &self,
        api: &Api,
        credentials: &Credentials,
        request: fn(mfly_proto::jid::UserId, mfly_proto::secret::Password) -> login::Request,
    ) -> Result<Token> {
        let app = self.shared();
        let password =
            wire_password(app.mode, &app.licence_key, &credentials.password, api.now_ms())?;
        let request = request(credentials.user.clone(), password);
        Ok(api.send(&request).await.map_err(Error::from_login)?.token)
    }
}
