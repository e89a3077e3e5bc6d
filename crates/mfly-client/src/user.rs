//! Naming a user: by id or by address.

use mfly_proto::argument::InvalidArgument;
use mfly_proto::jid::{BareJid, FullJid, Jid, UserId, UserReference};

/// Whatever names one user: [`UserId`], [`BareJid`], [`FullJid`], [`Jid`] or [`UserReference`].
///
/// Every operation on a user takes any of them, so ids and addresses need not be converted by hand.
pub trait AsUser: sealed::Sealed {
    /// The user's id, when this names a user of the platform at `host`.
    ///
    /// # Errors
    /// When an address has no local part, or belongs to another host.
    #[doc(hidden)]
    fn as_user(&self, host: &str) -> Result<UserId, InvalidArgument>;
}

mod sealed {
    #[expect(unnameable_types, reason = "nobody else may implement it")]
    pub trait Sealed {}
}

impl sealed::Sealed for UserId {}
impl AsUser for UserId {
    fn as_user(&self, _: &str) -> Result<UserId, InvalidArgument> {
        Ok(self.clone())
    }
}

impl sealed::Sealed for Jid {}
impl AsUser for Jid {
    fn as_user(&self, host: &str) -> Result<UserId, InvalidArgument> {
        let user = self.user_id().ok_or_else(|| {
            InvalidArgument::new("toUserJid", "toUserJid format is invalid: it names no user")
        })?;
        if self.domain() == host {
            Ok(user)
        } else {
            Err(InvalidArgument::new(
                "toUserJid",
                format!("must be an address at {host}: users of other hosts cannot be reached"),
            ))
        }
    }
}

macro_rules! as_its_jid {
    ($($name:ident)*) => {$(
        impl sealed::Sealed for $name {}
        impl AsUser for $name {
            fn as_user(&self, host: &str) -> Result<UserId, InvalidArgument> {
                Jid::as_user(self, host)
            }
        }
    )*};
}
as_its_jid!(BareJid FullJid);

impl sealed::Sealed for UserReference {}
impl AsUser for UserReference {
    fn as_user(&self, host: &str) -> Result<UserId, InvalidArgument> {
        match self {
            Self::Id(user) => Ok(user.clone()),
            Self::Jid(jid) => jid.as_user(host),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_and_the_addresses_of_its_sessions_name_the_same_user() {
        let id = UserId::new("u2").unwrap();
        let bare = BareJid::new("u2@xmpp.example.test").unwrap();
        let full = bare.with_resource("Web-1").unwrap();
        let host = "xmpp.example.test";
        assert_eq!(bare.as_user(host).unwrap(), id);
        assert_eq!(full.as_user(host).unwrap(), id);
        assert_eq!(UserReference::Jid(bare).as_user(host).unwrap(), id);
        assert_eq!(id.as_user(host).unwrap(), id);
    }

    #[test]
    fn a_group_a_server_or_a_user_elsewhere_is_refused() {
        for text in ["g1@mix.xmpp.example.test", "xmpp.example.test", "u2@elsewhere.test"] {
            let jid = BareJid::new(text).unwrap();
            assert_eq!(jid.as_user("xmpp.example.test").unwrap_err().name, "toUserJid", "{text}");
        }
    }
}
