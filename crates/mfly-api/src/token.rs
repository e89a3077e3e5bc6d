//! The sources of REST tokens, and the expiry of a token.

use crate::api::LoginCaller;
use crate::endpoint::login;
use crate::error::ApiError;
use crate::mode::Mode;
use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mfly_proto::jid::UserId;
use mfly_proto::secret::{LicenceKey, Password, Token};
use serde::Deserialize;
use std::future::Future;
use std::pin::Pin;

/// A source of tokens, called when there is no token or the server refused it.
///
/// Concurrent requests share one call. It is cancelled after the API's time limit.
#[async_trait]
pub trait TokenSource: Send + Sync {
    /// Returns a token that the server has not refused.
    ///
    /// # Errors
    /// When the source has no token. Every waiting request then fails with
    /// [`ApiError::TokenRefresh`].
    async fn token(&self, login: &LoginCaller<'_>) -> Result<Token, ApiError>;
}

/// A source that logs in with the credentials from a registration.
#[derive(Clone, Debug)]
pub struct StoredCredentials {
    username: UserId,
    password: Password,
    licence_key: LicenceKey,
    mode: Mode,
}

impl StoredCredentials {
    /// The credentials of a user, and the licence of the app.
    #[must_use]
    pub fn new(username: UserId, password: Password, licence_key: LicenceKey, mode: Mode) -> Self {
        Self { username, password, licence_key, mode }
    }
}

#[async_trait]
impl TokenSource for StoredCredentials {
    async fn token(&self, login: &LoginCaller<'_>) -> Result<Token, ApiError> {
        let password =
            login::wire_password(self.mode, &self.licence_key, &self.password, login.now_ms())?;
        login.login(&login::Request::refresh(self.username.clone(), password)).await
    }
}

/// A source with one token, as the official SDK's `setUserToken`. It fails after the server refused
/// the token.
#[derive(Clone, Debug)]
pub struct FixedToken(Token);

impl FixedToken {
    /// A source with this token.
    #[must_use]
    pub fn new(token: Token) -> Self {
        Self(token)
    }
}

#[async_trait]
impl TokenSource for FixedToken {
    async fn token(&self, login: &LoginCaller<'_>) -> Result<Token, ApiError> {
        if login.refused() == Some(&self.0) {
            let message = "the server refused the token that was set; set a new one".to_owned();
            return Err(ApiError::Unauthorized { message });
        }
        Ok(self.0.clone())
    }
}

/// The future that a [`TokenCallback`] returns.
type TokenFuture = Pin<Box<dyn Future<Output = Result<Token, ApiError>> + Send>>;

/// A source that calls a function of the application, which may ask its own back end.
pub struct TokenCallback(Box<dyn Fn() -> TokenFuture + Send + Sync>);

impl TokenCallback {
    /// A source that calls `fetch` each time a token is needed.
    pub fn new<F, T>(fetch: F) -> Self
    where
        F: Fn() -> T + Send + Sync + 'static,
        T: Future<Output = Result<Token, ApiError>> + Send + 'static,
    {
        Self(Box::new(move || Box::pin(fetch())))
    }
}

impl std::fmt::Debug for TokenCallback {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenCallback(..)")
    }
}

#[async_trait]
impl TokenSource for TokenCallback {
    async fn token(&self, _login: &LoginCaller<'_>) -> Result<Token, ApiError> {
        (self.0)().await
    }
}

/// The time at which the token expires, in seconds since the epoch: the claim `exp` of a JWT (RFC
/// 7519 §4.1.4). `None` without such a claim. The signature is not checked.
#[must_use]
pub fn expiry(token: &Token) -> Option<u64> {
    #[derive(Deserialize)]
    struct Claims {
        // A NumericDate may have a fraction.
        exp: f64,
    }
    let payload = token.expose().split('.').nth(1)?;
    let payload = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    let claims: Claims = serde_json::from_slice(&payload).ok()?;
    (claims.exp >= 0.0).then_some(claims.exp as u64)
}

/// Whether the token has expired at `now`, in seconds since the epoch. A token without expiry has
/// not.
#[must_use]
pub fn is_expired(token: &Token, now: u64) -> bool {
    expiry(token).is_some_and(|expiry| now >= expiry)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(payload: &str) -> Token {
        Token::new(format!("h.{}.s", URL_SAFE_NO_PAD.encode(payload))).unwrap()
    }

    #[test]
    fn a_jwt_expires_at_its_exp() {
        let jwt = Token::new("eyJhbGciOiJIUzI1NiJ9.eyJleHAiOjE3MzIzMDAwMDB9.c2ln").unwrap();
        assert_eq!(expiry(&jwt), Some(1_732_300_000));
        assert!(!is_expired(&jwt, 1_732_299_999));
        assert!(is_expired(&jwt, 1_732_300_000));
    }

    #[test]
    fn anything_else_has_no_expiry() {
        for text in ["t", "a.b.c", "..", "a.é.c"] {
            assert_eq!(expiry(&Token::new(text).unwrap()), None, "{text}");
        }
        for payload in ["{}", r#"{"exp":"1"}"#, r#"{"exp":-1}"#, "[]"] {
            assert_eq!(expiry(&token(payload)), None, "{payload}");
        }
        assert_eq!(expiry(&token(r#"{"exp":1.9}"#)), Some(1));
    }
}
