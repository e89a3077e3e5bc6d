//! SASL: a password is awaited, then the server's verdict.
//!
//! When the server's offer can be expected, the stream is opened and the authentication begun in one flight: the features
//! that follow have to lead to the same plan, whatever comes after them.

use super::exchange::{Exchange, needs_password};
use super::io::{Computation, ComputationTicket, Computed, Output, PasswordTicket};
use super::negotiate::{Done, Plan};
use super::opening::Opening;
use super::phase::{Cx, Phase};
use super::reason::{Cause, DisconnectReason};
use super::sasl_wire::Heard;
use super::timers::Timer;
use mfly_proto::sasl::SaslError;
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
    Server(Exchange),
    /// Ours: the answer is being computed.
    Computing(ComputationTicket),
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
        let ticket = PasswordTicket(cx.entropy.number());
        cx.out.push_back(Output::NeedPassword(ticket));
        Ok(Phase::Authenticating(Self {
            plan,
            ahead,
            state: State::Password(ticket),
        }))
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
        let mut exchange = Exchange::begin(
            &plan.choice,
            &cx.config.account,
            password,
            cx.login.keys(),
            cx.entropy.nonce(),
        )
        .map_err(|error| DisconnectReason::PasswordUnavailable(Arc::new(error)))?;
        if ahead {
            cx.open_stream();
        }
        let (name, initial) = (exchange.name(), exchange.initial());
        cx.write(|writer| plan.protocol.write_begin(name, initial, writer));
        let auth = Self {
            plan,
            ahead: false,
            state: State::Server(exchange),
        };
        Ok(if ahead {
            Opening::after_authentication_began(auth, cx)
        } else {
            Phase::Authenticating(auth)
        })
    }

    pub(super) fn on_element(
        mut self,
        element: Element<'_>,
        cx: &mut Cx<'_>,
    ) -> Result<Phase, DisconnectReason> {
        let State::Server(mut exchange) = self.state else {
            return Err(DisconnectReason::ProtocolViolation(
                "it did not wait for authentication",
            ));
        };
        match self.plan.protocol.read(element) {
            Heard::Failure(failure) => Err(DisconnectReason::AuthenticationRefused(failure)),
            Heard::Success(data) => {
                exchange
                    .success(&data)
                    .map_err(DisconnectReason::AuthenticationBroken)?;
                cx.login
                    .authenticated(&self.plan, exchange.keys(), cx.config);
                Ok(Opening::start(Done::AUTHENTICATED, cx))
            }
            Heard::Challenge(challenge) => match exchange {
                Exchange::Cheap(mut mechanism) => {
                    let answer = mechanism.step(&challenge);
                    self.state = State::Server(Exchange::Cheap(mechanism));
                    self.answer(answer, cx)
                }
                Exchange::Scram(scram) => {
                    let ticket = ComputationTicket(cx.entropy.number());
                    let computation = Computation { scram, challenge };
                    cx.out.push_back(Output::Compute(ticket, computation));
                    self.state = State::Computing(ticket);
                    Ok(Phase::Authenticating(self))
                }
            },
            Heard::Malformed => Err(DisconnectReason::ProtocolViolation(
                "what it says of authentication is malformed",
            )),
            Heard::Other => Err(DisconnectReason::ProtocolViolation(
                "it sent something else during authentication",
            )),
        }
    }

    pub(super) fn on_computed(
        mut self,
        ticket: ComputationTicket,
        computed: Computed,
        cx: &mut Cx<'_>,
    ) -> Result<Phase, DisconnectReason> {
        if !matches!(self.state, State::Computing(awaited) if awaited == ticket) {
            return Ok(Phase::Authenticating(self));
        }
        self.state = State::Server(Exchange::Scram(computed.scram));
        self.answer(computed.answer, cx)
    }

    fn answer(
        self,
        answer: Result<Vec<u8>, SaslError>,
        cx: &mut Cx<'_>,
    ) -> Result<Phase, DisconnectReason> {
        let protocol = self.plan.protocol;
        match answer {
            Ok(answer) => {
                cx.write(|writer| protocol.write_answer(answer, writer));
                Ok(Phase::Authenticating(self))
            }
            Err(error) => {
                cx.write(|writer| protocol.write_abort(writer));
                Err(DisconnectReason::AuthenticationBroken(error))
            }
        }
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
