//! Who is online (RFC 6121 §3, §4).
//!
//! Wire form: [`mfly_proto::stanza::presence`].

#[cfg(doc)]
use super::event::Event;
use super::session::Session;
use crate::error::Result;
use mfly_proto::jid::BareJid;
use mfly_proto::stanza::{Presence, PresenceKind, Show};

/// What a session announces itself with.
const PRIORITY: i8 = 1;

impl Session {
    /// Tells others how available this session is, and why. After [`Event::Connected`] that was not
    /// resumed, tell again: the session then is simply available, or unannounced if
    /// [`Account::initial_presence`](super::Account::initial_presence) was switched off.
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) when the status holds what XML
    /// cannot, [`NotConnected`](crate::ErrorKind::NotConnected) while the session reconnects.
    pub async fn set_presence(&self, show: Option<Show>, status: Option<&str>) -> Result<()> {
        let mut presence = Presence::new(PresenceKind::Available);
        presence.show = show;
        presence.status = status.map(str::to_owned);
        presence.priority = PRIORITY;
        self.send_presence(&presence).await
    }

    /// Asks to see a contact's presence. The answer is [`Event::Presence`].
    ///
    /// # Errors
    /// [`NotConnected`](crate::ErrorKind::NotConnected) while the session reconnects.
    pub async fn subscribe(&self, to: &BareJid) -> Result<()> {
        self.send_to(to, PresenceKind::Subscribe).await
    }

    /// Lets a contact see the own presence, whether or not it asked.
    ///
    /// # Errors
    /// [`NotConnected`](crate::ErrorKind::NotConnected) while the session reconnects.
    pub async fn allow_subscription(&self, of: &BareJid) -> Result<()> {
        self.send_to(of, PresenceKind::Subscribed).await
    }

    /// Refuses that a contact sees the own presence, or takes the permission back.
    ///
    /// # Errors
    /// [`NotConnected`](crate::ErrorKind::NotConnected) while the session reconnects.
    pub async fn refuse_subscription(&self, of: &BareJid) -> Result<()> {
        self.send_to(of, PresenceKind::Unsubscribed).await
    }

    async fn send_to(&self, to: &BareJid, kind: PresenceKind) -> Result<()> {
        let mut presence = Presence::new(kind);
        presence.to = Some(to.clone().into());
        self.send_presence(&presence).await
    }

    async fn send_presence(&self, presence: &Presence) -> Result<()> {
        self.send_stanza(|writer| presence.write_to(writer)).await
    }
}
