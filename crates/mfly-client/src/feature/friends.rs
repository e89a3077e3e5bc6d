//! The contact list.
//!
//! ```xml
//! <iq id type="get" xmlns="jabber:client"><query xmlns="jabber:iq:roster"/></iq>
//! ```
//! Wire form: [`mfly_proto::payload::friends`]. Official names: `getFriendsList`,
//! `getRegisteredUsers`, `sendRegisterUpdate`, `friendsListListener`.

use crate::error::Result;
use crate::model::friends::Friends;
use crate::session::Session;
use mfly_proto::payload::friends::{GetFriends, RegisterUpdate};

impl Session {
    /// The contact list.
    ///
    /// # Errors
    /// When the request fails; see [`ErrorKind`](crate::ErrorKind).
    #[doc(alias = "getFriendsList")]
    #[doc(alias = "getRegisteredUsers")]
    pub async fn friends(&self) -> Result<Friends> {
        let list = self.request(&GetFriends).await?;
        Ok(Friends::open(list, self.context().profile_iv()))
    }

    /// Asks the contacts' apps to read their lists again.
    ///
    /// # Errors
    /// When the request fails; see [`ErrorKind`](crate::ErrorKind).
    #[doc(alias = "sendRegisterUpdate")]
    pub async fn announce_registration(&self) -> Result<()> {
        self.request(&RegisterUpdate { user: self.current_user() }).await
    }
}
