//! Logged in, without an address yet.

use super::authenticating::Login;
use super::online::Online;
use super::{Cx, Phase, Step};
use crate::world::Session;
use mfly_proto::jid::FullJid;
use mfly_proto::payload::bind::Bind;
use mfly_proto::stanza::{ErrorCondition, Iq, IqRequest, StanzaError, iq};
use mfly_proto::stream::{StreamCondition, StreamError};
use mfly_proto::xml::Element;

/// The phase between authenticating and binding.
pub(super) struct Binding {
    login: Login,
}

impl Binding {
    pub(super) const fn new(login: Login) -> Self {
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
        // The account may have gone, or been blocked, since the password was checked.
        if !cx
            .world
            .is_registered(&self.login.user, self.login.registration)
        {
            return Step::Fail(StreamCondition::NotAuthorized);
        }
        let wish = Bind::read(&request, payload)
            .ok()
            .and_then(|bind| bind.resource);
        let resource = wish
            .filter(|wish| !wish.is_empty())
            .unwrap_or_else(|| cx.world.fresh_id());
        let bare = cx.world.jid_of(&self.login.user);
        let Ok(jid) = FullJid::new(&format!("{bare}/{resource}")) else {
            let error = StanzaError::new(ErrorCondition::BadRequest);
            cx.send(|buffer| iq::write_error(&error, &request.id, None, None, buffer));
            return Step::Become(Phase::Binding(self));
        };
        if let Some(old) = cx.world.stream_at(&jid) {
            cx.world
                .end_stream(cx.now, old, &StreamError::new(StreamCondition::Conflict));
        }
        cx.send(|buffer| iq::write_result::<Bind>(&jid, &request.id, None, None, buffer));
        tracing::debug!(session = %jid, tls = cx.meta.tls, "session bound");
        cx.world.bind(
            cx.id,
            Session {
                user: self.login.user,
                jid,
                registration: self.login.registration,
                presence: None,
                carbons: false,
            },
        );
        Step::Become(Phase::Online(Online::new(cx.now, &cx.world.settings)))
    }
}
