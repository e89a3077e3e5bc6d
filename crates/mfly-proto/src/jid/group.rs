//! Addresses of groups.

use super::BareJid;
use crate::argument::InvalidArgument;

/// The address of a group: `id@mix.host`.
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

    /// The address as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The bare address.
    #[must_use]
    pub fn as_bare(&self) -> &BareJid {
        &self.0
    }
}

text_form!(GroupJid);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_known_by_its_domain() {
        assert!(GroupJid::new("g1@mix.xmpp.example.test").is_ok());
        assert_eq!(GroupJid::new("u1@xmpp.example.test").unwrap_err().name, "groupJid");
    }
}
