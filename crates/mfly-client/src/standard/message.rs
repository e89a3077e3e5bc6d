//! Messages, as far as a body goes (RFC 6121 §5).
//!
//! ```xml
//! <message id="m1" to="romeo@example.com" type="chat" xmlns="jabber:client"><body>Good evening.</body></message>
//! ```

use super::session::Session;
use crate::error::Result;
use mfly_proto::id::StanzaId;
use mfly_proto::jid::Jid;
#[cfg(doc)]
use mfly_proto::stanza::MessageKind;
use mfly_proto::stanza::message;

impl Session {
    /// Sends a text and returns the message's id.
    ///
    /// `Ok` means that the message is queued for the connection. It leaves on its own, also when
    /// the session is closed or dropped right after; [`Session::close`] waits until it has. At the
    /// end of `main` call that: when the runtime ends first, what is queued leaves only as far as
    /// the system takes it at once. A message that is queued when the connection breaks is lost,
    /// and nothing tells whether it arrived. An error of the receiving side comes back as
    /// [`Event::Message`](super::Event::Message) of the kind [`MessageKind::Error`] with this id.
    ///
    /// Messages do not wait for a connection, as requests do: after a while they may not be what
    /// the user wants to say.
    ///
    /// # Errors
    /// [`InvalidArgument`](crate::ErrorKind::InvalidArgument) when the text holds what XML cannot:
    /// control characters other than tab and line ends, U+FFFE or U+FFFF.
    /// [`NotConnected`](crate::ErrorKind::NotConnected) while the session reconnects.
    pub async fn send_message(&self, to: &Jid, body: &str) -> Result<StanzaId> {
        let id = self.stanza_id();
        self.send_stanza(|writer| message::write_chat(to, &id, body, writer)).await?;
        Ok(id)
    }
}
