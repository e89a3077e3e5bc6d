//! Standard accounts: a name and a permanent password, and what XMPP clients expect of a
//! server.
//!
//! They share host and streams with the platform's accounts but not their rules: contacts
//! have to be added, profiles are in clear and as the client wrote them, and no plan limits
//! anything. The two kinds do not see each other's presence or profile; messages pass.

use super::roster::Roster;
use super::{RegistrationId, Timestamp, World};
use mfly_proto::jid::{Jid, UserId};
use mfly_proto::sasl::{ScramCredentials, ScramHash};
use mfly_proto::secret::Password;
use mfly_proto::xml::Document;
use std::collections::BTreeSet;
use thiserror::Error;

/// Why an account cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum StandardError {
    /// The name belongs to an account of the platform.
    #[error("the name belongs to an account of the platform")]
    Taken,
    /// The server has as many accounts as its settings allow.
    #[error("the server holds as many accounts as it can")]
    TooManyUsers,
}

/// A standard account.
#[derive(Clone, Debug)]
pub(crate) struct StandardAccount {
    /// The local part of its address.
    pub(crate) id: UserId,
    /// Which password is good. Sessions of an earlier one have ended.
    pub(crate) login: RegistrationId,
    /// The password in clear.
    pub(crate) password: Password,
    /// Its SCRAM credentials, derived when a client first asks for them.
    scram: Vec<ScramCredentials>,
    /// Whether the account is removed with its last session.
    pub(crate) is_temporary: bool,
    /// The contacts of the account.
    pub(crate) roster: Roster,
    /// Its vCard, as the client wrote it.
    pub(crate) card: Option<Document>,
    /// Whom it has blocked: accounts, sessions, or whole domains.
    pub(crate) blocked: BTreeSet<Jid>,
    /// The end of its last session, and the status text of its `unavailable`.
    pub(crate) left: Option<(Timestamp, Option<String>)>,
    /// When it was made.
    pub(crate) made_at: Timestamp,
}

impl StandardAccount {
    /// An account without contacts and profile.
    pub(super) fn new(
        id: UserId,
        login: RegistrationId,
        password: Password,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            login,
            password,
            scram: Vec::new(),
            is_temporary: false,
            roster: Roster::default(),
            card: None,
            blocked: BTreeSet::new(),
            left: None,
            made_at: now,
        }
    }

    /// Whether the account blocks an address (XEP-0191 §2).
    pub(crate) fn blocks(&self, jid: &Jid) -> bool {
        let is_blocked = |text: &str| Jid::new(text).is_ok_and(|jid| self.blocked.contains(&jid));
        if self.blocked.is_empty() {
            return false;
        }
        let domain = jid.domain();
        self.blocked.contains(jid)
            || is_blocked(jid.bare_str())
            || is_blocked(domain)
            || jid.resource().is_some_and(|resource| is_blocked(&format!("{domain}/{resource}")))
    }
}

impl World {
    /// A standard account.
    pub(crate) fn standard(&self, id: &UserId) -> Option<&StandardAccount> {
        self.standard.get(id)
    }

    /// A standard account, to change it.
    pub(crate) fn standard_mut(&mut self, id: &UserId) -> Option<&mut StandardAccount> {
        self.standard.get_mut(id)
    }

    /// Makes an account that is removed with its last session.
    ///
    /// # Errors
    /// See [`StandardError`].
    pub(crate) fn add_temporary(
        &mut self,
        now: Timestamp,
        id: UserId,
    ) -> Result<RegistrationId, StandardError> {
        // Cannot fail: hexadecimal digits are a valid password.
        let password = Password::new(self.fresh_id()).map_err(|_| StandardError::TooManyUsers)?;
        self.set_standard(now, id.clone(), password, true)?;
        let account = self.standard.get(&id);
        account.map(|account| account.login).ok_or(StandardError::TooManyUsers)
    }

    /// The SCRAM credentials of a user. An unknown user gets credentials that look alike and match
    /// no password.
    pub(crate) fn scram_credentials(
        &mut self,
        hash: ScramHash,
        name: &str,
    ) -> (Option<(UserId, RegistrationId)>, ScramCredentials) {
        let iterations = self.settings.scram_iterations;
        let id = UserId::new(name).ok();
        let salt: [u8; 16] = self.ids.bytes();
        if let Some(account) = id.and_then(|id| self.standard.get_mut(&id)) {
            let login = (account.id.clone(), account.login);
            let known = account.scram.iter().find(|known| known.hash() == hash);
            if let Some(known) = known {
                return (Some(login), known.clone());
            }
            let derived = ScramCredentials::derive(hash, &account.password, &salt, iterations);
            // A password that SCRAM cannot use is one for PLAIN alone.
            if let Ok(derived) = derived {
                account.scram.push(derived.clone());
                return (Some(login), derived);
            }
        }
        let secret = self.ids.secret();
        (None, ScramCredentials::dummy(hash, name, &secret, iterations))
    }

    /// The server's part of a SCRAM exchange's nonce.
    pub(crate) fn scram_nonce(&mut self) -> [u8; 24] {
        self.ids.bytes()
    }

    /// Whether this is a standard account's password, and which one.
    pub(crate) fn check_standard(&self, id: &UserId, password: &str) -> Option<RegistrationId> {
        let account = self.standard.get(id)?;
        (account.password.expose() == password && !account.is_temporary).then_some(account.login)
    }

    /// Makes a standard account, or gives one another password. Whether one was changed: its
    /// sessions have to end then.
    ///
    /// # Errors
    /// See [`StandardError`].
    pub(crate) fn set_standard(
        &mut self,
        now: Timestamp,
        id: UserId,
        password: Password,
        is_temporary: bool,
    ) -> Result<bool, StandardError> {
        if self.users.contains_key(&id) {
            return Err(StandardError::Taken);
        }
        let login = RegistrationId(self.ids.number());
        if let Some(account) = self.standard.get_mut(&id) {
            let is_changed = account.password != password;
            if is_changed {
                account.password = password;
                account.scram.clear();
                account.login = login;
            }
            return Ok(is_changed);
        }
        if self.users.len() + self.standard.len() >= self.settings.max_users {
            return Err(StandardError::TooManyUsers);
        }
        let account = StandardAccount::new(id.clone(), login, password, now);
        let account = StandardAccount { is_temporary, ..account };
        self.standard.insert(id, account);
        Ok(false)
    }

    /// Removes a standard account.
    pub(crate) fn remove_standard(&mut self, id: &UserId) {
        self.standard.remove(id);
    }
}

#[cfg(test)]
mod tests {
    use crate::core::testing::{Server, id};
    use mfly_proto::jid::Jid;

    #[test]
    fn a_block_covers_an_address_its_sessions_and_its_domain_as_it_says() {
        let mut server = Server::new();
        server.standard("u1");
        let blocks = |server: &mut Server, blocked: &str, jid: &str| {
            let world = server.core.world_mut();
            let account = world.standard_mut(&id("u1")).unwrap();
            account.blocked = [Jid::new(blocked).unwrap()].into();
            account.blocks(&Jid::new(jid).unwrap())
        };
        for (blocked, jid, expected) in [
            ("u2@h.test", "u2@h.test", true),
            ("u2@h.test", "u2@h.test/a", true),
            ("u2@h.test/a", "u2@h.test/a", true),
            ("u2@h.test/a", "u2@h.test/b", false),
            ("u2@h.test/a", "u2@h.test", false),
            ("h.test", "u2@h.test/a", true),
            ("h.test", "u2@x.h.test", false),
            ("h.test/a", "u2@h.test/a", true),
            ("h.test/a", "u2@h.test/b", false),
        ] {
            assert_eq!(blocks(&mut server, blocked, jid), expected, "{blocked} {jid}");
        }
    }
}
