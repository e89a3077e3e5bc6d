//! Addresses (RFC 7622) and the platform's identifiers, validated once at the edge.
//!
//! ASCII letters of local part and domain are folded to lower case, as servers do. Other scripts
//! are taken as they stand: the platform's own ids are ASCII.

use crate::argument::InvalidArgument;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;

/// Each part of a JID is at most 1,023 bytes (RFC 7622 §3.1).
const PART_BYTES: usize = 1023;

/// Any address: `domain`, `local@domain`, or either with `/resource`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Jid {
    text: Box<str>,
    /// Byte offset of `@`.
    at: Option<u16>,
    /// Byte offset of `/`.
    slash: Option<u16>,
}

impl Jid {
    /// Parses an address.
    ///
    /// # Errors
    /// When a part is empty, longer than 1,023 bytes, or holds a character it must not hold.
    pub fn new(text: &str) -> Result<Self, InvalidArgument> {
        Self::parse("jid", text)
    }

    fn parse(name: &'static str, text: &str) -> Result<Self, InvalidArgument> {
        if let Some((at, slash)) = plain_offsets(text.as_bytes()) {
            return Ok(Self {
                text: text.into(),
                at,
                slash,
            });
        }
        let refuse = || InvalidArgument::new(name, format!("{name} format is invalid"));
        let slash = memchr::memchr(b'/', text.as_bytes());
        let bare = slash.map_or(text, |slash| &text[..slash]);
        let at = memchr::memchr(b'@', bare.as_bytes());
        let (local, domain) = match at {
            Some(at) => (Some(&bare[..at]), &bare[at + 1..]),
            None => (None, bare),
        };
        let parts_are_valid = local.is_none_or(is_local)
            && is_domain(domain)
            && slash.is_none_or(|slash| is_resource(&text[slash + 1..]));
        if !parts_are_valid {
            return Err(refuse());
        }
        let mut owned = text.to_owned();
        owned[..bare.len()].make_ascii_lowercase();
        let offset = |at: usize| u16::try_from(at).map_err(|_| refuse());
        Ok(Self {
            text: owned.into_boxed_str(),
            at: at.map(offset).transpose()?,
            slash: slash.map(offset).transpose()?,
        })
    }

    /// The whole address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The part before `@`.
    #[must_use]
    pub fn local(&self) -> Option<&str> {
        self.at.map(|at| &self.text[..usize::from(at)])
    }

    /// The domain.
    #[must_use]
    pub fn domain(&self) -> &str {
        let start = self.at.map_or(0, |at| usize::from(at) + 1);
        let end = self.slash.map_or(self.text.len(), usize::from);
        &self.text[start..end]
    }

    /// The part after `/`.
    #[must_use]
    pub fn resource(&self) -> Option<&str> {
        self.slash.map(|slash| &self.text[usize::from(slash) + 1..])
    }

    /// The address without its resource, as text.
    #[must_use]
    pub fn bare_str(&self) -> &str {
        &self.text[..self.slash.map_or(self.text.len(), usize::from)]
    }

    /// The address without its resource.
    #[must_use]
    pub fn bare(&self) -> BareJid {
        BareJid(Self {
            text: self.bare_str().into(),
            at: self.at,
            slash: None,
        })
    }

    /// The local part as a user id, when there is one.
    #[must_use]
    pub fn user_id(&self) -> Option<UserId> {
        self.local().map(|local| UserId(local.into()))
    }
}

/// An address without resource: an account, a group or a server.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BareJid(Jid);

impl BareJid {
    /// Parses an address that must not have a resource.
    ///
    /// # Errors
    /// As [`Jid::new`], and when there is a resource.
    pub fn new(text: &str) -> Result<Self, InvalidArgument> {
        let jid = Jid::parse("jid", text)?;
        if jid.slash.is_some() {
            return Err(InvalidArgument::new("jid", "must not have a resource"));
        }
        Ok(Self(jid))
    }

    /// Whether this is a group: the domain starts with `mix.` (observed: Web SDK 4.25.10).
    #[must_use]
    pub fn is_group(&self) -> bool {
        self.0.local().is_some() && self.0.domain().starts_with("mix.")
    }

    /// The same account with a resource.
    ///
    /// # Errors
    /// When the resource is empty, too long, or holds a control character.
    pub fn with_resource(&self, resource: &str) -> Result<FullJid, InvalidArgument> {
        FullJid::new(&format!("{self}/{resource}"))
    }
}

/// An address with resource: one session of an account.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FullJid(Jid);

impl FullJid {
    /// Parses an address that must have a resource.
    ///
    /// # Errors
    /// As [`Jid::new`], and when there is no resource.
    pub fn new(text: &str) -> Result<Self, InvalidArgument> {
        let jid = Jid::parse("jid", text)?;
        if jid.slash.is_none() {
            return Err(InvalidArgument::new("jid", "must have a resource"));
        }
        Ok(Self(jid))
    }
}

macro_rules! deref_to_jid {
    ($($name:ident)*) => {$(
        impl std::ops::Deref for $name {
            type Target = Jid;
            fn deref(&self) -> &Jid {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0.text)
            }
        }
        impl FromStr for $name {
            type Err = InvalidArgument;
            fn from_str(text: &str) -> Result<Self, InvalidArgument> {
                Self::new(text)
            }
        }
        impl From<$name> for Jid {
            fn from(jid: $name) -> Self {
                jid.0
            }
        }
    )*};
}
deref_to_jid!(BareJid FullJid);

impl fmt::Display for Jid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Jid {
    type Err = InvalidArgument;
    fn from_str(text: &str) -> Result<Self, InvalidArgument> {
        Self::new(text)
    }
}

/// A user's id: the local part of their JID.
///
/// Excluded are the characters that the official SDK's address pattern excludes:
/// space and `( " ' & \ / : < > @ )`.
#[derive(Clone, Debug, PartialOrd, Ord)]
pub struct UserId(Box<str>);

impl UserId {
    /// Validates a user id. A whole JID is refused: use [`Jid::user_id`].
    ///
    /// # Errors
    /// When it is empty, longer than 1,023 bytes or holds an excluded character.
    pub fn new(id: &str) -> Result<Self, InvalidArgument> {
        if id.is_empty() {
            return Err(InvalidArgument::new(
                "userId",
                "userId is not valid or required",
            ));
        }
        if !is_local(id) {
            return Err(InvalidArgument::new(
                "userId",
                "must be at most 1,023 bytes without space or any of ( \" ' & \\ / : < > @ )",
            ));
        }
        Ok(Self(id.to_ascii_lowercase().into()))
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

impl PartialEq for UserId {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl Eq for UserId {}
impl Hash for UserId {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}
impl std::borrow::Borrow<str> for UserId {
    fn borrow(&self) -> &str {
        &self.0
    }
}
impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl FromStr for UserId {
    type Err = InvalidArgument;
    fn from_str(text: &str) -> Result<Self, InvalidArgument> {
        Self::new(text)
    }
}

/// What a user registers with; the platform answers with the [`UserId`] it made of it.
///
/// Rules and messages are those of the official SDK's `register`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UserIdentifier(Box<str>);

impl UserIdentifier {
    /// Validates an identifier: lower-case ASCII letters, digits, `-` and `_`, at most 191 characters.
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

impl fmt::Display for UserIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl FromStr for UserIdentifier {
    type Err = InvalidArgument;
    fn from_str(text: &str) -> Result<Self, InvalidArgument> {
        Self::new(text)
    }
}

/// A group's address: `id@mix.host`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GroupJid(BareJid);

impl GroupJid {
    /// Parses a group's address.
    ///
    /// # Errors
    /// When it is not an address, has a resource, or its domain does not start with `mix.`.
    pub fn new(text: &str) -> Result<Self, InvalidArgument> {
        let jid = BareJid::new(text)?;
        if !jid.is_group() {
            return Err(InvalidArgument::new(
                "groupJid",
                "must be an address at a mix. domain",
            ));
        }
        Ok(Self(jid))
    }

    /// The address.
    #[must_use]
    pub fn as_bare(&self) -> &BareJid {
        &self.0
    }
}

impl fmt::Display for GroupJid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
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
            Jid::new(text).map(|jid| Self::Jid(jid.bare()))
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

/// Bytes that need no second look, in a local part or a domain.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        plain[byte] = matches!(byte as u8, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.');
        byte += 1;
    }
    plain
};

/// Where `@` and `/` stand in an address of plain lower-case ASCII, as nearly all are. `None` sends it the long way.
fn plain_offsets(text: &[u8]) -> Option<(Option<u16>, Option<u16>)> {
    // Shorter than one part may be: then none of the parts is too long, and every offset fits.
    if text.is_empty() || text.len() > PART_BYTES {
        return None;
    }
    let plain_until = |from: usize| {
        let rest = text[from..].iter();
        let end = rest.take_while(|byte| PLAIN[usize::from(**byte)]).count();
        from + end
    };
    let mut end = plain_until(0);
    let mut at = None;
    if text.get(end) == Some(&b'@') {
        at = Some(end as u16);
        end = plain_until(end + 1);
    }
    let domain = at.map_or(0, |at| usize::from(at) + 1);
    if at == Some(0) || end == domain {
        return None;
    }
    match text.get(end) {
        None => Some((at, None)),
        Some(b'/') => {
            let resource = &text[end + 1..];
            let is_valid = !resource.is_empty() && !resource.iter().any(u8::is_ascii_control);
            is_valid.then_some((at, Some(end as u16)))
        }
        Some(_) => None,
    }
}

fn is_local(local: &str) -> bool {
    if local.is_empty() || local.len() > PART_BYTES {
        return false;
    }
    !local.chars().any(|c| {
        c.is_control()
            || c.is_whitespace()
            || matches!(
                c,
                '(' | ')' | '"' | '\'' | '&' | '\\' | '/' | ':' | '<' | '>' | '@'
            )
    })
}

fn is_domain(domain: &str) -> bool {
    if domain.is_empty() || domain.len() > PART_BYTES {
        return false;
    }
    // A bracketed IPv6 literal has colons; nothing else may.
    let literal = domain.starts_with('[') && domain.ends_with(']');
    !domain.chars().any(|c| {
        c.is_control()
            || c.is_whitespace()
            || matches!(c, '"' | '\'' | '&' | '\\' | '/' | '<' | '>' | '@')
            || (c == ':' && !literal)
    })
}

fn is_resource(resource: &str) -> bool {
    !resource.is_empty()
        && resource.len() <= PART_BYTES
        && !resource.bytes().any(|b| b.is_ascii_control())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_split_at_the_first_slash_and_the_at_before_it() {
        let jid = Jid::new("u1@xmpp.example.test/Web/a@b").unwrap();
        assert_eq!(jid.local(), Some("u1"));
        assert_eq!(jid.domain(), "xmpp.example.test");
        assert_eq!(jid.resource(), Some("Web/a@b"));
        assert_eq!(jid.bare().as_str(), "u1@xmpp.example.test");
        assert_eq!(Jid::new("xmpp.example.test").unwrap().local(), None);
    }

    #[test]
    fn letters_of_local_part_and_domain_are_folded_but_not_of_the_resource() {
        assert_eq!(
            Jid::new("U1@Example.Test/Web").unwrap().as_str(),
            "u1@example.test/Web"
        );
    }

    #[test]
    fn malformed_addresses_are_refused() {
        for text in [
            "",
            "@x.test",
            "a@",
            "a@b/",
            "a b@x.test",
            "a@x y",
            "a@x/\u{7}",
            "a<b@x.test",
            "a@b@c",
        ] {
            assert!(Jid::new(text).is_err(), "{text:?} was accepted");
        }
        assert!(Jid::new(&format!("{}@x.test", "a".repeat(1024))).is_err());
    }

    #[test]
    fn the_short_way_finds_what_the_long_way_finds() {
        for text in [
            "h.test",
            "u1@h.test",
            "u1@h.test/Web",
            "h.test/a b",
            "u1@h.test/a@b/c",
            "9-.@9-.",
            "u_1@h.test",
            "U@H.TEST/R",
        ] {
            let jid = Jid::new(text).unwrap();
            let (bare, resource) = match text.split_once('/') {
                Some((bare, resource)) => (bare, Some(resource)),
                None => (text, None),
            };
            assert_eq!(jid.resource(), resource, "{text}");
            assert_eq!(jid.bare_str(), bare.to_ascii_lowercase(), "{text}");
            assert_eq!(jid.local().is_some(), bare.contains('@'), "{text}");
            assert_eq!(
                jid.domain(),
                bare.rsplit('@').next().unwrap().to_ascii_lowercase()
            );
        }
    }

    #[test]
    fn a_group_is_known_by_its_domain() {
        assert!(GroupJid::new("g1@mix.xmpp.example.test").is_ok());
        assert_eq!(
            GroupJid::new("u1@xmpp.example.test").unwrap_err().name,
            "groupJid"
        );
    }

    #[test]
    fn user_identifiers_follow_the_official_rules_with_the_official_messages() {
        let reason = |text| UserIdentifier::new(text).unwrap_err().reason.into_owned();
        assert!(UserIdentifier::new("al-ice_01").is_ok());
        assert_eq!(
            reason(""),
            "User identifier is empty, Please pass valid user identifier"
        );
        assert_eq!(
            reason("al ice"),
            "User identifier should not contain the whitespaces"
        );
        assert!(reason("Alice").starts_with("User identifiers can only contain lowercase"));
    }

    #[test]
    fn a_user_id_refuses_what_the_official_address_pattern_excludes() {
        for id in ["", "a b", "a@b", "a/b", "a:b", "(a", "a\"", "a&b"] {
            assert_eq!(UserId::new(id).unwrap_err().name, "userId", "{id:?}");
        }
        assert_eq!(
            UserId::new("u1").unwrap().at("h.test").unwrap().as_str(),
            "u1@h.test"
        );
    }
}
