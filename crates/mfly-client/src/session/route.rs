//! What a received stanza is: an answer, news, a question, or nothing that is understood or believed.
//!
//! News is believed only from those who may tell it:
//!
//! | push | believed from |
//! |---|---|
//! | block list, contact list, contact permission, settings, forced logout | the own account: no `from`, the own bare address, the own server |
//! | own profile | the own bare address |
//! | a contact's profile, whole or "changed" | that contact (the push names nobody else) |
//! | "read the contact list again" | anybody: it says nothing that could be false |
//! | `userblocked` | the user it names, or the own account |
//! | `user_deleted`, `admin_block` | the own server, or no `from` |
//!
//! Inside a carbon, which itself is believed from the own bare address only (XEP-0280 §11), the sender of the copied
//! message is held to the same table, and any session of the own account counts as the own account. Copies of what
//! another session *sent* carry no news. Whatever is not believed is an unknown stanza, never an event. The official
//! SDK checks no sender anywhere. Who sends each push is inferred; the table accepts every plausible one.
//!
//! Questions (`iq` of type get or set) always get an answer, as RFC 6120 §8.2.3 demands: a ping a pong, a block push an
//! empty result (the official SDK sends none), anything else `service-unavailable`.

use super::io::{Notice, RequestFailure};
use super::reason::EndReason;
use super::requests::{Answer, Own, Owner, Requests};
use mfly_proto::decode::DecodeError;
use mfly_proto::id::StanzaId;
use mfly_proto::jid::{Jid, UserReference};
use mfly_proto::ns;
use mfly_proto::payload::friends::FriendsNotice;
use mfly_proto::push::Push;
use mfly_proto::stanza::{
    ErrorCondition, Iq, IqKind, Message, MessageKind, Presence, Stanza, StanzaError, iq,
};
use mfly_proto::xml::{Document, Element};

/// What to do about a stanza.
#[derive(Debug)]
pub(super) struct Routed {
    /// What to send back.
    pub(super) answer: Option<Vec<u8>>,
    /// Whom to tell.
    pub(super) outcome: Outcome,
}

/// Whom to tell about a stanza.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Nobody.
    Nothing,
    /// Whoever asked.
    Reply(Owner, Result<Document, RequestFailure>),
    /// The app.
    Notice(Notice),
}

impl Routed {
    const fn quiet(outcome: Outcome) -> Self {
        Self {
            answer: None,
            outcome,
        }
    }

    fn unknown(document: &Document) -> Self {
        Self::quiet(Outcome::Notice(Notice::UnknownStanza(document.clone())))
    }

    fn malformed(document: &Document, error: DecodeError) -> Self {
        let stanza = document.clone();
        Self::quiet(Outcome::Notice(Notice::MalformedPush { error, stanza }))
    }

    fn push(push: Push, carbon: bool, from: Option<Jid>) -> Self {
        Self::quiet(Outcome::Notice(Notice::Push { push, carbon, from }))
    }

    fn with_answer(mut self, answer: Vec<u8>) -> Self {
        self.answer = Some(answer);
        self
    }
}

/// Tells what a stanza is, and takes the request that it answers.
pub(super) fn route(document: &Document, own: &Own, requests: &mut Requests) -> Routed {
    match Stanza::read(document.root()) {
        Ok(Some(Stanza::Iq(iq))) => match iq.kind {
            IqKind::Get | IqKind::Set => route_question(document, &iq, own),
            IqKind::Result | IqKind::Error => route_answer(document, &iq, own, requests),
        },
        Ok(Some(Stanza::Presence(presence))) => route_presence(presence),
        Ok(Some(Stanza::Message(message))) => route_message(document, &message, own),
        Ok(None) => Routed::unknown(document),
        Err(_) => route_unreadable(document),
    }
}

fn route_presence(presence: Presence) -> Routed {
    Routed::quiet(Outcome::Notice(Notice::Presence(presence)))
}

fn route_answer(document: &Document, iq: &Iq<'_>, own: &Own, requests: &mut Requests) -> Routed {
    match requests.answered(&iq.id, iq.from.as_ref(), own) {
        Some(Answer::To(owner)) => {
            let result = match iq.error() {
                Some(error) => Err(RequestFailure::Refused(error)),
                None => Ok(document.clone()),
            };
            Routed::quiet(Outcome::Reply(owner, result))
        }
        Some(Answer::Late) => Routed::quiet(Outcome::Nothing),
        None => match Push::from_iq(iq) {
            Ok(Some(push)) if may_tell(&push, iq.from.as_ref(), own, false) => {
                Routed::push(push, false, iq.from.clone())
            }
            Ok(_) => Routed::unknown(document),
            Err(error) => Routed::malformed(document, error),
        },
    }
}

fn route_question(document: &Document, iq: &Iq<'_>, own: &Own) -> Routed {
    let is_ping = iq
        .payload()
        .is_some_and(|payload| payload.is(ns::PING, "ping"));
    if is_ping && iq.kind == IqKind::Get {
        // As the official SDK answers: with the addresses swapped, absent ones left out.
        let from = iq.to.as_ref().map(Jid::as_str);
        return Routed::quiet(Outcome::Nothing).with_answer(result(iq, from));
    }
    match Push::from_iq(iq) {
        Ok(Some(push)) if may_tell(&push, iq.from.as_ref(), own, false) => {
            Routed::push(push, false, iq.from.clone()).with_answer(result(iq, None))
        }
        Ok(Some(_)) => {
            Routed::unknown(document).with_answer(refusal(iq, ErrorCondition::ServiceUnavailable))
        }
        Ok(None) => Routed::quiet(Outcome::Nothing)
            .with_answer(refusal(iq, ErrorCondition::ServiceUnavailable)),
        Err(error) => {
            Routed::malformed(document, error).with_answer(refusal(iq, ErrorCondition::BadRequest))
        }
    }
}

fn route_message(document: &Document, message: &Message<'_>, own: &Own) -> Routed {
    let carbon = message.carbon(&own.bare);
    if carbon.is_none() && message.claims_carbon() {
        return Routed::unknown(document);
    }
    if carbon.as_ref().is_some_and(|carbon| carbon.sent) {
        return Routed::unknown(document);
    }
    let (message, copied) = match &carbon {
        Some(carbon) => (&carbon.message, true),
        None => (message, false),
    };
    if message.kind == MessageKind::Error {
        return Routed::unknown(document);
    }
    match Push::from_message(message) {
        Ok(Some(push)) if may_tell(&push, message.from.as_ref(), own, copied) => {
            Routed::push(push, copied, message.from.clone())
        }
        Ok(_) => Routed::unknown(document),
        Err(error) => Routed::malformed(document, error),
    }
}

/// A stanza whose envelope cannot be read. A question gets an answer if it can be told which one it is.
fn route_unreadable(document: &Document) -> Routed {
    match unreadable_question(document.root()) {
        Some(answer) => Routed::quiet(Outcome::Nothing).with_answer(answer),
        None => Routed::unknown(document),
    }
}

fn unreadable_question(element: Element<'_>) -> Option<Vec<u8>> {
    let is_answer = matches!(element.attr("type").as_deref(), Some("result" | "error"));
    if element.name() != "iq" || is_answer {
        return None;
    }
    let id = StanzaId::new(element.attr("id")?).ok()?;
    let from = element.attr("from").and_then(|from| Jid::new(&from).ok());
    Some(error(&id, from.as_ref(), ErrorCondition::BadRequest))
}

/// Whether this sender may say this; the table of this file's head.
fn may_tell(push: &Push, from: Option<&Jid>, own: &Own, copied: bool) -> bool {
    let is_own_session = |from: &Jid| copied && from.bare_str() == own.bare.as_str();
    let by_account = || own.is_account(from) || from.is_some_and(is_own_session);
    let by_server = || from.is_none_or(|from| own.is_server(from));
    match push {
        Push::Block(_)
        | Push::Friends(_)
        | Push::FriendsNotice(FriendsNotice::Permission(_))
        | Push::Logout(_)
        | Push::Settings(_) => by_account(),
        Push::FriendsNotice(FriendsNotice::RegisterUpdate) => true,
        Push::Profile(profile) => profile.user != own.bare || by_account(),
        Push::ProfileChanged(changed) => changed.user != own.bare || by_account(),
        Push::UserBlocked(notice) => {
            by_account() || from.is_some_and(|from| names(&notice.user, from, own))
        }
        Push::AdminBlock(_) | Push::UserDeleted(_) => by_server(),
        // A push of a later version of the codec: nobody has said who may tell it.
        _ => false,
    }
}

/// Whether the reference names the account of this address.
fn names(user: &UserReference, jid: &Jid, own: &Own) -> bool {
    user.at(own.full.domain())
        .is_ok_and(|named| named.as_str() == jid.bare_str())
}

/// What a believed push means for the session itself: whether the next loss is the end.
pub(super) fn doom(push: &Push, own: &Own) -> Option<Option<EndReason>> {
    match push {
        Push::AdminBlock(notice) if names(&notice.target, &own.full, own) => {
            Some(notice.blocked.then_some(EndReason::AdminBlocked))
        }
        Push::UserDeleted(notice) if names(&notice.user, &own.full, own) => {
            Some(Some(EndReason::AccountDeleted))
        }
        _ => None,
    }
}

fn result(question: &Iq<'_>, from: Option<&str>) -> Vec<u8> {
    let mut buffer = Vec::new();
    let to = question.from.as_ref().map(Jid::as_str);
    iq::write(&mut buffer, IqKind::Result, &question.id, from, to, |_| {});
    buffer
}

fn refusal(question: &Iq<'_>, condition: ErrorCondition) -> Vec<u8> {
    error(&question.id, question.from.as_ref(), condition)
}

fn error(id: &StanzaId, to: Option<&Jid>, condition: ErrorCondition) -> Vec<u8> {
    let mut buffer = Vec::new();
    iq::write_error(
        &StanzaError::new(condition),
        id,
        None,
        to.map(Jid::as_str),
        &mut buffer,
    );
    buffer
}
