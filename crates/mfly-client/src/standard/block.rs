//! Blocking addresses (XEP-0191).
//!
//! Wire form: [`mfly_proto::payload::standard::block`].

#[cfg(doc)]
use super::event::Event;
use super::session::Session;
use crate::error::Result;
use mfly_proto::argument::InvalidArgument;
use mfly_proto::jid::Jid;
use mfly_proto::listed::Listed;
use mfly_proto::payload::standard::block::{BlockAddresses, GetBlockList, UnblockAddresses};

impl Session {
    /// Blocks addresses, each an account, one of its sessions, or a whole domain: nothing passes
    /// between them and the own account any more. [`Event::Blocked`] tells every session of the
    /// account that has asked for the list.
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) when the list is empty; otherwise see
    /// [`ErrorKind`](crate::ErrorKind).
    pub async fn block(&self, jids: &[Jid]) -> Result<()> {
        let addresses = not_empty(jids)?;
        self.request(&BlockAddresses { addresses }).await
    }

    /// Unblocks addresses.
    ///
    /// # Errors
    /// As [`Session::block`].
    pub async fn unblock(&self, jids: &[Jid]) -> Result<()> {
        let addresses = not_empty(jids)?;
        self.request(&UnblockAddresses { addresses }).await
    }

    /// Unblocks all addresses.
    ///
    /// # Errors
    /// When the request fails; see [`ErrorKind`](crate::ErrorKind).
    pub async fn unblock_all(&self) -> Result<()> {
        self.request(&UnblockAddresses::default()).await
    }

    /// The addresses that the own account has blocked. From then on [`Event::Blocked`] and
    /// [`Event::Unblocked`] tell this connection of changes: after [`Event::Connected`] that was
    /// not resumed, ask again.
    ///
    /// # Errors
    /// When the request fails; see [`ErrorKind`](crate::ErrorKind).
    pub async fn blocked(&self) -> Result<Listed<Jid>> {
        self.request(&GetBlockList).await
    }
}

/// Refuses an empty list, which would unblock all addresses.
fn not_empty(jids: &[Jid]) -> Result<Vec<Jid>, InvalidArgument> {
    if jids.is_empty() {
        return Err(InvalidArgument::new("jids", "must not be empty"));
    }
    Ok(jids.to_vec())
}
