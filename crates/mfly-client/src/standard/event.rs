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
    /// Somebody came, went, changed how available they are, or asks to see the own presence.
    Presence {
        /// Who.
        from: Jid,
        /// Available, unavailable, or about a subscription: [`PresenceKind::Subscribe`] asks for
        /// one.
        kind: PresenceKind,
        /// How available.
        show: Option<Show>,
        /// Their words.
        status: Option<String>,
        /// Priority of their session, -128 to 127.
        priority: i8,
        /// Whether it is a session of the own account.
        own: bool,
    },
    /// The own account blocked these addresses, here or in another session.
    Blocked {
        /// Whom.
        jids: Listed<Jid>,
    },
    /// The own account unblocked these addresses, here or in another session.
    Unblocked {
        /// Whom; empty means everybody.
        jids: Listed<Jid>,
    },
    /// A contact was added, changed, or taken off the list
    /// ([`Subscription::Remove`](super::Subscription::Remove)), here or in another session.
    RosterPush {
        /// The contact as it is now.
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
    /// What it is; of an error the body is what was sent.
    pub kind: MessageKind,
    /// The sender's id of it.
    pub id: Option<String>,
    /// Who sent it; absent means the own server.
    pub from: Option<Jid>,
    /// Whom it is for.
    pub to: Option<Jid>,
    /// Its text, if it has one.
    pub body: Option<String>,
    /// Whether it is a copy of what another session of the own account received or sent.
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
