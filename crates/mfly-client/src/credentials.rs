//! What a registered user connects with.

use mfly_proto::argument::InvalidArgument;
use mfly_proto::jid::UserId;
use mfly_proto::secret::Password;
use serde::{Deserialize, Serialize};

/// User id and password, as registration returned them.
///
/// They stay valid across processes: store them ([`Credentials::to_json`]) and connect again later.
/// `Debug` never shows the password, and nothing writes it by accident: there is no `Serialize`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The user id that registration made of the identifier (official name `username`).
    pub user: UserId,
    /// The password that registration made up.
    pub password: Password,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    username: String,
    password: String,
}

impl Credentials {
    /// Puts credentials together.
    #[must_use]
    pub const fn new(user: UserId, password: Password) -> Self {
        Self { user, password }
    }

    /// The credentials as JSON text, `{"username":…,"password":…}`: the official SDK's names.
    ///
    /// This exposes the password. Keep the text where only its owner can read it.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::json!({
            "username": self.user.as_str(),
            "password": self.password.expose(),
        })
        .to_string()
    }

    /// Reads what [`Credentials::to_json`] wrote.
    ///
    /// # Errors
    /// When the text is no such JSON, or a value in it is not acceptable. The text itself is not
    /// repeated.
    ///
    /// ```
    /// use mfly_client::Credentials;
    /// let credentials = Credentials::from_json(r#"{"username":"u1","password":"pw"}"#)?;
    /// assert_eq!(Credentials::from_json(&credentials.to_json())?, credentials);
    /// # Ok::<(), mfly_client::InvalidArgument>(())
    /// ```
    pub fn from_json(json: &str) -> Result<Self, InvalidArgument> {
        // serde's message may quote the input, so it is not passed on.
        let stored: Stored = serde_json::from_str(json).map_err(|_| {
            InvalidArgument::new("credentials", "must be JSON with the texts username and password")
        })?;
        Ok(Self { user: UserId::new(&stored.username)?, password: Password::new(stored.password)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_of_credentials_shows_the_user_but_not_the_password() {
        let credentials =
            Credentials::from_json(r#"{"username":"u1","password":"hunter2"}"#).unwrap();
        let shown = format!("{credentials:?}");
        assert!(shown.contains("u1") && !shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn malformed_stored_credentials_are_refused_without_repeating_them() {
        let error = Credentials::from_json(r#"{"username":"u1","password":7777}"#).unwrap_err();
        assert_eq!(error.name, "credentials");
        assert!(!error.to_string().contains("7777"));
        assert_eq!(
            Credentials::from_json(r#"{"username":"a b","password":"x"}"#).unwrap_err().name,
            "userId"
        );
    }
}
