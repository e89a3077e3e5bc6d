//! From the machine's notices to the app's events.

use super::{Event, UnknownStanza};
use crate::feature::{admin_block, block, friends, presence, profile, user_deleted};
use crate::machine::{EndReason, Notice};
use crate::session::Context;
use mfly_proto::push::Push;
use mfly_proto::xml::Document;

/// The events of one notice, in order: none, one or two.
pub(crate) fn translate(notice: Notice, context: &Context) -> [Option<Event>; 2] {
    let event = match notice {
        Notice::State(_) | Notice::StanzaLimit(_) => None,
        Notice::Connected { jid, resumed, .. } => Some(Event::Connected { jid, resumed }),
        Notice::ConnectFailed { reason, .. } => Some(Event::ConnectionFailed { reason }),
        Notice::Disconnected { reason } => Some(Event::Disconnected { reason }),
        Notice::Reconnecting { attempt, delay } => Some(Event::Reconnecting { attempt, delay }),
        Notice::Ended(reason) => {
            let refused = matches!(reason, EndReason::InvalidCredentials(_));
            return [refused.then_some(Event::AuthenticationFailed), Some(Event::Ended(reason))];
        }
        Notice::Push { push, carbon, from } => {
            tracing::trace!(?from, carbon, "notice");
            pushed(push, carbon, context)
        }
        Notice::Presence(presence) => presence::received(presence, context),
        // Platform sessions tell neither.
        Notice::StandardPush(_) => None,
        Notice::Message { stanza, .. } | Notice::UnknownStanza(stanza) => Some(unknown(&stanza)),
        Notice::StanzaSkipped(skipped) => Some(Event::StanzaSkipped(skipped)),
        Notice::MalformedPush { error, stanza } => {
            tracing::debug!(%error, "a notice that does not say what it should");
            Some(unknown(&stanza))
        }
    };
    [event, None]
}

/// One row a push.
fn pushed(push: Push, carbon: bool, context: &Context) -> Option<Event> {
    match push {
        Push::AdminBlock(notice) => admin_block::pushed(notice, context),
        Push::Block(push) => Some(block::pushed(push)),
        Push::Friends(list) => Some(friends::pushed(list, context)),
        Push::FriendsNotice(notice) => Some(friends::noticed(notice)),
        Push::Logout(notice) => Some(Event::ForcedLogout { socket_ids: notice.socket_ids, carbon }),
        Push::Profile(push) => profile::pushed(push, context),
        Push::ProfileChanged(notice) => Some(profile::noticed(notice, context)),
        Push::Settings(settings) => Some(Event::Settings(settings)),
        Push::UserBlocked(notice) => block::by_somebody(&notice, carbon, context),
        Push::UserDeleted(notice) => user_deleted::pushed(&notice, context),
        _ => None,
    }
}

fn unknown(stanza: &Document) -> Event {
    Event::UnknownStanza(UnknownStanza::new(stanza.as_str()))
}
