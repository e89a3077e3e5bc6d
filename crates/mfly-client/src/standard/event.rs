//! What happens in a session without being asked for.

use super::blocking;
use super::message::{self, Message};
use super::presence;
use crate::event::{SessionEvent, UnknownStanza};
use crate::machine::{DisconnectReason, EndReason, Notice};
use mfly_proto::framing::Skipped as SkippedStanza;
use mfly_proto::jid::{BareJid, FullJid, Jid};
use mfly_proto::listed::Listed;
use mfly_proto::payload::standard::roster::{RosterItem, RosterPush};
use mfly_proto::push::StandardPush;
use mfly_proto::stanza::{PresenceKind, Show};
use mfly_proto::xml::Document;
use std::time::Duration;

/// A subscription to a session's events: a stream that ends when the session is over.
pub type Events = crate::event::Events<Event>;

/// News about the session, the own account or others.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// The session is online.
    Connected {
        /// The session's address.
        jid: FullJid,
        /// Whether the server kept the earlier stream; if not, events may have been missed
        /// meanwhile.
        resumed: bool,
    },
    /// The connection is gone. Unless [`Event::Ended`] follows, it comes back by itself.
    Disconnected {
        /// Why.
        reason: DisconnectReason,
    },
    /// Another attempt to connect will be made.
    Reconnecting {
        /// Its number, from 1.
        attempt: u32,
        /// How long until it starts.
        delay: Duration,
    },
    /// An attempt to connect failed.
    ConnectionFailed {
        /// Why.
        reason: DisconnectReason,
    },
    /// The session is over, for good. Nothing follows.
    Ended(EndReason),
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
    /// A stanza exceeds a limit ([`ReceiveLimits`](crate::ReceiveLimits)) and was not read: it
    /// names the sender, the id and the limit. The session goes on. A question was refused for the
    /// app.
    StanzaSkipped(SkippedStanza),
    /// A stanza that is no answer and no known news, or one from a sender who may not say such a
    /// thing.
    UnknownStanza(UnknownStanza),
    /// This subscription fell behind: so many events were dropped before the next one.
    Lagged(u64),
}

impl SessionEvent for Event {
    fn lagged(missed: u64) -> Self {
        Self::Lagged(missed)
    }
}

/// The event of a notice, if there is one.
pub(super) fn translate(notice: Notice, own: &BareJid) -> Option<Event> {
    Some(match notice {
        Notice::State(_) | Notice::StanzaLimit(_) => return None,
        Notice::Connected { jid, resumed, .. } => Event::Connected { jid, resumed },
        Notice::ConnectFailed { reason, .. } => Event::ConnectionFailed { reason },
        Notice::Disconnected { reason } => Event::Disconnected { reason },
        Notice::Reconnecting { attempt, delay } => Event::Reconnecting { attempt, delay },
        Notice::Ended(reason) => Event::Ended(reason),
        Notice::StandardPush(push) => return pushed(push),
        // Only the platform's sessions tell it.
        Notice::Push { .. } => return None,
        Notice::Message { stanza, carbon } => match message::received(&stanza, carbon) {
            Some(message) => Event::Message(message),
            None => unknown(&stanza),
        },
        Notice::Presence(presence) => return presence::received(presence, own),
        Notice::StanzaSkipped(skipped) => Event::StanzaSkipped(skipped),
        Notice::UnknownStanza(stanza) => unknown(&stanza),
        Notice::MalformedPush { error, stanza } => {
            tracing::debug!(%error, "news that does not say what it should");
            unknown(&stanza)
        }
    })
}

fn pushed(push: StandardPush) -> Option<Event> {
    match push {
        StandardPush::BlockList(push) => Some(blocking::pushed(push)),
        StandardPush::Roster(RosterPush { item, version }) => {
            Some(Event::RosterPush { item, version })
        }
        _ => None,
    }
}

fn unknown(stanza: &Document) -> Event {
    Event::UnknownStanza(UnknownStanza::new(stanza.as_str()))
}
