//! SASL: a password is awaited, then the server's verdict.

use super::io::{Output, PasswordTicket};
use super::negotiate::{Done, choose_mechanism};
use super::opening::Opening;
use super::phase::{Cx, Phase};
use super::reason::{Cause, DisconnectReason};
use super::timers::Timer;
use mfly_proto::sasl::{Abort, Auth, Challenge, Failure, Mechanism, Plain, Response, Success};
use mfly_proto::secret::Password;
use mfly_proto::stream::Features;
use mfly_proto::xml::{Element, Writer};
use std::fmt;
use std::sync::Arc;

/// An authentication under way.
pub(super) struct Authenticating {
    done: Done,
    ticket: PasswordTicket,
    /// There is none until the password has come.
    mechanism: Option<Box<dyn Mechanism>>,
}

impl Authenticating {
    pub(super) fn start(
        features: &Features,
        done: Done,
        cx: &mut Cx<'_>,
    ) -> Result<Phase, DisconnectReason> {
        choose_mechanism(features, cx.channel.confidential)?;
        cx.timers.set(Timer::Phase, cx.now, cx.config.phase_timeout);
        let ticket = PasswordTicket(cx.entropy.number());
        cx.out.push_back(Output::NeedPassword(ticket));
        Ok(Phase::Authenticating(Self {
            done,
            ticket,
            mechanism: None,
        }))
    }

    pub(super) fn on_password(
        mut self,
        ticket: PasswordTicket,
        password: Result<Password, Cause>,
        cx: &mut Cx<'_>,
    ) -> Result<Phase, DisconnectReason> {
        if ticket != self.ticket || self.mechanism.is_some() {
            return Ok(Phase::Authenticating(self));
        }
        let password = password.map_err(DisconnectReason::PasswordUnavailable)?;
        let authcid = cx.config.account.local().unwrap_or_default();
        let mut plain = Plain::new(authcid, &password)
            .map_err(|error| DisconnectReason::PasswordUnavailable(Arc::new(error)))?;
        let auth = Auth::new(plain.name(), plain.initial());
        cx.write(|writer| auth.write(writer));
        self.mechanism = Some(Box::new(plain));
        Ok(Phase::Authenticating(self))
    }

    pub(super) fn on_element(
        mut self,
        element: Element<'_>,
        cx: &mut Cx<'_>,
    ) -> Result<Phase, DisconnectReason> {
        let Some(mechanism) = &mut self.mechanism else {
            return Err(DisconnectReason::ProtocolViolation(
                "it did not wait for authentication",
            ));
        };
        if let Ok(failure) = Failure::read(element) {
            return Err(DisconnectReason::AuthenticationRefused(failure));
        }
        if Success::is(element) {
            let proved = Success::read(element)
                .is_ok_and(|success| mechanism.success(&success.data.unwrap_or_default()).is_ok());
            if !proved {
                return Err(DisconnectReason::ProtocolViolation(
                    "its SASL success is malformed",
                ));
            }
            return Ok(Opening::start(self.done.and(Done::AUTHENTICATED), cx));
        }
        if Challenge::is(element) {
            let answer = Challenge::read(element)
                .ok()
                .and_then(|challenge| mechanism.step(&challenge.data).ok());
            let Some(answer) = answer else {
                cx.write(|writer| Abort.write(writer));
                return Err(DisconnectReason::ProtocolViolation(
                    "its SASL challenge is unusable",
                ));
            };
            let response = Response::new(answer);
            cx.write(|writer: &mut Writer<'_>| response.write(writer));
            return Ok(Phase::Authenticating(self));
        }
        Err(DisconnectReason::ProtocolViolation(
            "it sent something else during authentication",
        ))
    }
}

impl fmt::Debug for Authenticating {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticating")
            .field("ticket", &self.ticket)
            .finish_non_exhaustive()
    }
}
