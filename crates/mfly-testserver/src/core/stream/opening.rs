//! Awaiting the client's opening, first or after authenticating, and answering it.

use super::authenticating::Authenticating;
use super::binding::Binding;
use super::fault::StartTlsFault;
use super::login::Login;
use super::securing::Securing;
use super::{Cx, Phase, Step, greet};
use mfly_proto::framing::Open;
use mfly_proto::jid::Jid;
use mfly_proto::stream::{StreamCondition, StreamError};

/// The phase before a stream is open.
#[derive(Default)]
pub(super) struct Opening {
    /// Who is logged in, when the stream is opened again.
    pub(super) login: Option<Login>,
}

impl Opening {
    pub(super) fn on_open(self, open: &Open, cx: &mut Cx<'_>) -> Step {
        greet(cx.id, cx.meta.framing, cx.world);
        if open.version.as_deref() != Some("1.0") {
            return Step::Fail(StreamCondition::UnsupportedVersion);
        }
        let host = cx.world.host().as_str();
        let named = open.to.as_deref().and_then(|to| Jid::new(to).ok());
        if named.is_none_or(|named| named.as_str() != host) {
            return Step::Fail(StreamCondition::HostUnknown);
        }
        let faults = &cx.meta.faults;
        let withholds = faults.start_tls == Some(StartTlsFault::Withhold);
        if cx.meta.must_secure && !withholds {
            return Step::Become(Phase::Securing(Securing::begin(cx)));
        }
        if let Some(host) = &faults.see_other_host {
            return Step::FailWith(StreamError {
                see_other_host: Some(host.clone()),
                ..StreamError::new(StreamCondition::SeeOtherHost)
            });
        }
        match self.login {
            None => Step::Become(Phase::Authenticating(Authenticating::begin(cx))),
            Some(login) => Step::Become(Phase::Binding(Binding::begin(login, cx))),
        }
    }
}
