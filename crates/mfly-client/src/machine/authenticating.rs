//! SASL: a password is awaited, then the server's verdict.
//!
//! When the server's offer can be expected, the stream is opened and the authentication begun in
//! one flight: the features that follow have to lead to the same plan, whatever comes after them.

use super::binding::Binding;
use super::io::{DerivationTicket, Output, PasswordTicket};
use super::known_server::Protocol;
use super::negotiate::{Done, Plan};
use super::opening::Opening;
use super::phase::{Cx, Phase};
use super::reason::{Cause, DisconnectReason, LoginFailure};
use super::sasl_client::{SaslClient, needs_password};
use super::sasl_wire::SaslEvent;
use super::timers::Timer;
use mfly_proto::jid::Jid;
use mfly_proto::sasl::{Mechanism as _, SaslError, Scram, ScramKeys};
use mfly_proto::secret::Password;
use mfly_proto::xml::Element;
use std::fmt;
use std::sync::Arc;

/// An authentication under way.
pub(super) struct Authenticating {
    pub(super) plan: Plan,
    /// The stream is not open yet.
    ahead: bool,
    state: State,
}

/// Whose turn it is.
enum State {
    /// The password's source's.
    Password(PasswordTicket),
    /// The server's.
    Server(SaslClient),
    /// Ours: the keys for the answer to this challenge are being derived.
    Deriving(DerivationTicket, Box<Scram>, Vec<u8>),
}

impl Authenticating {
    /// Begins, on a stream whose features led to this plan.
    pub(super) fn start(plan: Plan, cx: &mut Cx<'_>) -> Result<Phase, DisconnectReason> {
        Self::begin_or_ask(plan, false, cx)
    }

    /// Begins, on a stream that is not open yet, with the plan to which the expected features lead.
    pub(super) fn start_ahead(plan: Plan, cx: &mut Cx<'_>) -> Result<Phase, DisconnectReason> {
        Self::begin_or_ask(plan, true, cx)
    }

    fn begin_or_ask(plan: Plan, ahead: bool, cx: &mut Cx<'_>) -> Result<Phase, DisconnectReason> {
        cx.timers.set(Timer::Phase, cx.now, cx.config.phase_timeout);
        if !needs_password(&plan.choice) {
            return Self::begin(plan, ahead, None, cx);
        }
        let ticket = PasswordTicket(cx.random.number());
        cx.out.push_back(Output::NeedPassword(ticket));
        Ok(Phase::Authenticating(Self { plan, ahead, state: State::Password(ticket) }))
    }

    pub(super) fn on_password(
        self,
        ticket: PasswordTicket,
        password: Result<Password, Cause>,
        cx: &mut Cx<'_>,
    ) -> Result<Phase, DisconnectReason> {
        if !matches!(self.state, State::Password(awaited) if awaited == ticket) {
            return Ok(Phase::Authenticating(self));
        }
        let password = password.map_err(DisconnectReason::PasswordUnavailable)?;
        Self::begin(self.plan, self.ahead, Some(&password), cx)
    }

    fn begin(
        plan: Plan,
        ahead: bool,
        password: Option<&Password>,
        cx: &mut Cx<'_>,
    ) -> Result<Phase, DisconnectReason> {
        let mut exchange = SaslClient::begin(
            &plan.choice,
            cx.config,
            password,
            cx.login.keys(),
            cx.random.nonce(),
        )
        .map_err(|error| DisconnectReason::PasswordUnavailable(Arc::new(error)))?;
        if ahead {
            cx.open_stream();
        }
        let (name, initial) = (exchange.name(), exchange.initial());
        let agent = cx.login.agent(cx.random).to_owned();
        let config = cx.config;
        if let Some(password) = password {
            cx.login.spoken().password(password);
        }
        cx.write_secret(|writer| {
            plan.protocol.write_begin(name, initial, &agent, config, writer);
        });
        let auth = Self { plan, ahead: false, state: State::Server(exchange) };
        Ok(if ahead {
            Opening::after_authentication_began(auth, cx)
        } else {
            Phase::Authenticating(auth.confirmed(cx))
        })
    }

    /// The server offers what this authentication began with; its signed word on that, if it gives
    /// one, must say the same.
    pub(super) fn confirmed(mut self, cx: &Cx<'_>) -> Self {
        if let State::Server(SaslClient::Scram(scram)) = &mut self.state {
            scram.check_offer(cx.login.offer().vouched(self.plan.protocol));
        }
        self
    }

    pub(super) fn on_element(
        self,
        element: Element<'_>,
        cx: &mut Cx<'_>,
    ) -> Result<Phase, DisconnectReason> {
        let Self { plan, state, .. } = self;
        let State::Server(mut exchange) = state else {
            return Err(DisconnectReason::ProtocolViolation("it did not wait for authentication"));
        };
        match plan.protocol.read(element) {
            SaslEvent::Failure(failure) => Err(DisconnectReason::AuthenticationRefused(failure)),
            SaslEvent::Success { data, bound } => {
                exchange.success(&data).map_err(LoginFailure::AuthenticationBroken)?;
                cx.login.authenticated(&plan, exchange.keys(), cx.config);
                authenticated(plan.protocol, bound, cx)
            }
            SaslEvent::MoreTasks(tasks) => {
                cx.write(|writer| plan.protocol.write_abort(writer));
                Err(LoginFailure::MoreTasks { tasks }.into())
            }
            SaslEvent::Challenge(challenge) => match exchange {
                SaslClient::Cheap(mut mechanism) => {
                    let answer = mechanism.step(&challenge);
                    Self::answer(plan, SaslClient::Cheap(mechanism), answer, cx)
                }
                SaslClient::Scram(mut scram) => match scram.derivation(&challenge) {
                    Ok(Some(derivation)) => {
                        let ticket = DerivationTicket(cx.random.number());
                        cx.out.push_back(Output::Derive(ticket, derivation));
                        Ok(Phase::Authenticating(Self {
                            plan,
                            ahead: false,
                            state: State::Deriving(ticket, scram, challenge),
                        }))
                    }
                    Ok(None) => {
                        let answer = scram.step(&challenge);
                        Self::answer(plan, SaslClient::Scram(scram), answer, cx)
                    }
                    Err(error) => Self::answer(plan, SaslClient::Scram(scram), Err(error), cx),
                },
            },
            SaslEvent::Malformed => Err(DisconnectReason::ProtocolViolation(
                "what it says of authentication is malformed",
            )),
            SaslEvent::Other => Err(DisconnectReason::ProtocolViolation(
                "it sent something else during authentication",
            )),
        }
    }

    pub(super) fn on_keys(
        self,
        ticket: DerivationTicket,
        keys: ScramKeys,
        cx: &mut Cx<'_>,
    ) -> Result<Phase, DisconnectReason> {
        match self.state {
            State::Deriving(awaited, mut scram, challenge) if awaited == ticket => {
                scram.use_keys(keys);
                let answer = scram.step(&challenge);
                Self::answer(self.plan, SaslClient::Scram(scram), answer, cx)
            }
            state => Ok(Phase::Authenticating(Self { state, ..self })),
        }
    }

    fn answer(
        plan: Plan,
        exchange: SaslClient,
        answer: Result<Vec<u8>, SaslError>,
        cx: &mut Cx<'_>,
    ) -> Result<Phase, DisconnectReason> {
        match answer {
            Ok(answer) => {
                cx.write_secret(|writer| plan.protocol.write_answer(answer, writer));
                Ok(Phase::Authenticating(Self {
                    plan,
                    ahead: false,
                    state: State::Server(exchange),
                }))
            }
            Err(error) => {
                cx.write(|writer| plan.protocol.write_abort(writer));
                Err(LoginFailure::AuthenticationBroken(error).into())
            }
        }
    }
}

/// Who we are is settled. With SASL2 the stream goes on, perhaps with a resource bound already.
fn authenticated(
    protocol: Protocol,
    bound: Option<Jid>,
    cx: &mut Cx<'_>,
) -> Result<Phase, DisconnectReason> {
    match (protocol, bound) {
        (Protocol::Sasl, _) => Ok(Opening::start(Done::AUTHENTICATED, cx)),
        (Protocol::Sasl2 { bind2: Some(asked) }, Some(jid)) => {
            Binding::bound_along(&jid, asked.carbons, cx)
        }
        (Protocol::Sasl2 { .. }, _) => Ok(Opening::go_on(cx)),
    }
}

impl fmt::Debug for Authenticating {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticating")
            .field("plan", &self.plan)
            .field("ahead", &self.ahead)
            .finish_non_exhaustive()
    }
}
