//! Saved servers and accounts.
//!
//! ```json
//! {"version":1,"current":"127.0.0.1:8117","profiles":{"127.0.0.1:8117":{
//!   "api_url":"http://127.0.0.1:8117/api/v1","licence_key":"…","trial":false,"user":"alice",
//!   "accounts":{"alice":{"password":"…","token":"…"}}}}}
//! ```
//! A password belongs to the server of its profile and is never offered to another one.

use mfly_client::{LicenceKey, Password, Token, UserId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const VERSION: u32 = 1;

/// The content of the file.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Profiles {
    version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    current: Option<String>,
    profiles: BTreeMap<String, Profile>,
}

/// A server and its accounts.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Profile {
    /// The server's API base URL.
    pub(crate) api_url: String,
    /// The XMPP address, if the user named one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) xmpp_url: Option<String>,
    /// A file of further certificate authorities.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ca_file: Option<String>,
    /// The licence key used there.
    #[serde(default, with = "secret::licence_key", skip_serializing_if = "Option::is_none")]
    pub(crate) licence_key: Option<LicenceKey>,
    /// Whether it is a trial licence.
    #[serde(default)]
    pub(crate) trial: bool,
    /// The account used when none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<String>,
    /// The accounts by user id.
    #[serde(default)]
    pub(crate) accounts: BTreeMap<String, Account>,
}

/// The credentials of an account.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Account {
    /// The password that registration returned.
    #[serde(with = "secret::password")]
    pub(crate) password: Password,
    /// A token to use instead of fetching one.
    #[serde(default, with = "secret::token", skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<Token>,
}

impl Default for Profiles {
    fn default() -> Self {
        Self { version: VERSION, current: None, profiles: BTreeMap::new() }
    }
}

impl Profiles {
    /// The profile of that name.
    pub(crate) fn named(&self, name: &str) -> Option<&Profile> {
        self.profiles.get(name)
    }

    /// The profile of that name, for a change.
    pub(crate) fn named_mut(&mut self, name: &str) -> Option<&mut Profile> {
        self.profiles.get_mut(name)
    }

    /// The name of a profile for that server.
    pub(crate) fn name_for(&self, api_url: &str) -> Option<&str> {
        let mut found = self.profiles.iter().filter(|(_, profile)| profile.api_url == api_url);
        found.next().map(|(name, _)| name.as_str())
    }

    /// The name of the profile that was saved last. It is used when none is named.
    pub(crate) fn current(&self) -> Option<&str> {
        self.current.as_deref().filter(|name| self.profiles.contains_key(*name))
    }

    /// The names of all profiles.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.profiles.keys().map(String::as_str)
    }

    /// Whether no profile is saved.
    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        self.profiles.is_empty()
    }

    /// Saves a profile under a name, and makes it the current one.
    pub(crate) fn put(&mut self, name: &str, profile: Profile) {
        self.profiles.insert(name.to_owned(), profile);
        self.current = Some(name.to_owned());
    }

    /// The JSON text. It exposes the passwords.
    pub(super) fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Reads what [`Profiles::to_json`] wrote.
    pub(super) fn from_json(text: &str) -> Result<Self, &'static str> {
        // serde's message may quote the input, so it is not passed on.
        let profiles: Self =
            serde_json::from_str(text).map_err(|_| "it is not the expected JSON")?;
        if profiles.version == VERSION {
            Ok(profiles)
        } else {
            Err("another version of mfly wrote it")
        }
    }
}

impl Profile {
    /// A server without accounts.
    pub(crate) const fn new(api_url: String) -> Self {
        Self {
            api_url,
            xmpp_url: None,
            ca_file: None,
            licence_key: None,
            trial: false,
            user: None,
            accounts: BTreeMap::new(),
        }
    }

    /// The account of that user.
    pub(crate) fn account(&self, user: &str) -> Option<&Account> {
        self.accounts.get(user)
    }

    /// Saves an account without a token, and makes it the current one.
    pub(crate) fn remember(&mut self, user: &UserId, password: Password) {
        self.accounts.insert(user.as_str().to_owned(), Account { password, token: None });
        self.user = Some(user.as_str().to_owned());
    }

    /// Forgets an account.
    pub(crate) fn forget(&mut self, user: &UserId) {
        self.accounts.remove(user.as_str());
        if self.user.as_deref() == Some(user.as_str()) {
            self.user = self.accounts.keys().next().cloned();
        }
    }
}

/// Secrets as JSON text. No other code of this crate writes them.
mod secret {
    /// serde functions for one kind of secret.
    macro_rules! secret {
        ($name:ident, $type:ident) => {
            pub(super) mod $name {
                use mfly_client::$type;
                use serde::{Deserialize, Deserializer, Serializer, de};

                pub(in super::super) fn serialize<S: Serializer>(
                    secret: &$type,
                    serializer: S,
                ) -> Result<S::Ok, S::Error> {
                    serializer.serialize_str(secret.expose())
                }

                pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
                    deserializer: D,
                ) -> Result<$type, D::Error> {
                    $type::new(String::deserialize(deserializer)?).map_err(de::Error::custom)
                }
            }
        };
        (optional $name:ident, $type:ident) => {
            pub(super) mod $name {
                use mfly_client::$type;
                use serde::{Deserialize, Deserializer, Serializer, de};

                pub(in super::super) fn serialize<S: Serializer>(
                    secret: &Option<$type>,
                    serializer: S,
                ) -> Result<S::Ok, S::Error> {
                    match secret {
                        Some(secret) => serializer.serialize_str(secret.expose()),
                        None => serializer.serialize_none(),
                    }
                }

                pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
                    deserializer: D,
                ) -> Result<Option<$type>, D::Error> {
                    Option::<String>::deserialize(deserializer)?
                        .map(|text| $type::new(text).map_err(de::Error::custom))
                        .transpose()
                }
            }
        };
    }
    secret!(password, Password);
    secret!(optional licence_key, LicenceKey);
    secret!(optional token, Token);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: &str) -> UserId {
        UserId::new(id).unwrap()
    }

    fn profile() -> Profile {
        let mut profile = Profile::new("https://a.example.test/api/v1".to_owned());
        profile.licence_key = Some(LicenceKey::new("key-secret").unwrap());
        profile.remember(&user("u1"), Password::new("pw-secret").unwrap());
        profile.accounts.get_mut("u1").unwrap().token = Some(Token::new("token-secret").unwrap());
        profile
    }

    #[test]
    fn debug_output_shows_no_secret() {
        let mut profiles = Profiles::default();
        profiles.put("a", profile());
        let shown = format!("{profiles:?}");
        assert!(shown.contains("u1") && !shown.contains("secret"), "{shown}");
    }

    #[test]
    fn json_keeps_everything() {
        let mut profiles = Profiles::default();
        profiles.put("a", profile());
        let json = profiles.to_json();
        let read = Profiles::from_json(&json).unwrap();
        assert_eq!(read.to_json(), json);
        assert_eq!(
            read.named("a").unwrap().account("u1").unwrap().token.as_ref().unwrap().expose(),
            "token-secret"
        );
    }

    #[test]
    fn a_profile_is_found_by_its_server() {
        let mut profiles = Profiles::default();
        profiles.put("a", profile());
        assert_eq!(profiles.name_for("https://a.example.test/api/v1"), Some("a"));
        assert_eq!(profiles.name_for("https://b.example.test/api/v1"), None);
    }

    #[test]
    fn registering_again_forgets_the_old_token() {
        let mut profile = profile();
        profile.remember(&user("u1"), Password::new("new").unwrap());
        assert_eq!(profile.account("u1").unwrap().token, None);
    }

    #[test]
    fn forgetting_the_current_account_leaves_another_one_current() {
        let mut profile = profile();
        profile.remember(&user("u2"), Password::new("pw").unwrap());
        profile.forget(&user("u2"));
        assert_eq!(profile.user.as_deref(), Some("u1"));
        profile.forget(&user("u1"));
        assert_eq!((profile.user, profile.accounts.len()), (None, 0));
    }
}
