//! Blocking addresses (XEP-0191).
//!
//! Wire form: [`mfly_proto::blocking`].

use super::event::Event;
use super::session::Session;
use crate::error::Result;
use mfly_proto::argument::InvalidArgument;
use mfly_proto::blocking::{Block, BlockPush, Blocked, Unblock};
use mfly_proto::jid::Jid;

impl Session {
    /// Blocks addresses, each an account, one of its sessions, or a whole domain: nothing passes between them and the own
    /// account any more. [`Event::Blocked`] tells every session of the account that has asked for the list.
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) when nobody is named; otherwise see
    /// [`ErrorKind`](crate::ErrorKind).
    pub async fn block(&self, jids: &[Jid]) -> Result<()> {
        let jids = somebody(jids)?;
        self.request(&Block { jids }).await
    }

    /// Unblocks addresses.
    ///
    /// # Errors
    /// As [`Session::block`].
    pub async fn unblock(&self, jids: &[Jid]) -> Result<()> {
        let jids = somebody(jids)?;
        self.request(&Unblock { jids }).await
    }

    /// Unblocks everybody.
    ///
    /// # Errors
    /// When the request fails; see [`ErrorKind`](crate::ErrorKind).
    pub async fn unblock_all(&self) -> Result<()> {
        self.request(&Unblock::default()).await
    }

    /// Whom the own account has blocked. From then on [`Event::Blocked`] and [`Event::Unblocked`] tell this connection of
    /// changes.
    ///
    /// # Errors
    /// When the request fails; see [`ErrorKind`](crate::ErrorKind).
    pub async fn blocked(&self) -> Result<Vec<Jid>> {
        self.request(&Blocked).await
    }
}

/// An empty list would unblock everybody.
fn somebody(jids: &[Jid]) -> Result<Vec<Jid>, InvalidArgument> {
    if jids.is_empty() {
        return Err(InvalidArgument::new("jids", "must name somebody"));
    }
    Ok(jids.to_vec())
}

pub(super) fn pushed(push: BlockPush) -> Event {
    match push {
        BlockPush::Blocked(jids) => Event::Blocked { jids },
        BlockPush::Unblocked(jids) => Event::Unblocked { jids },
    }
}
