//! Addresses (RFC 7622) and the platform's identifiers, validated once at the edge.
//!
//! Different spellings of one address are equal: letters of local part and domain are folded to
//! lower case, characters beyond ASCII are prepared as servers do, and a domain in the ASCII form
//! of DNS (`xn--bcher-kva.test`) becomes the domain that it stands for (`bücher.test`).

mod escaping;
mod group;
mod prepare;
mod syntax;
mod user;

pub use escaping::{escape_local, unescape_local};
pub use group::GroupJid;
pub use user::{UserId, UserIdentifier, UserReference};

use crate::argument::InvalidArgument;
use std::fmt;
use syntax::{is_domain, is_local, is_resource, plain_offsets};

/// A domain as in addresses; `None` when it holds characters that no domain can hold.
pub(crate) fn prepare_domain(domain: &str) -> Option<std::borrow::Cow<'_, str>> {
    prepare::domain(domain).filter(|prepared| is_domain(prepared))
}

/// Three parts of 1,023 bytes with `@` and `/`.
const LONGEST: usize = 3 * 1_023 + 2;

/// Any address: `domain`, `local@domain`, or either with `/resource`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
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
    /// When a part is empty, longer than 1,023 bytes, or holds a forbidden character.
    pub fn new(text: &str) -> Result<Self, InvalidArgument> {
        Self::parse("jid", text)
    }

    fn parse(name: &'static str, text: &str) -> Result<Self, InvalidArgument> {
        if let Some((at, slash)) = plain_offsets(text.as_bytes()) {
            return Ok(Self { text: text.into(), at, slash });
        }
        let refuse = || InvalidArgument::new(name, format!("{name} format is invalid"));
        // Preparation may shorten a part, but not by that much.
        if text.len() > 4 * LONGEST {
            return Err(refuse());
        }
        let (bare, resource) = match text.split_once('/') {
            Some((bare, resource)) => (bare, Some(prepare::resource(resource))),
            None => (text, None),
        };
        let (local, domain) = match bare.split_once('@') {
            Some((local, domain)) => (Some(prepare::local(local).ok_or_else(refuse)?), domain),
            None => (None, bare),
        };
        let domain = prepare::domain(domain).ok_or_else(refuse)?;
        let parts_are_valid = local.as_deref().is_none_or(is_local)
            && is_domain(&domain)
            && resource.as_deref().is_none_or(is_resource);
        if !parts_are_valid {
            return Err(refuse());
        }
        let mut owned = String::with_capacity(text.len());
        // Parts of valid lengths: offsets fit.
        let mut at = None;
        if let Some(local) = local {
            owned.push_str(&local);
            at = Some(owned.len() as u16);
            owned.push('@');
        }
        owned.push_str(&domain);
        let mut slash = None;
        if let Some(resource) = resource {
            slash = Some(owned.len() as u16);
            owned.push('/');
            owned.push_str(&resource);
        }
        Ok(Self { text: owned.into_boxed_str(), at, slash })
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

    /// The domain of the address.
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
        BareJid(Self { text: self.bare_str().into(), at: self.at, slash: None })
    }

    /// The address without its resource, like [`Jid::bare`]; takes the text without copying when
    /// there is no resource.
    #[must_use]
    pub fn into_bare(self) -> BareJid {
        if self.slash.is_some() { self.bare() } else { BareJid(self) }
    }

    /// The local part as a user id, when there is one.
    #[must_use]
    pub fn user_id(&self) -> Option<UserId> {
        self.local().map(UserId::of_local)
    }
}

/// An address without resource: an account, a group or a server.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
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

    /// The address with a resource.
    ///
    /// # Errors
    /// When the resource is empty, too long, or holds a control character.
    pub fn with_resource(&self, resource: &str) -> Result<FullJid, InvalidArgument> {
        FullJid::new(&format!("{self}/{resource}"))
    }
}

/// An address with resource: one session of an account.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
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
        impl AsRef<Jid> for $name {
            fn as_ref(&self) -> &Jid {
                &self.0
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($name)).field(&self.0.text).finish()
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
text_form!(Jid BareJid FullJid);

impl AsRef<Self> for Jid {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl fmt::Debug for Jid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Jid").field(&self.text).finish()
    }
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
    fn a_part_that_is_too_long_is_refused() {
        assert!(Jid::new(&format!("{}@x.test", "a".repeat(1024))).is_err());
    }

    #[test]
    fn plain_and_other_addresses_are_split_alike() {
        for text in [
            "h.test",
            "u1@h.test",
            "u1@h.test/Web",
            "h.test/a b",
            "u1@h.test/a@b/c",
            "9-.@9-",
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
            assert_eq!(jid.domain(), bare.rsplit('@').next().unwrap().to_ascii_lowercase());
        }
    }
}
