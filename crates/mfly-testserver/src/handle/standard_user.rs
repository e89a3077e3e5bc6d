//! Changes standard accounts of a running server, bypassing the network.

use crate::core::feature::standard::account;
use crate::core::world::{StandardAccount, World};
use crate::handle::user::{UserError, found};
use crate::state::ServerState;
use mfly_proto::argument::InvalidArgument;
use mfly_proto::jid::{BareJid, FullJid, UserId};
use mfly_proto::secret::Password;
use mfly_proto::xml::{Document, Limits};
use std::sync::Arc;

/// One standard account. Its methods bypass the network.
#[derive(Clone, Debug)]
pub struct StandardUserHandle {
    state: Arc<ServerState>,
    id: UserId,
    jid: BareJid,
}

impl StandardUserHandle {
    pub(crate) fn make(
        state: Arc<ServerState>,
        name: &str,
        password: &str,
    ) -> Result<Self, UserError> {
        let id = UserId::new(name)?;
        let password = Password::new(password)?;
        let jid = state.with_core(|core, now| {
            let world = core.world_mut();
            account::set(world, now, id.clone(), password)?;
            Ok::<_, UserError>(world.jid_of(&id).bare())
        })?;
        Ok(Self { state, id, jid })
    }

    /// The account's address.
    #[must_use]
    pub const fn jid(&self) -> &BareJid {
        &self.jid
    }

    /// Whether the account still exists.
    #[must_use]
    pub fn exists(&self) -> bool {
        self.look(|_, _| ()).is_some()
    }

    /// The addresses of the account's sessions.
    #[must_use]
    pub fn sessions(&self) -> Vec<FullJid> {
        let sessions = self.look(|world, own| {
            let streams = world.streams_of(&own.id).into_iter();
            let sessions = streams.filter_map(|stream| world.session(stream));
            sessions.map(|session| session.jid.clone()).collect()
        });
        sessions.unwrap_or_default()
    }

    /// Whether one of the account's sessions is available.
    #[must_use]
    pub fn is_online(&self) -> bool {
        self.look(|world, own| world.is_online(&own.id)).unwrap_or_default()
    }

    /// Whether the account has blocked this address, or its whole domain.
    #[must_use]
    pub fn has_blocked(&self, jid: &BareJid) -> bool {
        self.look(|_, own| own.blocks(jid)).unwrap_or_default()
    }

    /// The account's vCard as its owner wrote it, if there is one.
    #[must_use]
    pub fn vcard(&self) -> Option<String> {
        self.look(|_, own| own.card.as_ref().map(|card| card.as_str().to_owned()))?
    }

    /// Replaces the account's vCard by one `<vCard/>` of XEP-0054 of any length. Contacts are not
    /// notified.
    ///
    /// # Errors
    /// [`UserError::InvalidArgument`] if `card` is no XML, [`UserError::NoSuchUser`] if the account
    /// was removed.
    pub fn set_vcard(&self, card: &str) -> Result<(), UserError> {
        let limits = Limits { bytes: card.len(), ..Limits::default() };
        let card = Document::parse(card.to_owned(), &limits)
            .map_err(|error| InvalidArgument::new("card", error.to_string()))?;
        self.state.with_core(|core, _| {
            let account = core.world_mut().standard_mut(&self.id);
            account.ok_or(UserError::NoSuchUser)?.card = Some(card);
            Ok(())
        })
    }

    /// Sets the account's password. A different password ends its sessions.
    ///
    /// # Errors
    /// [`UserError::InvalidArgument`] for an empty password, or one with control characters.
    pub fn set_password(&self, password: &str) -> Result<(), UserError> {
        let password = Password::new(password)?;
        let id = self.id.clone();
        self.state.with_core(|core, now| account::set(core.world_mut(), now, id, password))?;
        Ok(())
    }

    /// Makes the account and `other` contacts of each other, who see each other's presence.
    ///
    /// # Errors
    /// [`UserError::NoSuchUser`] when one of them was removed.
    pub fn make_contact(&self, other: &Self) -> Result<(), UserError> {
        let (one, other) = (&self.id, &other.id);
        found(self.state.with_core(|core, _| account::befriend(core.world_mut(), one, other)))
    }

    /// Removes the account from the server and from its contacts' rosters, and ends its sessions.
    /// `false` if there is no such account.
    pub fn remove(&self) -> bool {
        self.state.with_core(|core, now| account::remove(core.world_mut(), now, &self.id))
    }

    fn look<R>(&self, work: impl FnOnce(&World, &StandardAccount) -> R) -> Option<R> {
        self.state.read_core(|core| {
            let account = core.world().standard(&self.id)?;
            Some(work(core.world(), account))
        })
    }
}
