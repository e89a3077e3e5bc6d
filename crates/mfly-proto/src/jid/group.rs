//! Groups.

use super::BareJid;
use crate::argument::InvalidArgument;
use std::fmt;

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
            return Err(InvalidArgument::new("groupJid", "must be an address at a mix. domain"));
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_known_by_its_domain() {
        assert!(GroupJid::new("g1@mix.xmpp.example.test").is_ok());
        assert_eq!(GroupJid::new("u1@xmpp.example.test").unwrap_err().name, "groupJid");
    }
}
