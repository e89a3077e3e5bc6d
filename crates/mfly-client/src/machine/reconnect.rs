//! The decision after a lost connection: whether, when and where to connect again.
//!
//! | reason of the loss | decision |
//! |---|---|
//! | credentials refused (SASL `not-authorized` and its like) | ends: `InvalidCredentials` |
//! | SASL `account-disabled` | ends: `AdminBlocked` (inferred) |
//! | no known mechanism offered, or the connection is not confidential | ends |
//! | the server requires more than a password (SASL2 tasks) | ends |
//! | bind refused with `conflict`, stream error `conflict` | ends: `Replaced` |
//! | redirect (`see-other-uri`, `see-other-host`) | connects there at once if the policy allows, three times in a row at most; otherwise ends: `Moved` |
//! | the offered mechanisms are weaker than the policy or an earlier login allows | connects again with back-off; ends after 5 in a row: `MechanismRefused` |
//! | the server did not authenticate itself | connects again with back-off; ends after 5 in a row: `AuthenticationBroken` |
//! | the server's offer changed | connects again at once, without pipelining |
//! | the app asked for a new connection | connects again at once |
//! | a push said before that an administrator blocked the account, or that it was deleted | ends: `AdminBlocked`, `AccountDeleted` |
//! | the server's certificate is not accepted, before the first connection | ends: `Unreachable` |
//! | any other | connects again with back-off; `backoff.rs` lists the reasons for a longer wait |
//!
//! The official SDK connects again at once and without end, whatever the reason.

use super::backoff::{self, ReconnectPolicy};
use super::connect_error::is_certificate_refused;
use super::reason::{DisconnectReason, EndReason};
use super::redirect::{MAX_IN_A_ROW, Redirect};
use mfly_proto::sasl::FailureCondition;
use mfly_proto::stanza::ErrorCondition;
use mfly_proto::stream::StreamCondition;
use std::time::{Duration, Instant};

/// A connection that lasted this long resets the back-off. A server that accepts a login and closes
/// the connection soon after does not reset it.
const STABLE_AFTER: Duration = Duration::from_secs(10);

/// How many times in a row this client refuses to log in to a server before the session ends.
const MAX_REFUSALS: u32 = 5;

/// The state of connecting again: the attempts that failed in a row, and the pending end of the
/// session.
#[derive(Debug)]
pub(super) struct Reconnect {
    /// The number of the current or last attempt since the last connection, from 1.
    attempt: u32,
    /// Exponent of the back-off. Unlike `attempt`, it is kept over a short connection.
    step: u32,
    /// Whether the session was ever online.
    was_online: bool,
    /// Redirects that were followed since the last attempt at the original address.
    redirects: u32,
    /// Attempts since the last login on which this client refused to log in.
    refusals: u32,
    online_since: Option<Instant>,
    pending_end: Option<EndReason>,
}

/// A connection that was lost or could not be made, and the input of the decision about it.
#[derive(Debug)]
pub(super) struct Lost<'a> {
    pub(super) now: Instant,
    pub(super) reason: &'a DisconnectReason,
    /// The redirect, if the policy allows to follow it.
    pub(super) redirect: Option<Redirect>,
    pub(super) policy: &'a ReconnectPolicy,
    /// The most attempts to make the first connection.
    pub(super) first_attempts: u32,
    /// The random number for the jitter, 0 to 1.
    pub(super) fraction: f64,
}

/// The decision after a loss.
#[derive(Debug)]
pub(super) enum Verdict {
    /// Connect again at once, as part of the same attempt.
    AtOnce {
        /// The number of the attempt since the last connection, from 1.
        attempt: u32,
        /// The address to use instead of the original one, if any.
        redirect: Option<Redirect>,
    },
    /// Connect again after a wait.
    Retry {
        /// The number of the attempt since the last connection, from 1.
        attempt: u32,
        /// The time until the attempt.
        delay: Duration,
    },
    /// End the session.
    End(EndReason),
}

impl Reconnect {
    pub(super) const fn new() -> Self {
        Self {
            attempt: 1,
            step: 0,
            was_online: false,
            redirects: 0,
            refusals: 0,
            online_since: None,
            pending_end: None,
        }
    }

    /// The number of the current or next attempt.
    pub(super) const fn attempt(&self) -> u32 {
        self.attempt
    }

    /// The session is online.
    pub(super) const fn on_online(&mut self, now: Instant) {
        self.was_online = true;
        self.refusals = 0;
        self.online_since = Some(now);
    }

    /// Makes the next loss end the session for this reason; `None` withdraws an earlier reason.
    pub(super) fn set_pending_end(&mut self, reason: Option<EndReason>) {
        self.pending_end = reason;
    }

    fn at_once(&mut self, redirect: Option<Redirect>) -> Verdict {
        self.attempt = self.attempt.max(1);
        Verdict::AtOnce { attempt: self.attempt, redirect }
    }

    /// Decides what follows a loss.
    pub(super) fn on_loss(&mut self, lost: Lost<'_>) -> Verdict {
        let online_since = self.online_since.take();
        if let Some(end) = self.pending_end.take() {
            return Verdict::End(end);
        }
        if let Some(since) = online_since {
            self.attempt = 0;
            if lost.now >= since + STABLE_AFTER {
                self.step = 0;
                self.redirects = 0;
            }
        }
        let is_last = online_since.is_some() && lost.policy.max_attempts == Some(0);
        match (lost.redirect, lost.reason) {
            (Some(redirect), _) if self.redirects < MAX_IN_A_ROW && !is_last => {
                self.redirects += 1;
                return self.at_once(Some(redirect));
            }
            // Too many redirects: tries the original address again, after a wait.
            (Some(_), _) => {}
            // The next attempt does not rely on the earlier offer.
            (None, DisconnectReason::OfferChanged | DisconnectReason::ReconnectRequested) => {
                return self.at_once(None);
            }
            (None, reason) => {
                if let Some(end) = final_end(reason) {
                    return Verdict::End(end);
                }
            }
        }
        let limit = if self.was_online {
            lost.policy.max_attempts
        } else if is_certificate_problem(lost.reason) {
            // Another attempt would get the same certificate. During a session it may change: some
            // networks show their own certificate until the user has logged in to them.
            Some(0)
        } else {
            Some(lost.first_attempts)
        };
        let is_last = limit.is_some_and(|limit| self.attempt >= limit);
        if let Some(end) = attack_end(lost.reason) {
            self.refusals += 1;
            if is_last || self.refusals >= MAX_REFUSALS {
                return Verdict::End(end);
            }
        }
        if is_last {
            return Verdict::End(EndReason::Unreachable {
                attempts: self.attempt,
                last: Box::new(lost.reason.clone()),
            });
        }
        self.attempt = self.attempt.saturating_add(1);
        self.step = self.step.saturating_add(1);
        self.redirects = 0;
        Verdict::Retry {
            attempt: self.attempt,
            delay: lost.policy.delay(self.step, lost.fraction).max(backoff::least_wait(
                lost.reason,
                lost.policy,
                lost.fraction,
            )),
        }
    }
}

fn is_certificate_problem(reason: &DisconnectReason) -> bool {
    matches!(reason, DisconnectReason::ConnectFailed(cause) if is_certificate_refused(cause))
}

/// The end of the session for a failure that an attacker may have caused. It takes several in a
/// row, because the attack may be over at the next attempt.
fn attack_end(reason: &DisconnectReason) -> Option<EndReason> {
    match reason {
        DisconnectReason::LoginFailed(failure) if failure.may_be_an_attack() => {
            Some(EndReason::LoginFailed(failure.clone()))
        }
        _ => None,
    }
}

/// The end of the session for a reason that rules out another attempt.
fn final_end(reason: &DisconnectReason) -> Option<EndReason> {
    Some(match reason {
        DisconnectReason::AuthenticationRefused(failure) => match failure.condition {
            FailureCondition::AccountDisabled => EndReason::AdminBlocked,
            condition if condition.is_credentials_fault() => {
                EndReason::InvalidCredentials(failure.clone())
            }
            _ => return None,
        },
        DisconnectReason::BindRefused(error) if error.condition == ErrorCondition::Conflict => {
            EndReason::Replaced
        }
        DisconnectReason::LoginFailed(failure) if !failure.may_be_an_attack() => {
            EndReason::LoginFailed(failure.clone())
        }
        DisconnectReason::Moved { to } => EndReason::Moved { to: to.clone() },
        DisconnectReason::StreamError(error) => match error.condition {
            StreamCondition::Conflict => EndReason::Replaced,
            StreamCondition::SeeOtherHost => {
                EndReason::Moved { to: error.see_other_host.clone().unwrap_or_default() }
            }
            _ => return None,
        },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::LoginFailure;
    use mfly_proto::sasl::Failure;
    use mfly_proto::stanza::StanzaError;
    use mfly_proto::stream::StreamError;

    const SECOND: Duration = Duration::from_secs(1);

    fn refused(condition: FailureCondition) -> DisconnectReason {
        DisconnectReason::AuthenticationRefused(Failure::new(condition))
    }

    fn stream(condition: StreamCondition) -> DisconnectReason {
        DisconnectReason::StreamError(StreamError::new(condition))
    }

    fn lost<'a>(
        now: Instant,
        reason: &'a DisconnectReason,
        policy: &'a ReconnectPolicy,
    ) -> Lost<'a> {
        Lost { now, reason, redirect: None, policy, first_attempts: 1, fraction: 0.5 }
    }

    fn verdict(reason: &DisconnectReason) -> String {
        let now = Instant::now();
        let mut reconnect = Reconnect::new();
        reconnect.on_online(now);
        match reconnect.on_loss(lost(now, reason, &ReconnectPolicy::default())) {
            Verdict::AtOnce { .. } => "at once".to_owned(),
            Verdict::Retry { .. } => "retry".to_owned(),
            Verdict::End(end) => format!("{end:?}").split([' ', '(']).next().unwrap().to_owned(),
        }
    }

    #[test]
    fn the_reason_alone_decides_whether_to_connect_again() {
        let moved = DisconnectReason::Moved { to: "wss://other.test/".to_owned() };
        let conflict = DisconnectReason::BindRefused(StanzaError::new(ErrorCondition::Conflict));
        let busy =
            DisconnectReason::BindRefused(StanzaError::new(ErrorCondition::ResourceConstraint));
        let none = LoginFailure::MechanismUnavailable { offered: Vec::new() };
        for (reason, expected) in [
            (refused(FailureCondition::NotAuthorized), "InvalidCredentials"),
            (refused(FailureCondition::AccountDisabled), "AdminBlocked"),
            (refused(FailureCondition::TemporaryAuthFailure), "retry"),
            (stream(StreamCondition::Conflict), "Replaced"),
            (stream(StreamCondition::SystemShutdown), "retry"),
            (stream(StreamCondition::SeeOtherHost), "Moved"),
            (stream(StreamCondition::UndefinedCondition), "retry"),
            (conflict, "Replaced"),
            (busy, "retry"),
            (moved, "Moved"),
            (none.into(), "LoginFailed"),
            (LoginFailure::ChannelNotConfidential.into(), "LoginFailed"),
            (DisconnectReason::ClosedByServer, "retry"),
            (DisconnectReason::PeerSilent, "retry"),
            (DisconnectReason::OfferChanged, "at once"),
            (DisconnectReason::TimedOut(super::super::Stage::Opening), "retry"),
        ] {
            assert_eq!(verdict(&reason), expected, "{reason}");
        }
    }

    #[test]
    fn a_first_connection_that_fails_ends_the_session_after_the_allowed_attempts() {
        let now = Instant::now();
        let mut reconnect = Reconnect::new();
        let mut lose = || {
            reconnect.on_loss(Lost {
                first_attempts: 2,
                ..lost(now, &DisconnectReason::ClosedByServer, &ReconnectPolicy::default())
            })
        };
        assert!(matches!(lose(), Verdict::Retry { attempt: 2, .. }));
        assert!(matches!(lose(), Verdict::End(EndReason::Unreachable { attempts: 2, .. })));
    }

    #[test]
    fn a_connection_that_did_not_last_does_not_reset_the_back_off() {
        let start = Instant::now();
        let policy = ReconnectPolicy::default();
        let mut reconnect = Reconnect::new();
        let mut delay_after = |lasted: Duration, now: Instant| {
            reconnect.on_online(now);
            match reconnect.on_loss(Lost {
                fraction: 1.0,
                ..lost(now + lasted, &DisconnectReason::ClosedByServer, &policy)
            }) {
                Verdict::Retry { attempt, delay } => (attempt, delay),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(delay_after(SECOND, start), (1, SECOND / 2));
        assert_eq!(delay_after(SECOND, start), (1, SECOND));
        assert_eq!(delay_after(SECOND, start), (1, SECOND * 2));
        assert_eq!(delay_after(SECOND * 10, start), (1, SECOND / 2));
    }

    #[test]
    fn a_pending_end_ends_the_session_with_the_next_loss_unless_it_was_withdrawn() {
        let now = Instant::now();
        let policy = ReconnectPolicy::default();
        let mut reconnect = Reconnect::new();
        reconnect.on_online(now);
        reconnect.set_pending_end(Some(EndReason::AdminBlocked));
        reconnect.set_pending_end(None);
        let verdict = reconnect.on_loss(lost(now, &DisconnectReason::ClosedByServer, &policy));
        assert!(matches!(verdict, Verdict::Retry { .. }));
        reconnect.set_pending_end(Some(EndReason::AccountDeleted));
        let verdict = reconnect.on_loss(lost(now, &DisconnectReason::ClosedByServer, &policy));
        assert!(matches!(verdict, Verdict::End(EndReason::AccountDeleted)));
    }

    #[test]
    fn a_policy_that_never_reconnects_ends_the_session_with_its_first_loss() {
        let now = Instant::now();
        let mut reconnect = Reconnect::new();
        reconnect.on_online(now);
        let reason = DisconnectReason::ClosedByServer;
        let verdict = reconnect.on_loss(lost(now, &reason, &ReconnectPolicy::never()));
        assert!(matches!(verdict, Verdict::End(EndReason::Unreachable { attempts: 0, .. })));
    }
}
