//! The phase of SASL authentication: waits for a password, then for the server's elements.
//!
//! When the server's offer is known, the stream header and the first SASL element are sent
//! together. The features that follow then have to lead to the same plan; otherwise the attempt
//! fails, whatever the server sends next.

use super::binding::Binding;
use super::io::{DerivationTicket, Output, PasswordTicket};
use super::known_server::SaslProtocol;
use super::negotiate::{CompletedSteps, Plan};
use super::opening::Opening;
use super::phase::{Phase, PhaseContext};
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

/// An authentication in progress.
pub(super) struct Authenticating {
    pub(super) plan: Plan,
    /// Whether the stream is not open yet.
    ahead: bool,
    state: State,
}

/// The event that an authentication waits for.
enum State {
    /// The password with this ticket.
    Password(PasswordTicket),
    /// An element of the server.
    Server(SaslClient),
    /// The keys with this ticket, for the answer to this challenge.
    Deriving(DerivationTicket, Box<Scram>, Vec<u8>),
}

impl Authenticating {
    /// Begins by this plan, after the password is there if it is needed. `ahead` says that the
    /// stream is not open yet.
    pub(super) fn start(
        plan: Plan,
        ahead: bool,
        cx: &mut PhaseContext<'_>,
    ) -> Result<Phase, DisconnectReason> {
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
        cx: &mut PhaseContext<'_>,
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
        cx: &mut PhaseContext<'_>,
    ) -> Result<Phase, DisconnectReason> {
        let mut client = SaslClient::begin(
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
        let (name, initial) = (client.mechanism().name(), client.mechanism().initial());
        let agent = cx.login.agent(cx.random).to_owned();
        let config = cx.config;
        if let Some(password) = password {
            cx.login.secrets().add_password(password);
        }
        cx.write_secret(|writer| {
            plan.protocol.write_begin(name, initial, &agent, config, writer);
        });
        let auth = Self { plan, ahead: false, state: State::Server(client) };
        Ok(if ahead {
            Opening::with_authentication_sent(auth, cx)
        } else {
            Phase::Authenticating(auth.confirmed(cx))
        })
    }

    /// The server's features offer the mechanism that this authentication began with. If the server
    /// signs its offer (XEP-0474), the signed offer has to match them.
    pub(super) fn confirmed(mut self, cx: &PhaseContext<'_>) -> Self {
        if let State::Server(SaslClient::Scram(scram)) = &mut self.state {
            scram.check_offer(cx.login.offer().signed_offer(self.plan.protocol));
        }
        self
    }

    pub(super) fn on_element(
        self,
        element: Element<'_>,
        cx: &mut PhaseContext<'_>,
    ) -> Result<Phase, DisconnectReason> {
        let Self { plan, state, .. } = self;
        let State::Server(mut client) = state else {
            return Err(DisconnectReason::ProtocolViolation("it did not wait for authentication"));
        };
        match plan.protocol.read(element) {
            SaslEvent::Failure(failure) => Err(DisconnectReason::AuthenticationRefused(failure)),
            SaslEvent::Success { data, bound } => {
                client.mechanism().success(&data).map_err(LoginFailure::AuthenticationBroken)?;
                cx.login.on_authenticated(&plan, client.keys(), cx.config);
                authenticated(plan.protocol, bound, cx)
            }
            SaslEvent::MoreTasks(tasks) => {
                cx.write(|writer| plan.protocol.write_abort(writer));
                Err(LoginFailure::MoreTasks { tasks }.into())
            }
            SaslEvent::Challenge(challenge) => match client {
                SaslClient::Simple(mut mechanism) => {
                    let answer = mechanism.step(&challenge);
                    Self::answer(plan, SaslClient::Simple(mechanism), answer, cx)
                }
                SaslClient::Scram(mut scram) => match scram.derivation(&challenge) {
                    Ok(Some(derivation)) => {
                        let ticket = DerivationTicket(cx.random.number());
                        cx.out.push_back(Output::Derive(ticket, derivation));
                        Ok(Self::waiting(plan, State::Deriving(ticket, scram, challenge)))
                    }
                    Ok(None) => {
                        let answer = scram.step(&challenge);
                        Self::answer(plan, SaslClient::Scram(scram), answer, cx)
                    }
                    Err(error) => Self::answer(plan, SaslClient::Scram(scram), Err(error), cx),
                },
            },
            SaslEvent::Malformed => {
                Err(DisconnectReason::ProtocolViolation("its authentication element is malformed"))
            }
            SaslEvent::Other => Err(DisconnectReason::ProtocolViolation(
                "it sent another element during authentication",
            )),
        }
    }

    pub(super) fn on_keys(
        self,
        ticket: DerivationTicket,
        keys: ScramKeys,
        cx: &mut PhaseContext<'_>,
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

    /// The phase on an open stream.
    const fn waiting(plan: Plan, state: State) -> Phase {
        Phase::Authenticating(Self { plan, ahead: false, state })
    }

    fn answer(
        plan: Plan,
        client: SaslClient,
        answer: Result<Vec<u8>, SaslError>,
        cx: &mut PhaseContext<'_>,
    ) -> Result<Phase, DisconnectReason> {
        match answer {
            Ok(answer) => {
                cx.write_secret(|writer| plan.protocol.write_answer(answer, writer));
                Ok(Self::waiting(plan, State::Server(client)))
            }
            Err(error) => {
                cx.write(|writer| plan.protocol.write_abort(writer));
                Err(LoginFailure::AuthenticationBroken(error).into())
            }
        }
    }
}

/// Leads to the next phase after success. With SASL2 the stream continues, and a resource may be
/// bound already.
fn authenticated(
    protocol: SaslProtocol,
    bound: Option<Jid>,
    cx: &mut PhaseContext<'_>,
) -> Result<Phase, DisconnectReason> {
    match (protocol, bound) {
        (SaslProtocol::Sasl, _) => Ok(Opening::start(CompletedSteps::AUTHENTICATED, cx)),
        (SaslProtocol::Sasl2 { bind2: Some(asked) }, Some(jid)) => {
            Binding::bound_with_authentication(&jid, asked.carbons, cx)
        }
        (SaslProtocol::Sasl2 { .. }, _) => Ok(Opening::continue_stream(cx)),
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
