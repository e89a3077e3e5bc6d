//! The events of a session with an XMPP server.

use crate::event::session_events;
use crate::machine::{Carbon, Notice};
use mfly_proto::jid::{BareJid, Jid};
use mfly_proto::listed::Listed;
use mfly_proto::payload::standard::block::BlockListPush;
use mfly_proto::payload::standard::roster::{RosterItem, RosterPush};
use mfly_proto::push::StandardPush;
use mfly_proto::stanza::{self, MessageKind, PresenceKind, Show};
use mfly_proto::xml::Document;
use std::ops::ControlFlow;

/// A subscription to a session's events: a stream that ends when the session is over.
#[cfg(feature = "tokio")]
pub type Events = crate::event::Events<Event>;

session_events! {
/// An event of a session with an XMPP server: about the connection, the own account or others.
pub enum Event {
    /// A contact or another session came online, went offline, changed the availability, or asks to
    /// see the own presence.
    Presence {
        /// The sender of the presence.
        from: Jid,
        /// Available, unavailable, or about a subscription: [`PresenceKind::Subscribe`] asks for
        /// one.
        kind: PresenceKind,
        /// The availability in detail, if the sender gave it.
        show: Option<Show>,
        /// The status text of the sender.
        status: Option<String>,
        /// The priority of the sender's session, -128 to 127.
        priority: i8,
        /// Whether the sender is a session of the own account.
        own: bool,
    },
    /// The own account blocked these addresses, here or in another session.
    Blocked {
        /// The blocked addresses.
        jids: Listed<Jid>,
    },
    /// The own account unblocked these addresses, here or in another session.
    Unblocked {
        /// The unblocked addresses. An empty list means all addresses.
        jids: Listed<Jid>,
    },
    /// A contact was added, changed, or taken off the list
    /// ([`Subscription::Remove`](super::Subscription::Remove)), here or in another session.
    RosterPush {
        /// The contact after the change.
        item: RosterItem,
        /// The list's version with this change, if the server keeps one.
        version: Option<String>,
    },
    /// A message, or a copy of one that another session of the own account sent or received.
    Message(Message),
}
}

/// A received message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Message {
    /// The type of the message. The body of an error is the text that was sent.
    pub kind: MessageKind,
    /// The id that the sender gave the message.
    pub id: Option<String>,
    /// The sender; absent means the own server.
    pub from: Option<Jid>,
    /// The recipient of the message.
    pub to: Option<Jid>,
    /// The text of the message, if it has one.
    pub body: Option<String>,
    /// Set when the message is a copy of one that another session of the own account received or
    /// sent.
    pub carbon: Option<Carbon>,
}

impl Event {
    /// The event of a notice of the [`Machine`](crate::machine::Machine), if there is one;
    /// `account` is the own one.
    #[must_use]
    pub fn from_notice(notice: Notice, account: &BareJid) -> Option<Self> {
        match Self::of_connection(notice) {
            ControlFlow::Break(event) => event,
            ControlFlow::Continue(Notice::StandardPush(push)) => pushed(push),
            ControlFlow::Continue(Notice::Message { stanza, carbon }) => {
                Some(match Message::read(&stanza, carbon) {
                    Some(message) => Self::Message(message),
                    None => Self::unknown(&stanza),
                })
            }
            ControlFlow::Continue(Notice::Presence(presence)) => {
                // A presence without sender is about no entity.
                let from = presence.from?;
                Some(Self::Presence {
                    own: from.bare() == *account,
                    from,
                    kind: presence.kind,
                    show: presence.show,
                    status: presence.status,
                    priority: presence.priority,
                })
            }
            ControlFlow::Continue(_) => None,
        }
    }
}

fn pushed(push: StandardPush) -> Option<Event> {
    Some(match push {
        StandardPush::BlockList(BlockListPush::Blocked(jids)) => Event::Blocked { jids },
        StandardPush::BlockList(BlockListPush::Unblocked(jids)) => Event::Unblocked { jids },
        StandardPush::Roster(RosterPush { item, version }) => Event::RosterPush { item, version },
        _ => return None,
    })
}

impl Message {
    fn read(stanza: &Document, carbon: Option<Carbon>) -> Option<Self> {
        let message = stanza::Message::read(stanza.root()).ok()?;
        Some(Self {
            kind: message.kind,
            body: message.body().map(std::borrow::Cow::into_owned),
            id: message.id,
            from: message.from,
            to: message.to,
            carbon,
        })
    }
}
