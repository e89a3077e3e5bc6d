//! What to do after a lost connection: a pure table and a pure formula.
//!
//! | lost because | then |
//! |---|---|
//! | credentials refused (SASL `not-authorized` and its like) | ends: `InvalidCredentials` |
//! | SASL `account-disabled` | ends: `AdminBlocked` (inferred) |
//! | no known mechanism offered, or the channel is not confidential | ends |
//! | the server wants more than a password (SASL2 tasks) | ends |
//! | bind refused with `conflict`, stream error `conflict` | ends: `Replaced` |
//! | the server points elsewhere (`see-other-uri`, `see-other-host`) | connects there at once if the policy allows, three times in a row at most; otherwise ends: `Moved` |
//! | what is offered is weaker than the policy or an earlier login allows | connects again, later and later; ends after 5 in a row: `MechanismRefused` |
//! | the server did not prove what it has to | connects again, later and later; ends after 5 in a row: `AuthenticationBroken` |
//! | the server does not offer what was expected | connects again at once, step by step |
//! | the app asked for it | connects again at once |
//! | an administrator blocked the account, or it was deleted, a moment ago | ends so |
//! | the server's certificate is not accepted, and there never was a connection | ends: `Unreachable` |
//! | anything else | connects again, later and later; `pace.rs` says when that takes longer than usual |
//!
//! The official SDK connects again at once, for ever, whatever the reason.

use super::pace::{self, ReconnectPolicy};
use super::reason::{DisconnectReason, EndReason};
use super::redirect::{MAX_IN_A_ROW, Redirect};
use mfly_proto::sasl::FailureCondition;
use mfly_proto::stanza::ErrorCondition;
use mfly_proto::stream::StreamCondition;
use mfly_transport::CertificateProblem;
use std::time::{Duration, Instant};

/// A connection that stood this long was a good one: the row of failures is over. A server that
/// lets one in and throws one out at once is thus not hammered.
const PROVEN_AFTER: Duration = Duration::from_secs(10);

/// How often in a row this side refuses to log in to a server before it gives up.
const MAX_REFUSALS: u32 = 5;

/// What outlives a connection: how many attempts failed in a row, and whether the next loss is the
/// end.
#[derive(Debug)]
pub(super) struct Reconnect {
    /// Number of the attempt that is being made or made last, counting from 1 in each row.
    attempt: u32,
    /// Exponent of the back-off. Unlike `attempt` it outlives a connection that did not prove
    /// itself.
    step: u32,
    /// Whether there ever was a connection.
    stood: bool,
    /// Pointers to other servers that were followed since the last ordinary attempt.
    redirects: u32,
    /// Connections since the last good one on which this side refused to log in.
    refusals: u32,
    online_since: Option<Instant>,
    pending_end: Option<EndReason>,
}

/// A connection that was lost, or could not be made.
#[derive(Debug)]
pub(super) struct Lost<'a> {
    pub(super) now: Instant,
    pub(super) reason: &'a DisconnectReason,
    /// Where the server points, if it may be followed there.
    pub(super) pointer: Option<Redirect>,
    pub(super) policy: &'a ReconnectPolicy,
    /// The most attempts until the first connection stands.
    pub(super) first_attempts: u32,
    /// The jitter, 0 to 1.
    pub(super) fraction: f64,
}

/// The verdict on a loss.
#[derive(Debug)]
pub(super) enum Verdict {
    /// Connect again at once, as part of the same attempt.
    AtOnce {
        /// Number of the attempt within its row.
        attempt: u32,
        /// Where to, if not to the original address.
        redirect: Option<Redirect>,
    },
    /// Connect again.
    Retry {
        /// Number of the attempt within its row.
        attempt: u32,
        /// How long to wait.
        delay: Duration,
    },
    /// It is over.
    End(EndReason),
}

impl Reconnect {
    pub(super) const fn new() -> Self {
        Self {
            attempt: 1,
            step: 0,
            stood: false,
            redirects: 0,
            refusals: 0,
            online_since: None,
            pending_end: None,
        }
    }

    /// The number of the attempt that is made next or now.
    pub(super) const fn attempt(&self) -> u32 {
        self.attempt
    }

    /// A connection stands.
    pub(super) const fn online(&mut self, now: Instant) {
        self.stood = true;
        self.refusals = 0;
        self.online_since = Some(now);
    }

    /// The next loss ends the session for this reason; `None` takes it back.
    pub(super) fn set_pending_end(&mut self, reason: Option<EndReason>) {
        self.pending_end = reason;
    }

    fn at_once(&mut self, redirect: Option<Redirect>) -> Verdict {
        self.attempt = self.attempt.max(1);
        Verdict::AtOnce { attempt: self.attempt, redirect }
    }

    /// Judges a loss.
    pub(super) fn lost(&mut self, lost: Lost<'_>) -> Verdict {
        let online_since = self.online_since.take();
        if let Some(end) = self.pending_end.take() {
            return Verdict::End(end);
        }
        if let Some(since) = online_since {
            self.attempt = 0;
            if lost.now >= since + PROVEN_AFTER {
                self.step = 0;
                self.redirects = 0;
            }
        }
        let is_last = online_since.is_some() && lost.policy.max_attempts == Some(0);
        match (lost.pointer, lost.reason) {
            (Some(redirect), _) if self.redirects < MAX_IN_A_ROW && !is_last => {
                self.redirects += 1;
                return self.at_once(Some(redirect));
            }
            // Round in circles: begin again, later.
            (Some(_), _) => {}
            // What was expected wrongly is not expected again.
            (None, DisconnectReason::OfferChanged | DisconnectReason::ReconnectRequested) => {
                return self.at_once(None);
            }
            (None, reason) => {
                if let Some(end) = fatal(reason) {
                    return Verdict::End(end);
                }
            }
        }
        let limit = if self.stood {
            lost.policy.max_attempts
        } else if is_certificate(lost.reason) {
            // It will not be another one a moment later. In mid-session it may be: some networks
            // show their own until one has logged in there.
            Some(0)
        } else {
            Some(lost.first_attempts)
        };
        let is_last = limit.is_some_and(|limit| self.attempt >= limit);
        if let Some(end) = refusal(lost.reason) {
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
            delay: lost.policy.delay(self.step, lost.fraction).max(pace::least_wait(
                lost.reason,
                lost.policy,
                lost.fraction,
            )),
        }
    }
}

fn is_certificate(reason: &DisconnectReason) -> bool {
    matches!(reason, DisconnectReason::ConnectFailed(cause) if CertificateProblem::find(&**cause).is_some())
}

/// The end for a server that this side refuses. An attacker may have been in between and gone a
/// moment later, so it takes several in a row.
fn refusal(reason: &DisconnectReason) -> Option<EndReason> {
    match reason {
        DisconnectReason::LoginFailed(failure) if failure.may_be_an_attack() => {
            Some(EndReason::LoginFailed(failure.clone()))
        }
        _ => None,
    }
}

/// The end that a reason alone decides.
fn fatal(reason: &DisconnectReason) -> Option<EndReason> {
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
        Lost { now, reason, pointer: None, policy, first_attempts: 1, fraction: 0.5 }
    }

    fn verdict(reason: &DisconnectReason) -> String {
        let now = Instant::now();
        let mut reconnect = Reconnect::new();
        reconnect.online(now);
        match reconnect.lost(lost(now, reason, &ReconnectPolicy::default())) {
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
            reconnect.lost(Lost {
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
            reconnect.online(now);
            match reconnect.lost(Lost {
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
    fn a_doomed_session_ends_with_the_next_loss_unless_it_was_taken_back() {
        let now = Instant::now();
        let policy = ReconnectPolicy::default();
        let mut reconnect = Reconnect::new();
        reconnect.online(now);
        reconnect.set_pending_end(Some(EndReason::AdminBlocked));
        reconnect.set_pending_end(None);
        let verdict = reconnect.lost(lost(now, &DisconnectReason::ClosedByServer, &policy));
        assert!(matches!(verdict, Verdict::Retry { .. }));
        reconnect.set_pending_end(Some(EndReason::AccountDeleted));
        let verdict = reconnect.lost(lost(now, &DisconnectReason::ClosedByServer, &policy));
        assert!(matches!(verdict, Verdict::End(EndReason::AccountDeleted)));
    }

    #[test]
    fn a_policy_that_never_reconnects_ends_the_session_with_its_first_loss() {
        let now = Instant::now();
        let mut reconnect = Reconnect::new();
        reconnect.online(now);
        let reason = DisconnectReason::ClosedByServer;
        let verdict = reconnect.lost(lost(now, &reason, &ReconnectPolicy::never()));
        assert!(matches!(verdict, Verdict::End(EndReason::Unreachable { attempts: 0, .. })));
    }
}
