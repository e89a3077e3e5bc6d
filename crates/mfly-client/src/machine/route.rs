//! Classification of received stanzas: an answer, a push, a request of the server, or an unknown
//! stanza.
//!
//! The dialect defines which pushes there are and from which senders they are accepted: see the
//! tables in `platform.rs` and `standard.rs`. In both, a carbon copy (XEP-0280 §11) is accepted
//! from the own bare address only, and a push from a wrong sender becomes an unknown stanza.
//!
//! Requests (`iq` of type `get` or `set`) are always answered, as RFC 6120 §8.2.3 requires: a ping
//! with a result, a push with an empty result (the official SDK sends none), others with
//! `service-unavailable`. A stanza that exceeds a limit is not read but reported, and such an
//! answer settles its request.

mod platform;
mod standard;

use super::config::Dialect;
use super::io::{Notice, RequestFailure};
use super::reason::EndReason;
use super::requests::{Answered, OwnAddress, Owner, Requests};
use mfly_proto::decode::DecodeError;
use mfly_proto::framing::Skipped;
use mfly_proto::id::StanzaId;
use mfly_proto::jid::Jid;
use mfly_proto::ns;
use mfly_proto::stanza::{ErrorCondition, Iq, IqKind, Message, Stanza, StanzaError, iq};
use mfly_proto::xml::{Document, Element};

/// The consequences of a received stanza.
#[derive(Debug)]
pub(super) struct Routed {
    /// The stanza to send back.
    pub(super) answer: Option<Vec<u8>>,
    /// The recipient of the content.
    pub(super) outcome: Outcome,
    /// The change of the session's pending end, see [`PushVerdict::Accepted`].
    pub(super) pending_end: Option<Option<EndReason>>,
}

/// The recipient of a stanza's content.
#[derive(Debug)]
pub(super) enum Outcome {
    /// None: the stanza is dropped.
    Nothing,
    /// The owner of the request that the stanza answers.
    Reply(Owner, Result<Document, RequestFailure>),
    /// The app, as a notice.
    Notice(Notice),
}

/// The classification of a stanza that answers no request.
#[expect(clippy::large_enum_variant, reason = "a value lives for one call and is not stored")]
enum PushVerdict {
    /// A push from a sender who may send it.
    Accepted {
        notice: Notice,
        /// `Some(Some(reason))`: the next loss ends the session for this reason. `Some(None)`
        /// withdraws that.
        pending_end: Option<Option<EndReason>>,
    },
    /// A push from a sender who may not send it.
    Rejected,
    /// A push that cannot be read.
    Malformed(DecodeError),
    /// The stanza is no push.
    NotAPush,
}

impl Routed {
    const fn without_answer(outcome: Outcome) -> Self {
        Self { answer: None, outcome, pending_end: None }
    }

    fn unknown(document: &Document) -> Self {
        Self::without_answer(Outcome::Notice(Notice::UnknownStanza(document.clone())))
    }

    fn malformed(document: &Document, error: DecodeError) -> Self {
        let stanza = document.clone();
        Self::without_answer(Outcome::Notice(Notice::MalformedPush { error, stanza }))
    }

    /// Gives the app an accepted push, and any other stanza as it is.
    fn from_verdict(document: &Document, verdict: PushVerdict) -> Self {
        match verdict {
            PushVerdict::Accepted { notice, pending_end } => {
                Self { pending_end, ..Self::without_answer(Outcome::Notice(notice)) }
            }
            PushVerdict::Malformed(error) => Self::malformed(document, error),
            PushVerdict::Rejected | PushVerdict::NotAPush => Self::unknown(document),
        }
    }

    fn with_answer(mut self, answer: Vec<u8>) -> Self {
        self.answer = Some(answer);
        self
    }
}

/// Classifies a stanza, and removes the request that it answers.
pub(super) fn route(
    document: &Document,
    dialect: Dialect,
    own: &OwnAddress,
    requests: &mut Requests,
) -> Routed {
    match Stanza::read(document.root()) {
        Ok(Some(Stanza::Iq(iq))) => match iq.kind {
            IqKind::Get | IqKind::Set => route_request(document, &iq, dialect, own),
            IqKind::Result | IqKind::Error => route_answer(document, &iq, dialect, own, requests),
        },
        Ok(Some(Stanza::Presence(presence))) => {
            Routed::without_answer(Outcome::Notice(Notice::Presence(presence)))
        }
        Ok(Some(Stanza::Message(message))) => route_message(document, &message, dialect, own),
        Ok(None) => Routed::unknown(document),
        Err(_) => route_unreadable(document),
    }
}

/// Classifies a stanza that was not read, and removes the request that it answers. A request is
/// refused with `policy-violation` (RFC 6120 §8.3.3.12).
pub(super) fn route_skipped(
    skipped: &Skipped,
    own: &OwnAddress,
    requests: &mut Requests,
) -> Routed {
    let reported = Routed::without_answer(Outcome::Notice(Notice::StanzaSkipped(skipped.clone())));
    let id = skipped.id.as_deref().map(StanzaId::new);
    let (true, Some(Ok(id))) = (skipped.name == "iq", id) else {
        return reported;
    };
    let from = skipped.sender();
    // An unreadable sender is not taken for the own server.
    if from.is_none() && !skipped.is_without_sender() {
        return reported;
    }
    if !matches!(skipped.kind.as_deref(), Some("result" | "error")) {
        return reported.with_answer(error(&id, from.as_ref(), ErrorCondition::PolicyViolation));
    }
    match requests.answered(&id, from.as_ref(), own) {
        Some(Answered::Pending(owner)) => {
            let failure = RequestFailure::AnswerTooLarge(skipped.limit);
            Routed::without_answer(Outcome::Reply(owner, Err(failure)))
        }
        Some(Answered::Retired) => Routed::without_answer(Outcome::Nothing),
        None => reported,
    }
}

fn judge_iq(iq: &Iq<'_>, dialect: Dialect, own: &OwnAddress) -> PushVerdict {
    match dialect {
        Dialect::Platform => platform::judge_iq(iq, own),
        Dialect::Standard => standard::judge_iq(iq, own),
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
        Some(Answered::Pending(owner)) => {
            let result = match iq.error() {
                Some(error) => Err(RequestFailure::Refused(error)),
                None => Ok(document.clone()),
            };
            Routed::without_answer(Outcome::Reply(owner, result))
        }
        Some(Answered::Retired) => Routed::without_answer(Outcome::Nothing),
        None => Routed::from_verdict(document, judge_iq(iq, dialect, own)),
    }
}

fn route_request(document: &Document, iq: &Iq<'_>, dialect: Dialect, own: &OwnAddress) -> Routed {
    let is_ping = iq.payload().is_some_and(|payload| payload.is(ns::PING, "ping"));
    if is_ping && iq.kind == IqKind::Get {
        // The official SDK answers with the addresses swapped, and leaves absent ones out. A
        // standard server need not accept a sender that it did not assign, so none is sent to it.
        let from = match dialect {
            Dialect::Platform => iq.to.as_ref().map(Jid::as_str),
            Dialect::Standard => None,
        };
        return Routed::without_answer(Outcome::Nothing).with_answer(result(iq, from));
    }
    let verdict = judge_iq(iq, dialect, own);
    let answer = match &verdict {
        PushVerdict::Accepted { .. } => result(iq, None),
        PushVerdict::Malformed(_) => refusal(iq, ErrorCondition::BadRequest),
        PushVerdict::Rejected => refusal(iq, ErrorCondition::ServiceUnavailable),
        PushVerdict::NotAPush => {
            return Routed::without_answer(Outcome::Nothing)
                .with_answer(refusal(iq, ErrorCondition::ServiceUnavailable));
        }
    };
    Routed::from_verdict(document, verdict).with_answer(answer)
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
    let verdict = match dialect {
        Dialect::Platform => platform::judge_message(message, carbon.as_ref(), own),
        Dialect::Standard => standard::judge_message(document, message, carbon.as_ref()),
    };
    Routed::from_verdict(document, verdict)
}

/// Classifies a stanza whose attributes cannot be read. A request with a readable id is answered.
fn route_unreadable(document: &Document) -> Routed {
    match refuse_unreadable_request(document.root()) {
        Some(answer) => Routed::without_answer(Outcome::Nothing).with_answer(answer),
        None => Routed::unknown(document),
    }
}

fn refuse_unreadable_request(element: Element<'_>) -> Option<Vec<u8>> {
    let is_answer = matches!(element.attr("type").as_deref(), Some("result" | "error"));
    if element.name() != "iq" || is_answer {
        return None;
    }
    let id = StanzaId::new(element.attr("id")?).ok()?;
    let from = element.attr("from").and_then(|from| Jid::new(&from).ok());
    Some(error(&id, from.as_ref(), ErrorCondition::BadRequest))
}

fn result(request: &Iq<'_>, from: Option<&str>) -> Vec<u8> {
    let mut buffer = Vec::new();
    let to = request.from.as_ref().map(Jid::as_str);
    iq::write(&mut buffer, IqKind::Result, &request.id, from, to, |_| {});
    buffer
}

fn refusal(request: &Iq<'_>, condition: ErrorCondition) -> Vec<u8> {
    error(&request.id, request.from.as_ref(), condition)
}

fn error(id: &StanzaId, to: Option<&Jid>, condition: ErrorCondition) -> Vec<u8> {
    let mut buffer = Vec::new();
    iq::write_error(&StanzaError::new(condition), id, None, to.map(Jid::as_str), &mut buffer);
    buffer
}
