//! What a received stanza is: an answer, news, a question, or nothing that is understood or
//! believed.
//!
//! What counts as news, and from whom it is believed, is the dialect's: `platform.rs` and
//! `standard.rs` each begin with their table. Common to both: a copy of a message (XEP-0280 §11) is
//! believed from the own bare address only, and whatever is not believed is an unknown stanza,
//! never news.
//!
//! Questions (`iq` of type get or set) always get an answer, as RFC 6120 §8.2.3 demands: a ping a
//! pong, news an empty result (the official SDK sends none), anything else `service-unavailable`.
//! What exceeds a limit is not read, but told, and an answer too long to be read settles its
//! request.

mod platform;
mod standard;

use super::config::Dialect;
use super::io::{Notice, RequestFailure};
use super::reason::EndReason;
use super::requests::{Answer, OwnAddress, Owner, Requests};
use mfly_proto::decode::DecodeError;
use mfly_proto::framing::Skipped;
use mfly_proto::id::StanzaId;
use mfly_proto::jid::Jid;
use mfly_proto::ns;
use mfly_proto::stanza::{ErrorCondition, Iq, IqKind, Message, Stanza, StanzaError, iq};
use mfly_proto::xml::{Document, Element};

/// What to do about a stanza.
#[derive(Debug)]
pub(super) struct Routed {
    /// What to send back.
    pub(super) answer: Option<Vec<u8>>,
    /// Whom to tell.
    pub(super) outcome: Outcome,
    /// What a push changes about the end of the session, see [`PushVerdict::Believed`].
    pub(super) pending_end: Option<Option<EndReason>>,
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

/// What a dialect makes of a stanza that answers nothing.
enum PushVerdict {
    /// A push from a sender who may send it.
    Believed {
        notice: Notice,
        /// `Some(Some(reason))`: the next loss ends the session for this reason. `Some(None)`
        /// takes that back.
        pending_end: Option<Option<EndReason>>,
    },
    /// A push from a sender who may not send it.
    Disbelieved,
    /// A push that cannot be read.
    Malformed(DecodeError),
    /// The stanza is no push.
    NoPush,
}

impl Routed {
    const fn quiet(outcome: Outcome) -> Self {
        Self { answer: None, outcome, pending_end: None }
    }

    fn unknown(document: &Document) -> Self {
        Self::quiet(Outcome::Notice(Notice::UnknownStanza(document.clone())))
    }

    fn malformed(document: &Document, error: DecodeError) -> Self {
        let stanza = document.clone();
        Self::quiet(Outcome::Notice(Notice::MalformedPush { error, stanza }))
    }

    /// News, or a stanza to show as it is.
    fn told(document: &Document, told: PushVerdict) -> Self {
        match told {
            PushVerdict::Believed { notice, pending_end } => {
                Self { pending_end, ..Self::quiet(Outcome::Notice(notice)) }
            }
            PushVerdict::Malformed(error) => Self::malformed(document, error),
            PushVerdict::Disbelieved | PushVerdict::NoPush => Self::unknown(document),
        }
    }

    fn with_answer(mut self, answer: Vec<u8>) -> Self {
        self.answer = Some(answer);
        self
    }
}

/// Tells what a stanza is, and takes the request that it answers.
pub(super) fn route(
    document: &Document,
    dialect: Dialect,
    own: &OwnAddress,
    requests: &mut Requests,
) -> Routed {
    match Stanza::read(document.root()) {
        Ok(Some(Stanza::Iq(iq))) => match iq.kind {
            IqKind::Get | IqKind::Set => route_question(document, &iq, dialect, own),
            IqKind::Result | IqKind::Error => route_answer(document, &iq, dialect, own, requests),
        },
        Ok(Some(Stanza::Presence(presence))) => {
            Routed::quiet(Outcome::Notice(Notice::Presence(presence)))
        }
        Ok(Some(Stanza::Message(message))) => route_message(document, &message, dialect, own),
        Ok(None) => Routed::unknown(document),
        Err(_) => route_unreadable(document),
    }
}

/// Tells what a stanza is that was not read, and takes the request that it answers. A question is
/// refused with `policy-violation` (RFC 6120 §8.3.3.12).
pub(super) fn route_skipped(
    skipped: &Skipped,
    own: &OwnAddress,
    requests: &mut Requests,
) -> Routed {
    let told = Routed::quiet(Outcome::Notice(Notice::StanzaSkipped(skipped.clone())));
    let id = skipped.id.as_deref().map(StanzaId::new);
    let (true, Some(Ok(id))) = (skipped.name == "iq", id) else {
        return told;
    };
    let from = skipped.sender();
    // A sender that is not known is not taken for the own server.
    if from.is_none() && !skipped.is_without_sender() {
        return told;
    }
    if !matches!(skipped.kind.as_deref(), Some("result" | "error")) {
        return told.with_answer(error(&id, from.as_ref(), ErrorCondition::PolicyViolation));
    }
    match requests.answered(&id, from.as_ref(), own) {
        Some(Answer::To(owner)) => {
            let failure = RequestFailure::AnswerTooLarge(skipped.limit);
            Routed::quiet(Outcome::Reply(owner, Err(failure)))
        }
        Some(Answer::Late) => Routed::quiet(Outcome::Nothing),
        None => told,
    }
}

fn told_by_iq(iq: &Iq<'_>, dialect: Dialect, own: &OwnAddress) -> PushVerdict {
    match dialect {
        Dialect::Platform => platform::told_by_iq(iq, own),
        Dialect::Standard => standard::told_by_iq(iq, own),
    }
}

fn route_answer(
    document: &Document,
    iq: &Iq<'_>,
    dialect: Dialect,
    own: &OwnAddress,
    requests: &mut Requests,
) -> Routed {
    match requests.answered(&iq.id, iq.from.as_ref(), own) {
        Some(Answer::To(owner)) => {
            let result = match iq.error() {
                Some(error) => Err(RequestFailure::Refused(error)),
                None => Ok(document.clone()),
            };
            Routed::quiet(Outcome::Reply(owner, result))
        }
        Some(Answer::Late) => Routed::quiet(Outcome::Nothing),
        None => Routed::told(document, told_by_iq(iq, dialect, own)),
    }
}

fn route_question(document: &Document, iq: &Iq<'_>, dialect: Dialect, own: &OwnAddress) -> Routed {
    let is_ping = iq.payload().is_some_and(|payload| payload.is(ns::PING, "ping"));
    if is_ping && iq.kind == IqKind::Get {
        // As the official SDK answers: with the addresses swapped, absent ones left out. Servers of
        // other people need not accept a sender that they did not assign, so there it is left out.
        let from = match dialect {
            Dialect::Platform => iq.to.as_ref().map(Jid::as_str),
            Dialect::Standard => None,
        };
        return Routed::quiet(Outcome::Nothing).with_answer(result(iq, from));
    }
    let told = told_by_iq(iq, dialect, own);
    let answer = match &told {
        PushVerdict::Believed { .. } => result(iq, None),
        PushVerdict::Malformed(_) => refusal(iq, ErrorCondition::BadRequest),
        PushVerdict::Disbelieved => refusal(iq, ErrorCondition::ServiceUnavailable),
        PushVerdict::NoPush => {
            return Routed::quiet(Outcome::Nothing)
                .with_answer(refusal(iq, ErrorCondition::ServiceUnavailable));
        }
    };
    Routed::told(document, told).with_answer(answer)
}

fn route_message(
    document: &Document,
    message: &Message<'_>,
    dialect: Dialect,
    own: &OwnAddress,
) -> Routed {
    let carbon = message.carbon(&own.bare);
    if carbon.is_none() && message.claims_carbon() {
        return Routed::unknown(document);
    }
    let told = match dialect {
        Dialect::Platform => platform::told_by_message(message, carbon.as_ref(), own),
        Dialect::Standard => standard::told_by_message(document, message, carbon.as_ref()),
    };
    Routed::told(document, told)
}

/// A stanza whose envelope cannot be read. A question gets an answer if it can be told which one it
/// is.
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
    iq::write_error(&StanzaError::new(condition), id, None, to.map(Jid::as_str), &mut buffer);
    buffer
}
