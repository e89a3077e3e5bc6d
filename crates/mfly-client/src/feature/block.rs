//! Blocking users, and who blocked whom.
//!
//! ```xml
//! <iq id type="set" xmlns="jabber:client"><block xmlns="urn:xmpp:blocking"><item jid="u2@host"/></block></iq>
//! ```
//! Wire form: [`mfly_proto::payload::block`]. Official names: `blockUser`, `unblockUser`,
//! `getUsersIBlocked`, `getUsersWhoBlockedMe`, `blockUserListener`.

use crate::error::{Error, Result};
#[cfg(doc)]
use crate::event::Event;
use crate::session::Session;
use crate::user::AsUser;
use mfly_api::Feature;
use mfly_proto::argument::InvalidArgument;
use mfly_proto::jid::BareJid;
use mfly_proto::listed::{Listed, SkipReason, Skipped};
use mfly_proto::payload::block::{Block, GetBlocked, GetBlockedBy, Unblock};

impl Session {
    /// Blocks a user: neither messages nor presence pass between the two any more.
    ///
    /// [`Event::Blocked`] tells every session of the account, this one too.
    ///
    /// # Errors
    /// [`PlanGated`](crate::ErrorKind::PlanGated) when the plan does not include blocking,
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) for the own user,
    /// [`UserNotAvailable`](crate::ErrorKind::UserNotAvailable) for an unknown one; otherwise see
    /// [`ErrorKind`](crate::ErrorKind).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use mfly_client::{App, UserId, UserIdentifier};
    /// # let server = mfly_testserver::TestServer::start().await?;
    /// # let app = App::builder(server.licence_key()).api_base_url(&server.api_base_url()).xmpp_address(&server.websocket_url()).build().await?;
    /// # app.register(&UserIdentifier::new("bob")?).await?;
    /// # let alice = app.register(&UserIdentifier::new("alice")?).await?;
    /// # let session = app.connect(&alice.credentials).await?;
    /// let bob = UserId::new("bob")?;
    /// session.block(&bob).await?;
    /// assert_eq!(session.blocked().await?, [session.address_of(&bob)?]);
    /// session.unblock(&bob).await?;
    /// assert!(session.blocked().await?.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "blockUser")]
    pub async fn block<U: AsUser + ?Sized>(&self, user: &U) -> Result<()> {
        let user = self.block_target(user)?;
        if user == self.current_user() && self.context().quirks.refuse_self_block {
            return Err(
                InvalidArgument::new("toUserJid", "must be another user than the own").into()
            );
        }
        let about = self.about_block(&user);
        self.request(&Block { user }).await.map_err(about)
    }

    /// Unblocks a user.
    ///
    /// # Errors
    /// As [`Session::block`].
    #[doc(alias = "unblockUser")]
    pub async fn unblock<U: AsUser + ?Sized>(&self, user: &U) -> Result<()> {
        let user = self.block_target(user)?;
        let about = self.about_block(&user);
        self.request(&Unblock { user }).await.map_err(about)
    }

    /// Whom the own account has blocked. What of the server's list names no account is counted, not
    /// listed: [`Listed::skipped_count`].
    ///
    /// # Errors
    /// When the request fails; see [`ErrorKind`](crate::ErrorKind).
    #[doc(alias = "getUsersIBlocked")]
    pub async fn blocked(&self) -> Result<Listed<BareJid>> {
        self.request(&GetBlocked).await
    }

    /// Who has blocked the own account; as [`Session::blocked`], without what names no account.
    ///
    /// # Errors
    /// When the request fails; see [`ErrorKind`](crate::ErrorKind).
    #[doc(alias = "getUsersWhoBlockedMe")]
    pub async fn blocked_by(&self) -> Result<Listed<BareJid>> {
        let users = self.request(&GetBlockedBy).await?;
        let host = self.context().account().domain();
        Ok(users.try_map(|user| {
            let skipped = |_| Skipped::new(SkipReason::Invalid("members"), user.as_str());
            user.at(host).map_err(skipped)
        }))
    }

    /// What an error of blocking or unblocking `user` means. A server does not allow it for
    /// oneself, whatever the plan.
    fn about_block(&self, user: &BareJid) -> fn(Error) -> Error {
        if *user == self.current_user() {
            Error::about_user
        } else {
            |error| error.about_user().about_plan(Feature::Block)
        }
    }

    fn block_target<U: AsUser + ?Sized>(&self, user: &U) -> Result<BareJid> {
        self.context().require(Feature::Block)?;
        self.context().address(user)
    }
}
