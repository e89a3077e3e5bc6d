//! The phase in which this side has opened the stream, and waits for the server's stream header and
//! features.
//!
//! With pipelining, the next step was sent together with the header. The features then have to
//! offer that step.

use super::authenticating::Authenticating;
use super::binding::Binding;
use super::config::Config;
use super::known_server::Offer;
use super::negotiate::{CompletedSteps, Step, next_step, plan};
use super::phase::{Phase, PhaseContext};
use super::reason::{DisconnectReason, LoginFailure};
use super::timers::Timer;
use mfly_proto::framing::Open;
use mfly_proto::id::StanzaId;
use mfly_proto::jid::Jid;
use mfly_proto::stream::Features;
use mfly_proto::text::excerpt;
use mfly_proto::xml::Element;

/// A stream is being opened, for the first time or again after authentication.
#[derive(Debug)]
pub(super) struct Opening {
    done: CompletedSteps,
    /// Whether the server has opened its side.
    opened: bool,
    /// The `from` of the server's stream header, when it is not the domain that was asked for.
    wrong_sender: Option<String>,
    sent_ahead: SentAhead,
}

/// The step that was sent together with the stream header.
#[derive(Debug)]
enum SentAhead {
    Nothing,
    Authentication(Box<Authenticating>),
    /// The request to bind a resource, with its id.
    Binding(StanzaId),
}

impl SentAhead {
    /// Sends the step that needs no features: after authentication, a resource always has to be
    /// bound.
    fn after(done: CompletedSteps, cx: &mut PhaseContext<'_>) -> Self {
        if done.contains(CompletedSteps::AUTHENTICATED) && cx.login.is_pipelined(cx.config) {
            Self::Binding(Binding::request(cx))
        } else {
            Self::Nothing
        }
    }
}

impl Opening {
    /// Handles a new connection. Authentication begins at once if the server's offer is known from
    /// an earlier login.
    pub(super) fn first(cx: &mut PhaseContext<'_>) -> Result<Phase, DisconnectReason> {
        let policy = cx.login.policy(cx.config);
        let expected = cx
            .login
            .expected_offer(cx.config)
            .and_then(|offer| plan(offer, &policy, cx.config, cx.channel).ok());
        match expected {
            Some(plan) => Authenticating::start(plan, true, cx),
            None => Ok(Self::start(CompletedSteps::NOTHING, cx)),
        }
    }

    /// Opens the stream, for the first time or again.
    pub(super) fn start(done: CompletedSteps, cx: &mut PhaseContext<'_>) -> Phase {
        cx.timers.set(Timer::Phase, cx.now, cx.config.phase_timeout);
        cx.open_stream();
        Phase::Opening(Self {
            sent_ahead: SentAhead::after(done, cx),
            done,
            opened: false,
            wrong_sender: None,
        })
    }

    /// Waits for features on the same stream, after SASL2 succeeded without binding a resource.
    pub(super) fn continue_stream(cx: &mut PhaseContext<'_>) -> Phase {
        cx.timers.set(Timer::Phase, cx.now, cx.config.phase_timeout);
        Phase::Opening(Self {
            done: CompletedSteps::AUTHENTICATED,
            opened: true,
            wrong_sender: None,
            sent_ahead: SentAhead::after(CompletedSteps::AUTHENTICATED, cx),
        })
    }

    /// The stream header and the first SASL element were sent together.
    pub(super) fn with_authentication_sent(
        auth: Authenticating,
        cx: &mut PhaseContext<'_>,
    ) -> Phase {
        cx.timers.set(Timer::Phase, cx.now, cx.config.phase_timeout);
        Phase::Opening(Self {
            done: CompletedSteps::NOTHING,
            opened: false,
            wrong_sender: None,
            sent_ahead: SentAhead::Authentication(Box::new(auth)),
        })
    }

    pub(super) fn on_open(self, open: &Open, config: &Config) -> Result<Phase, DisconnectReason> {
        if self.opened {
            return Err(DisconnectReason::ProtocolViolation("it opened the stream twice"));
        }
        if open.version.as_deref() != Some("1.0") {
            return Err(DisconnectReason::ProtocolViolation("its stream is not of version 1.0"));
        }
        Ok(Phase::Opening(Self {
            opened: true,
            wrong_sender: config
                .check_stream_from
                .then(|| sender_other_than(config.account.domain(), open))
                .flatten(),
            ..self
        }))
    }

    pub(super) fn on_element(
        self,
        element: Element<'_>,
        cx: &mut PhaseContext<'_>,
    ) -> Result<Phase, DisconnectReason> {
        if !self.opened {
            return Err(DisconnectReason::ProtocolViolation("it did not open the stream first"));
        }
        // Checked after stream errors: a server that refuses the host answers in its own name, and
        // gives the reason in a stream error.
        if let Some(answered) = self.wrong_sender {
            let asked = cx.config.account.domain().to_owned();
            return Err(DisconnectReason::WrongServer { asked, answered });
        }
        let Ok(features) = Features::read(element) else {
            return Err(DisconnectReason::ProtocolViolation(
                "it sent something before its features",
            ));
        };
        match (next_step(&features, self.done), self.sent_ahead) {
            (Some(Step::Authenticate), ahead) => Self::authenticate(&features, ahead, cx),
            (Some(Step::Bind), SentAhead::Binding(id)) => {
                Ok(Binding::requested(features, self.done, id))
            }
            (Some(Step::Bind), _) => Ok(Binding::start(features, self.done, cx)),
            (Some(Step::EstablishSession) | None, _)
                if self.done.contains(CompletedSteps::AUTHENTICATED) =>
            {
                Err(DisconnectReason::ProtocolViolation("it offers no resource binding"))
            }
            (Some(Step::EstablishSession) | None, SentAhead::Nothing) => {
                Err(LoginFailure::MechanismUnavailable { offered: Vec::new() }.into())
            }
            (Some(Step::EstablishSession) | None, _) => Err(DisconnectReason::OfferChanged),
        }
    }

    /// Plans the authentication by the server's features. An authentication that was sent ahead
    /// must have the same plan: a weaker mechanism would be a downgrade, and one that is not
    /// offered fails.
    fn authenticate(
        features: &Features,
        sent_ahead: SentAhead,
        cx: &mut PhaseContext<'_>,
    ) -> Result<Phase, DisconnectReason> {
        let offer = Offer::of(features);
        let policy = cx.login.policy(cx.config);
        let plan = plan(&offer, &policy, cx.config, cx.channel);
        cx.login.set_offer(offer);
        match sent_ahead {
            SentAhead::Authentication(auth) => match plan {
                Ok(plan) if plan == auth.plan => Ok(Phase::Authenticating(auth.confirmed(cx))),
                _ => Err(DisconnectReason::OfferChanged),
            },
            SentAhead::Nothing | SentAhead::Binding(_) => Authenticating::start(plan?, false, cx),
        }
    }
}

/// The sender of a stream header, when it is not the domain that was asked for (RFC 6120 §4.7.1). A
/// missing sender is accepted, although the server must send one.
fn sender_other_than(domain: &str, open: &Open) -> Option<String> {
    let from = open.from.as_deref().map(str::trim);
    let from = from.filter(|from| !from.is_empty())?;
    let is_asked = Jid::new(from).is_ok_and(|from| from.as_str() == domain);
    (!is_asked).then(|| excerpt(from))
}
