//! The phase of resource binding, and of session establishment where the server requires it.

use super::io::{Notice, Output};
use super::negotiate::{CompletedSteps, Step, next_step};
use super::online::{Online, stanza_limit};
use super::phase::{Phase, PhaseContext};
use super::reason::DisconnectReason;
use super::requests::OwnAddress;
use super::timers::Timer;
use mfly_proto::framing::Skipped;
use mfly_proto::id::StanzaId;
use mfly_proto::jid::{BareJid, FullJid, Jid};
use mfly_proto::payload::bind::{self, Bind};
use mfly_proto::payload::session::{self, EstablishSession};
use mfly_proto::stanza::{Iq, IqKind, IqRequest, Reply, iq};
use mfly_proto::stream::Features;
use mfly_proto::xml::Document;

/// The phase in which the server assigns the session's address.
#[derive(Debug)]
pub(super) struct Binding {
    features: Features,
    done: CompletedSteps,
    /// The id of the pending request.
    id: StanzaId,
    /// The address, after the server has assigned it.
    jid: Option<FullJid>,
}

impl Binding {
    /// Sends the request to bind a resource and waits for the answer.
    pub(super) fn start(
        features: Features,
        done: CompletedSteps,
        cx: &mut PhaseContext<'_>,
    ) -> Phase {
        let id = Self::request(cx);
        Self::requested(features, done, id)
    }

    /// Waits for the answer to the request to bind with this id.
    pub(super) const fn requested(features: Features, done: CompletedSteps, id: StanzaId) -> Phase {
        Phase::Binding(Self { features, done, id, jid: None })
    }

    /// Enters `Online` after the authentication bound a resource (Bind2, XEP-0386).
    pub(super) fn bound_with_authentication(
        jid: &Jid,
        with_carbons: bool,
        cx: &mut PhaseContext<'_>,
    ) -> Result<Phase, DisconnectReason> {
        let jid = FullJid::new(jid.as_str())
            .map_err(|_| DisconnectReason::ProtocolViolation("it bound no address"))?;
        check(&jid, &cx.config.account)?;
        Ok(Online::start(OwnAddress::new(jid), with_carbons, None, cx))
    }

    /// Sends the request to bind a resource.
    pub(super) fn request(cx: &mut PhaseContext<'_>) -> StanzaId {
        let resource = Some(cx.login.resource(cx.config, cx.random));
        request(bind::ID, &Bind { resource }, cx)
    }

    pub(super) fn on_document(
        self,
        document: Document,
        cx: &mut PhaseContext<'_>,
    ) -> Result<Phase, DisconnectReason> {
        let answer = Iq::read(document.root()).ok().filter(|iq| self.is_answer(iq, cx));
        let Some(answer) = answer else {
            // Without an own address, no sender can be judged.
            cx.out.push_back(Output::Notice(Notice::UnknownStanza(document)));
            return Ok(Phase::Binding(self));
        };
        if let Some(error) = answer.error() {
            return Err(DisconnectReason::BindRefused(error));
        }
        let (jid, done) = match self.jid {
            Some(jid) => (jid, self.done.union(CompletedSteps::SESSION)),
            None => {
                let reply = Reply { from: answer.from.as_ref(), payload: answer.payload() };
                let jid = Bind::read_response(&reply)
                    .map_err(|_| DisconnectReason::ProtocolViolation("it bound no address"))?;
                check(&jid, &cx.config.account)?;
                (jid, self.done.union(CompletedSteps::BOUND))
            }
        };
        if next_step(&self.features, done) == Some(Step::EstablishSession) {
            let id = request(session::ID, &EstablishSession, cx);
            return Ok(Phase::Binding(Self { features: self.features, done, id, jid: Some(jid) }));
        }
        let limit = stanza_limit(&self.features);
        Ok(Online::start(OwnAddress::new(jid), false, limit, cx))
    }

    /// A stanza exceeded a limit and was not read. If it was the awaited answer, the login fails.
    pub(super) fn on_skipped(
        self,
        skipped: Skipped,
        cx: &mut PhaseContext<'_>,
    ) -> Result<Phase, DisconnectReason> {
        if skipped.name == "iq" && skipped.id.as_deref() == Some(self.id.as_str()) {
            return Err(DisconnectReason::LimitExceeded(Box::new(skipped)));
        }
        cx.notice(Notice::StanzaSkipped(skipped));
        Ok(Phase::Binding(self))
    }

    /// Whether this answers the pending request and comes from the server or the own account.
    fn is_answer(&self, iq: &Iq<'_>, cx: &PhaseContext<'_>) -> bool {
        let account = &cx.config.account;
        let is_own = iq.from.as_ref().is_none_or(|from| {
            from.as_str() == account.domain() || from.bare_str() == account.as_str()
        });
        is_own && iq.id == self.id && matches!(iq.kind, IqKind::Result | IqKind::Error)
    }
}

/// Refuses an address of another account: the own address decides which senders are accepted later.
/// A guest's address is assigned by the server.
fn check(jid: &FullJid, account: &BareJid) -> Result<(), DisconnectReason> {
    let is_guest = account.local().is_none() && jid.domain() == account.domain();
    if jid.bare() == *account || is_guest {
        return Ok(());
    }
    let reason = "it bound the address of another account";
    Err(DisconnectReason::ProtocolViolation(reason))
}

/// Sends a request with the id that the official SDK uses for it.
fn request<R: IqRequest>(id: &str, request: &R, cx: &mut PhaseContext<'_>) -> StanzaId {
    let id = StanzaId::new(id).unwrap_or_else(|_| cx.random.stanza_id());
    let mut buffer = Vec::new();
    // The resource is the only text of the caller; the configuration has checked it.
    let written = iq::write_request(request, &id, &mut buffer);
    debug_assert!(written.is_ok(), "{written:?}");
    cx.send(buffer);
    cx.timers.set(Timer::Phase, cx.now, cx.config.phase_timeout);
    id
}
