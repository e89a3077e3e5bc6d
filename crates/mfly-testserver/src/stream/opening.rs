//! Awaiting the client's `<open/>`, first or after authenticating, and answering it.

use super::authenticating::{Authenticating, Login};
use super::binding::Binding;
use super::{Cx, Phase, Step, greet};
use mfly_proto::framing::websocket::Open;
use mfly_proto::stream::{Features, StreamCondition};

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
        if !open
            .to
            .as_deref()
            .is_some_and(|to| to.eq_ignore_ascii_case(host))
        {
            return Step::Fail(StreamCondition::HostUnknown);
        }
        match self.login {
            None => {
                // Only PLAIN: the password that is presented differs every time, so no verifier of it can be kept.
                let mechanisms = vec!["PLAIN".to_owned()];
                let features = Features {
                    mechanisms,
                    ..Features::default()
                };
                cx.send(|buffer| features.write(buffer));
                Step::Become(Phase::Authenticating(Authenticating::default()))
            }
            Some(login) => {
                let features = Features {
                    bind: true,
                    session: true,
                    ..Features::default()
                };
                cx.send(|buffer| features.write(buffer));
                Step::Become(Phase::Binding(Binding::new(login)))
            }
        }
    }
}
