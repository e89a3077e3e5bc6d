//! The contact list (RFC 6121 §2).
//!
//! Wire form: [`mfly_proto::payload::standard::roster`]. Who sees whose presence is agreed on with
//! [`Session::subscribe`] and its like.

use super::session::Session;
use crate::error::{Error, ErrorKind, Result};
use mfly_proto::jid::Jid;
use mfly_proto::payload::standard::roster::{GetRoster, Roster, RosterItem, SetRosterItem};

impl Session {
    /// The contact list; entries that cannot be read are left out of it and counted
    /// ([`Listed::skipped_count`](crate::Listed::skipped_count)). From then on
    /// [`Event::RosterPush`](super::Event::RosterPush) tells this connection of changes, and the
    /// server presence of contacts: after [`Event::Connected`](super::Event::Connected) that was
    /// not resumed, ask again.
    ///
    /// # Errors
    /// When the request fails; see [`ErrorKind`](crate::ErrorKind).
    pub async fn roster(&self) -> Result<Roster> {
        let roster = self.request(&GetRoster::default()).await?;
        // Nothing at all would say that an earlier version is still the latest, and none was named.
        roster.ok_or_else(|| Error::from(ErrorKind::UnexpectedAnswer))
    }

    /// Adds a contact, or changes the name and groups of one. Presence is not asked for:
    /// [`Session::subscribe`].
    ///
    /// # Errors
    /// When the request fails; see [`ErrorKind`](crate::ErrorKind).
    pub async fn add_contact(&self, jid: &Jid, name: Option<&str>, groups: &[&str]) -> Result<()> {
        let mut item = RosterItem::new(jid.clone());
        item.name = name.map(str::to_owned);
        item.groups = groups.iter().map(|&group| group.to_owned()).collect();
        self.request(&SetRosterItem { item }).await
    }

    /// Takes a contact off the list. Neither sees the other's presence any more.
    ///
    /// # Errors
    /// When the request fails; see [`ErrorKind`](crate::ErrorKind).
    pub async fn remove_contact(&self, jid: &Jid) -> Result<()> {
        self.request(&SetRosterItem::remove(jid.clone())).await
    }
}
