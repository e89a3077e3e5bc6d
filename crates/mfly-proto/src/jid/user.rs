//! Users as they are named: ids, identifiers, references.

use super::syntax::is_local;
use super::{BareJid, Jid, prepare};
use crate::argument::InvalidArgument;

/// A user's id: the local part of their JID.
///
/// It may hold what a local part may hold (RFC 7622 §3.3.1): anything but space, control characters
/// and `" & ' / : < > @`. The official SDK's address pattern excludes `( ) \` as well; a server
/// that has such users names them all the same, so they can be read and used here. What a user
/// registers with is narrower: [`UserIdentifier`].
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

    /// The id of a local part that was checked before.
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

/// What a user registers with; the platform answers with the [`UserId`] it made of it.
///
/// Rules and messages are those of the official SDK's `register` (observed: Web SDK 4.25.10):
/// lower-case ASCII letters, digits, `-` and `_`. The vendor's pages differ; most of them say
/// "alphanumeric only". Where they and the SDK disagree, the SDK is followed, because it is what
/// the platform gets to see.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UserIdentifier(Box<str>);

impl UserIdentifier {
    /// Validates an identifier: lower-case ASCII letters, digits, `-` and `_`, at most 191
    /// characters.
    ///
    /// # Errors
    /// When it is anything else.
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

/// A user or group as a peer may name it: an address, or the bare id that the address starts with.
///
/// The platform mixes the two; which one stands where is not always known.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum UserReference {
    /// A bare id.
    Id(UserId),
    /// An address, its resource dropped.
    Jid(BareJid),
}

impl UserReference {
    /// Reads either form.
    ///
    /// # Errors
    /// When it is neither.
    pub fn new(text: &str) -> Result<Self, InvalidArgument> {
        if text.contains('@') {
            Jid::new(text).map(|jid| Self::Jid(jid.into_bare()))
        } else {
            UserId::new(text).map(Self::Id)
        }
    }

    /// As it was named.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Id(id) => id.as_str(),
            Self::Jid(jid) => jid.as_str(),
        }
    }

    /// The address: as it is, or the id at `host`.
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
    fn a_user_id_is_whatever_a_local_part_may_be() {
        for id in ["a(b)", "juliet\\40example.com", "d\\27artagnan", "[a]"] {
            assert_eq!(UserId::new(id).unwrap().as_str(), id);
        }
        for id in ["", "a b", "a@b", "a/b", "a:b", "a'", "a\"", "a&b"] {
            assert_eq!(UserId::new(id).unwrap_err().name, "userId", "{id:?}");
        }
        assert_eq!(UserId::new("u1").unwrap().at("h.test").unwrap().as_str(), "u1@h.test");
    }
}
