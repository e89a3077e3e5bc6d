//! Names of users: ids, identifiers, references.

use super::syntax::is_local;
use super::{BareJid, Jid, prepare};
use crate::argument::InvalidArgument;

/// A user's id: the local part of their JID.
///
/// It may hold the characters of a local part (RFC 7622 §3.3.1): all but space, control characters
/// and `" & ' / : < > @`. The address pattern of the official SDK excludes `( ) \` as well, but
/// servers may have such users, so they are accepted. Identifiers for registration are narrower:
/// [`UserIdentifier`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserId(Box<str>);

impl UserId {
    /// Validates a user id. A whole JID is refused: use [`Jid::user_id`].
    ///
    /// # Errors
    /// When it is empty, longer than 1,023 bytes or holds an excluded character.
    pub fn new(id: &str) -> Result<Self, InvalidArgument> {
        if id.is_empty() {
            return Err(InvalidArgument::new("userId", "userId is not valid or required"));
        }
        match prepare::local(id).filter(|id| is_local(id)) {
            Some(id) => Ok(Self(id.into())),
            None => Err(InvalidArgument::new(
                "userId",
                "must be at most 1,023 bytes without space or any of \" & ' / : < > @",
            )),
        }
    }

    /// The id of a valid local part.
    pub(super) fn of_local(local: &str) -> Self {
        Self(local.into())
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// This user's address on `host`.
    ///
    /// # Errors
    /// When `host` is not a domain.
    pub fn at(&self, host: &str) -> Result<BareJid, InvalidArgument> {
        BareJid::new(&format!("{self}@{host}"))
    }
}

impl std::borrow::Borrow<str> for UserId {
    fn borrow(&self) -> &str {
        &self.0
    }
}
text_form!(UserId UserIdentifier);

/// The identifier with which a user registers; the platform answers with the resulting [`UserId`].
///
/// Rules and messages are those of the official SDK's `register` (observed: Web SDK 4.25.10):
/// lower-case ASCII letters, digits, `-` and `_`. The vendor's pages differ, most of them say
/// "alphanumeric only"; the rules of the SDK are used because the platform receives its requests.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UserIdentifier(Box<str>);

impl UserIdentifier {
    /// Validates an identifier: lower-case ASCII letters, digits, `-` and `_`, at most 191
    /// characters.
    ///
    /// # Errors
    /// When it has another form.
    pub fn new(identifier: &str) -> Result<Self, InvalidArgument> {
        let refuse = |reason: &'static str| Err(InvalidArgument::new("userIdentifier", reason));
        if identifier.is_empty() {
            return refuse("User identifier is empty, Please pass valid user identifier");
        }
        if identifier.contains(char::is_whitespace) {
            return refuse("User identifier should not contain the whitespaces");
        }
        let allowed = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
        if !identifier.bytes().all(allowed) {
            return refuse(
                "User identifiers can only contain lowercase alphanumeric characters, hyphens (-), and underscores (_).",
            );
        }
        if identifier.len() > 191 {
            return refuse("must be at most 191 characters");
        }
        Ok(Self(identifier.into()))
    }

    /// The identifier as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A user or group named by a peer: an address, or its local part alone.
///
/// The platform uses both forms, and it is not always known which one it sends.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum UserReference {
    /// A user id.
    Id(UserId),
    /// An address without resource.
    Jid(BareJid),
}

impl UserReference {
    /// Reads an address or an id.
    ///
    /// # Errors
    /// When the text is neither.
    pub fn new(text: &str) -> Result<Self, InvalidArgument> {
        if text.contains('@') {
            Jid::new(text).map(|jid| Self::Jid(jid.into_bare()))
        } else {
            UserId::new(text).map(Self::Id)
        }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Id(id) => id.as_str(),
            Self::Jid(jid) => jid.as_str(),
        }
    }

    /// The address itself, or the address of the id at `host`.
    ///
    /// # Errors
    /// When `host` is not a domain.
    pub fn at(&self, host: &str) -> Result<BareJid, InvalidArgument> {
        match self {
            Self::Id(id) => id.at(host),
            Self::Jid(jid) => Ok(jid.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_identifiers_follow_the_official_rules_with_the_official_messages() {
        let reason = |text| UserIdentifier::new(text).unwrap_err().reason.into_owned();
        assert!(UserIdentifier::new("al-ice_01").is_ok());
        assert_eq!(reason(""), "User identifier is empty, Please pass valid user identifier");
        assert_eq!(reason("al ice"), "User identifier should not contain the whitespaces");
        assert!(reason("Alice").starts_with("User identifiers can only contain lowercase"));
    }

    #[test]
    fn every_local_part_is_a_user_id() {
        for id in ["a(b)", "juliet\\40example.com", "d\\27artagnan", "[a]"] {
            assert_eq!(UserId::new(id).unwrap().as_str(), id);
        }
        for id in ["", "a b", "a@b", "a/b", "a:b", "a'", "a\"", "a&b"] {
            assert_eq!(UserId::new(id).unwrap_err().name, "userId", "{id:?}");
        }
        assert_eq!(UserId::new("u1").unwrap().at("h.test").unwrap().as_str(), "u1@h.test");
    }
}
