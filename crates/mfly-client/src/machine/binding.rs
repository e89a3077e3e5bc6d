//! Resource binding, then session establishment where the server insists on it.

use super::io::{Notice, Output};
use super::negotiate::{Done, Step, next_step};
use super::online::{Online, stanza_limit};
use super::phase::{Cx, Phase};
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

/// This session is getting its address.
#[derive(Debug)]
pub(super) struct Binding {
    features: Features,
    done: Done,
    /// Of the request under way.
    id: StanzaId,
    /// The address, once the server has given it.
    jid: Option<FullJid>,
}

impl Binding {
    /// Asks for a resource and waits for it.
    pub(super) fn start(features: Features, done: Done, cx: &mut Cx<'_>) -> Phase {
        let id = Self::request(cx);
        Self::requested(features, done, id)
    }

    /// Waits for the resource that was asked for under this id.
    pub(super) const fn requested(features: Features, done: Done, id: StanzaId) -> Phase {
        Phase::Binding(Self { features, done, id, jid: None })
    }

    /// A resource was bound along with the authentication.
    pub(super) fn bound_along(
        jid: &Jid,
        with_carbons: bool,
        cx: &mut Cx<'_>,
    ) -> Result<Phase, DisconnectReason> {
        let jid = FullJid::new(jid.as_str())
            .map_err(|_| DisconnectReason::ProtocolViolation("it bound no address"))?;
        check(&jid, &cx.config.account)?;
        Ok(Online::start(OwnAddress::new(jid), with_carbons, None, cx))
    }

    /// Asks for a resource.
    pub(super) fn request(cx: &mut Cx<'_>) -> StanzaId {
        let resource = Some(cx.login.resource(cx.config, cx.random));
        request(bind::ID, &Bind { resource }, cx)
    }

    pub(super) fn on_document(
        self,
        document: Document,
        cx: &mut Cx<'_>,
    ) -> Result<Phase, DisconnectReason> {
        let answer = Iq::read(document.root()).ok().filter(|iq| self.is_answer(iq, cx));
        let Some(answer) = answer else {
            // Not yet known who we are, so nothing can be judged.
            cx.out.push_back(Output::Notice(Notice::UnknownStanza(document)));
            return Ok(Phase::Binding(self));
        };
        if let Some(error) = answer.error() {
            return Err(DisconnectReason::BindRefused(error));
        }
        let (jid, done) = match self.jid {
            Some(jid) => (jid, self.done.and(Done::SESSION)),
            None => {
                let reply = Reply { from: answer.from.as_ref(), payload: answer.payload() };
                let jid = Bind::read_response(&reply)
                    .map_err(|_| DisconnectReason::ProtocolViolation("it bound no address"))?;
                check(&jid, &cx.config.account)?;
                (jid, self.done.and(Done::BOUND))
            }
        };
        if next_step(&self.features, done) == Some(Step::EstablishSession) {
            let id = request(session::ID, &EstablishSession, cx);
            return Ok(Phase::Binding(Self { features: self.features, done, id, jid: Some(jid) }));
        }
        let limit = stanza_limit(&self.features);
        Ok(Online::start(OwnAddress::new(jid), false, limit, cx))
    }

    /// A stanza exceeds a limit and was not read. Without the answer there is no going on.
    pub(super) fn on_skipped(
        self,
        skipped: Skipped,
        cx: &mut Cx<'_>,
    ) -> Result<Phase, DisconnectReason> {
        if skipped.name == "iq" && skipped.id.as_deref() == Some(self.id.as_str()) {
            return Err(DisconnectReason::LimitExceeded(Box::new(skipped)));
        }
        cx.notice(Notice::StanzaSkipped(skipped));
        Ok(Phase::Binding(self))
    }

    /// Whether this answers the request under way and comes from the server or the own account.
    fn is_answer(&self, iq: &Iq<'_>, cx: &Cx<'_>) -> bool {
        let account = &cx.config.account;
        let is_own = iq.from.as_ref().is_none_or(|from| {
            from.as_str() == account.domain() || from.bare_str() == account.as_str()
        });
        is_own && iq.id == self.id && matches!(iq.kind, IqKind::Result | IqKind::Error)
    }
}

/// Everything that is believed later is judged by the own address. A guest's is made up by the
/// server.
fn check(jid: &FullJid, account: &BareJid) -> Result<(), DisconnectReason> {
    let is_guest = account.local().is_none() && jid.domain() == account.domain();
    if jid.bare() == *account || is_guest {
        return Ok(());
    }
    let reason = "it bound the address of another account";
    Err(DisconnectReason::ProtocolViolation(reason))
}

/// Sends a request under the id that the official SDK uses for it.
fn request<R: IqRequest>(id: &str, request: &R, cx: &mut Cx<'_>) -> StanzaId {
    let id = StanzaId::new(id).unwrap_or_else(|_| cx.random.stanza_id());
    let mut buffer = Vec::new();
    // What a caller chose of it, the resource, was checked when it was chosen.
    let written = iq::write_request(request, &id, &mut buffer);
    debug_assert!(written.is_ok(), "{written:?}");
    cx.send(buffer);
    cx.timers.set(Timer::Phase, cx.now, cx.config.phase_timeout);
    id
}
