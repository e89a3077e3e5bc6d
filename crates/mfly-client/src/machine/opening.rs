//! The stream is opened from this side; the server's opening and its features are awaited.
//!
//! What had to follow anyway may have left together with the opening. The features then tell
//! whether it was right.

use super::authenticating::Authenticating;
use super::binding::Binding;
use super::config::Config;
use super::known_server::Offer;
use super::negotiate::{Done, Step, next_step, plan};
use super::phase::{Cx, Phase};
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
    done: Done,
    /// The server has opened its side.
    opened: bool,
    /// Whom the server says that it is, when that is not whom it was asked for.
    other: Option<String>,
    ahead: Ahead,
}

/// What left together with the opening.
#[derive(Debug)]
enum Ahead {
    Nothing,
    Authentication(Box<Authenticating>),
    /// The request for a resource, by its id.
    Binding(StanzaId),
}

impl Ahead {
    /// What can leave without the features. After authentication a resource always has to be bound.
    fn after(done: Done, cx: &mut Cx<'_>) -> Self {
        if done.has(Done::AUTHENTICATED) && cx.login.is_pipelined(cx.config) {
            Self::Binding(Binding::request(cx))
        } else {
            Self::Nothing
        }
    }
}

impl Opening {
    /// The connection stands. Authentication begins at once if what the server offers can be
    /// expected.
    pub(super) fn first(cx: &mut Cx<'_>) -> Result<Phase, DisconnectReason> {
        let policy = cx.login.policy(cx.config);
        let expected = cx
            .login
            .expected(cx.config)
            .and_then(|offer| plan(offer, &policy, cx.config, cx.channel).ok());
        match expected {
            Some(plan) => Authenticating::start_ahead(plan, cx),
            None => Ok(Self::start(Done::NOTHING, cx)),
        }
    }

    /// Opens the stream, for the first time or again.
    pub(super) fn start(done: Done, cx: &mut Cx<'_>) -> Phase {
        cx.timers.set(Timer::Phase, cx.now, cx.config.phase_timeout);
        cx.open_stream();
        Phase::Opening(Self { ahead: Ahead::after(done, cx), done, opened: false, other: None })
    }

    /// Authentication is over, and the stream goes on (SASL2) without a resource.
    pub(super) fn go_on(cx: &mut Cx<'_>) -> Phase {
        cx.timers.set(Timer::Phase, cx.now, cx.config.phase_timeout);
        Phase::Opening(Self {
            done: Done::AUTHENTICATED,
            opened: true,
            other: None,
            ahead: Ahead::after(Done::AUTHENTICATED, cx),
        })
    }

    /// The stream was opened and authentication begun in one flight.
    pub(super) fn after_authentication_began(auth: Authenticating, cx: &mut Cx<'_>) -> Phase {
        cx.timers.set(Timer::Phase, cx.now, cx.config.phase_timeout);
        Phase::Opening(Self {
            done: Done::NOTHING,
            opened: false,
            other: None,
            ahead: Ahead::Authentication(Box::new(auth)),
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
            other: config
                .check_stream_from
                .then(|| other_than(config.account.domain(), open))
                .flatten(),
            ..self
        }))
    }

    pub(super) fn on_element(
        self,
        element: Element<'_>,
        cx: &mut Cx<'_>,
    ) -> Result<Phase, DisconnectReason> {
        if !self.opened {
            return Err(DisconnectReason::ProtocolViolation("it did not open the stream first"));
        }
        // Not before: a server that refuses the host answers in its own name, and then says why.
        if let Some(answered) = self.other {
            let asked = cx.config.account.domain().to_owned();
            return Err(DisconnectReason::WrongServer { asked, answered });
        }
        let Ok(features) = Features::read(element) else {
            return Err(DisconnectReason::ProtocolViolation(
                "it sent something before its features",
            ));
        };
        match (next_step(&features, self.done), self.ahead) {
            (Some(Step::Authenticate), ahead) => Self::authenticate(&features, ahead, cx),
            (Some(Step::Bind), Ahead::Binding(id)) => {
                Ok(Binding::requested(features, self.done, id))
            }
            (Some(Step::Bind), _) => Ok(Binding::start(features, self.done, cx)),
            (Some(Step::EstablishSession) | None, _) if self.done.has(Done::AUTHENTICATED) => {
                Err(DisconnectReason::ProtocolViolation("it offers no resource binding"))
            }
            (Some(Step::EstablishSession) | None, Ahead::Nothing) => {
                Err(LoginFailure::MechanismUnavailable { offered: Vec::new() }.into())
            }
            (Some(Step::EstablishSession) | None, _) => Err(DisconnectReason::OfferChanged),
        }
    }

    /// Plans by what the server does offer. What went ahead must be just that: a weaker mechanism
    /// would be a downgrade, and a stronger one than offered fails by itself.
    fn authenticate(
        features: &Features,
        ahead: Ahead,
        cx: &mut Cx<'_>,
    ) -> Result<Phase, DisconnectReason> {
        let offer = Offer::of(features);
        let policy = cx.login.policy(cx.config);
        let plan = plan(&offer, &policy, cx.config, cx.channel);
        cx.login.offered(offer);
        match ahead {
            Ahead::Authentication(auth) => match plan {
                Ok(plan) if plan == auth.plan => Ok(Phase::Authenticating(auth.confirmed(cx))),
                _ => Err(DisconnectReason::OfferChanged),
            },
            Ahead::Nothing | Ahead::Binding(_) => Authenticating::start(plan?, cx),
        }
    }
}

/// The sender of a stream header, when it is not the domain that was asked for (RFC 6120 §4.7.1). A
/// server that leaves it out, as it must not, says nothing wrong.
fn other_than(domain: &str, open: &Open) -> Option<String> {
    let from = open.from.as_deref().map(str::trim);
    let from = from.filter(|from| !from.is_empty())?;
    let is_asked = Jid::new(from).is_ok_and(|from| from.as_str() == domain);
    (!is_asked).then(|| excerpt(from))
}
