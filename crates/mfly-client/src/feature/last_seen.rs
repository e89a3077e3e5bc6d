//! When a user was last online.
//!
//! ```xml
//! <iq id to="u2@host" type="get" xmlns="jabber:client"><query xmlns="jabber:iq:last"/></iq>
//! ```
//! Wire form: [`mfly_proto::payload::last_seen`]. Official name: `getLastSeen`.

use crate::error::{Error, Result};
use crate::session::Session;
use crate::user::AsUser;
use mfly_proto::payload::last_seen::{GetLastSeen, LastSeen};

impl Session {
    /// When a user was last online: seconds ago, 0 while online.
    /// [`Event::Presence`](crate::Event::Presence) tells changes.
    ///
    /// # Errors
    /// [`UserNotAvailable`](crate::ErrorKind::UserNotAvailable) for an unknown or deleted user,
    /// [`RequestRefused`](crate::ErrorKind::RequestRefused) when the user hides it; otherwise see
    /// [`ErrorKind`](crate::ErrorKind).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use mfly_client::{App, UserId, UserIdentifier};
    /// # let server = mfly_testserver::TestServer::start().await?;
    /// # let app = App::builder(server.licence_key()).api_base_url(&server.api_base_url()).xmpp_address(&server.websocket_url()).build().await?;
    /// # let bob = app.register(&UserIdentifier::new("bob")?).await?;
    /// # let bob_session = app.connect(&bob.credentials).await?;
    /// # let alice = app.register(&UserIdentifier::new("alice")?).await?;
    /// # let session = app.connect(&alice.credentials).await?;
    /// let seen = session.last_seen(&UserId::new("bob")?).await?;
    /// assert!(seen.is_online());
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "getLastSeen")]
    pub async fn last_seen<U: AsUser + ?Sized>(&self, user: &U) -> Result<LastSeen> {
        let user = self.context().address(user)?;
        let asked = self.request(&GetLastSeen::new(user)).await;
        asked.map_err(Error::about_user)
    }
}
