//! Who is online.
//!
//! ```xml
//! <presence xmlns="jabber:client"><show>away</show><status>lunch</status><priority>1</priority></presence>
//! ```
//! Wire form: [`mfly_proto::stanza::presence`]. The session announces itself when it connects and
//! takes leave when it closes. Official name: `presenceListener`.

use crate::error::Result;
#[cfg(doc)]
use crate::event::Event;
use crate::session::Session;
use mfly_proto::stanza::{Presence, PresenceKind, Show};

/// What the official SDK announces.
const PRIORITY: i8 = 1;

impl Session {
    /// Tells others how available this session is, and why. A session is simply available when it
    /// connects: after [`Event::Connected`] that was not resumed, tell again.
    ///
    /// The official SDK has no such call, and shows others only "online" or "unavailable".
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) when the status holds what XML
    /// cannot, [`NotConnected`](crate::ErrorKind::NotConnected) while the session reconnects.
    pub async fn set_presence(&self, show: Option<Show>, status: Option<&str>) -> Result<()> {
        let mut presence = Presence::new(PresenceKind::Available);
        presence.show = show;
        presence.status = status.map(str::to_owned);
        presence.priority = PRIORITY;
        self.send_stanza(|writer| presence.write_to(writer)).await
    }
}
