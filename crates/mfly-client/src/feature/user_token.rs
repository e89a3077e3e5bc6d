//! The token of REST requests.
//!
//! The session fetches and renews it by itself. Wire form: [`mfly_api::endpoint::login`]. Official names: `getUserToken`,
//! `setUserToken`.

use crate::error::{Error, Result};
use crate::handle::Session;
use mfly_proto::secret::Token;

impl Session {
    /// The present token, for requests made elsewhere in the user's name. It may be close to its end.
    ///
    /// # Errors
    /// When there is none and none can be had; see [`ErrorKind`](crate::ErrorKind).
    #[doc(alias = "getUserToken")]
    pub async fn user_token(&self) -> Result<Token> {
        match self.shared().api.token() {
            Some(token) => Ok(token),
            None => self.shared().api.refresh_token().await.map_err(Error::from),
        }
    }

    /// Uses this token from now on. When the server refuses it, a new one is fetched with the credentials.
    #[doc(alias = "setUserToken")]
    pub fn set_user_token(&self, token: Token) {
        self.shared().api.set_token(token);
    }
}
