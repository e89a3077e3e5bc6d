//! Logged in, without an address yet.

use super::login::Login;
use super::offer::LIMITS;
use super::online::Online;
use super::{Cx, Phase, Step};
use crate::core::call::has_one_payload;
use crate::core::feature::session_end;
use crate::core::world::{Session, StandardSession};
use mfly_proto::framing::Framing;
use mfly_proto::jid::FullJid;
use mfly_proto::payload::bind::Bind;
use mfly_proto::stanza::{ErrorCondition, Iq, IqRequest, StanzaError, iq};
use mfly_proto::stream::{Features, StreamCondition, StreamError};
use mfly_proto::xml::Element;

/// The phase between authenticating and binding.
pub(super) struct Binding {
    login: Login,
}

/// Why no address is given.
pub(super) enum NotBound {
    /// The login is no longer good.
    Expired,
    /// The resource cannot be one, or there are too many.
    Refused(ErrorCondition),
}

impl Binding {
    /// Offers an address.
    pub(super) fn begin(login: Login, cx: &mut Cx<'_>) -> Self {
        let features = Features { bind: true, session: true, ..features(&login, cx.meta.framing) };
        cx.send(|buffer| features.write(buffer));
        Self { login }
    }

    pub(super) fn on_element(self, element: Element<'_>, cx: &mut Cx<'_>) -> Step {
        // Nothing else may come before binding (RFC 6120 §7.1).
        let Ok(request) = Iq::read(element) else {
            return Step::Fail(StreamCondition::NotAuthorized);
        };
        let payload = request.payload().filter(|_| request.kind == Bind::KIND);
        let Some(payload) = payload.filter(|p| p.is(Bind::NAMESPACE, Bind::NAME)) else {
            return Step::Fail(StreamCondition::NotAuthorized);
        };
        if !has_one_payload(&request) {
            return Step::Become(self.refuse(ErrorCondition::BadRequest, &request, cx));
        }
        let wish = Bind::read(&request, payload).ok().and_then(|bind| bind.resource);
        let resource = wish.filter(|wish| !wish.is_empty()).unwrap_or_else(|| cx.world.fresh_id());
        match bind(&self.login, &resource, false, cx) {
            Ok((jid, online)) => {
                cx.send(|buffer| iq::write_result::<Bind>(&jid, &request.id, None, None, buffer));
                Step::Become(Phase::Online(online))
            }
            Err(NotBound::Expired) => Step::Fail(StreamCondition::NotAuthorized),
            Err(NotBound::Refused(condition)) => Step::Become(self.refuse(condition, &request, cx)),
        }
    }

    fn refuse(self, condition: ErrorCondition, request: &Iq<'_>, cx: &mut Cx<'_>) -> Phase {
        let error = StanzaError::new(condition);
        cx.send(|buffer| iq::write_error(&error, &request.id, None, None, buffer));
        Phase::Binding(self)
    }
}

/// The features of a stream that is authenticated and not bound.
pub(super) fn features(login: &Login, framing: Framing) -> Features {
    let is_standard = login.is_standard();
    Features {
        session_optional: is_standard,
        roster_versioning: is_standard,
        limits: (is_standard || framing == Framing::Tcp).then_some(LIMITS),
        ..Features::default()
    }
}

/// Binds the stream to an address. A stream that has it ends with `conflict` (RFC 6120 §7.7.2.2).
pub(super) fn bind(
    login: &Login,
    resource: &str,
    carbons: bool,
    cx: &mut Cx<'_>,
) -> Result<(FullJid, Online), NotBound> {
    let bare = cx.world.jid_of(&login.user);
    let jid = FullJid::new(&format!("{bare}/{resource}"))
        .map_err(|_| NotBound::Refused(ErrorCondition::BadRequest))?;
    let old = cx.world.stream_at(&jid);
    let has_all_resources = login.is_standard()
        && cx.world.streams_of(&login.user).len() >= cx.world.settings.max_resources;
    let is_full = old.is_none() && (has_all_resources || cx.world.has_all_sessions());
    if is_full {
        return Err(NotBound::Refused(ErrorCondition::ResourceConstraint));
    }
    let registration = login.redeem(cx.now, cx.world).ok_or(NotBound::Expired)?;
    if let Some(old) = old {
        let conflict = StreamError::new(StreamCondition::Conflict);
        session_end::end(cx.world, cx.now, old, &conflict);
    }
    tracing::debug!(session = %jid, tls = cx.meta.tls, "session bound");
    cx.world.bind(
        cx.id,
        Session {
            user: login.user.clone(),
            jid: jid.clone(),
            registration,
            presence: None,
            carbons,
            standard: login.is_standard().then(StandardSession::default),
        },
    );
    Ok((jid, Online::new(cx.now, &cx.world.settings)))
}
