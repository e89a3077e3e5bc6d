//! The stream is opened from this side; the server's opening and its features are awaited.

use super::authenticating::Authenticating;
use super::binding::Binding;
use super::negotiate::{Done, Step, next_step};
use super::phase::{Cx, Phase};
use super::reason::DisconnectReason;
use super::timers::Timer;
use mfly_proto::framing::websocket::Open;
use mfly_proto::stream::Features;
use mfly_proto::xml::Element;

/// A stream is being opened, for the first time or again after authentication.
#[derive(Debug)]
pub(super) struct Opening {
    done: Done,
    /// The server has opened its side.
    opened: bool,
}

impl Opening {
    pub(super) fn start(done: Done, cx: &mut Cx<'_>) -> Phase {
        cx.timers.set(Timer::Phase, cx.now, cx.config.phase_timeout);
        cx.open_stream();
        Phase::Opening(Self {
            done,
            opened: false,
        })
    }

    pub(super) fn on_open(self, open: &Open) -> Result<Phase, DisconnectReason> {
        if self.opened {
            return Err(DisconnectReason::ProtocolViolation(
                "it opened the stream twice",
            ));
        }
        if open.version.as_deref() != Some("1.0") {
            return Err(DisconnectReason::ProtocolViolation(
                "its stream is not of version 1.0",
            ));
        }
        Ok(Phase::Opening(Self {
            opened: true,
            ..self
        }))
    }

    pub(super) fn on_element(
        self,
        element: Element<'_>,
        cx: &mut Cx<'_>,
    ) -> Result<Phase, DisconnectReason> {
        if !self.opened {
            return Err(DisconnectReason::ProtocolViolation(
                "it did not open the stream first",
            ));
        }
        let Ok(features) = Features::read(element) else {
            return Err(DisconnectReason::ProtocolViolation(
                "it sent something before its features",
            ));
        };
        match next_step(&features, self.done) {
            Some(Step::Authenticate) => Authenticating::start(&features, self.done, cx),
            Some(Step::Bind) => Ok(Binding::start(features, self.done, cx)),
            Some(Step::EstablishSession) | None if self.done.has(Done::AUTHENTICATED) => Err(
                DisconnectReason::ProtocolViolation("it offers no resource binding"),
            ),
            Some(Step::EstablishSession) | None => Err(DisconnectReason::MechanismUnavailable {
                offered: Vec::new(),
            }),
        }
    }
}
