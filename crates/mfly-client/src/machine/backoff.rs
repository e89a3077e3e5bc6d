//! The delay before the next attempt to connect: the policy's back-off, and the longer waits that
//! some reasons of a loss ask for.
//!
//! | reason of the loss | least wait before the next attempt | source |
//! |---|---|---|
//! | WebSocket 1012, service restart | drawn from 5 to 30 s | registered so: <https://mailarchive.ietf.org/arch/msg/hybi/P_1vbD9uyHl63nbIIbFxKMfSwcM/> |
//! | WebSocket 1013, try again later | drawn from the upper half of the longest wait | as above; our decision how long |
//! | stream error `resource-constraint` | as above | RFC 6120 §4.9.3.17; our decision |
//! | an HTTP answer with `Retry-After` | that long and up to a tenth more, an hour at most | RFC 9110 §10.2.3 |
//! | WebSocket 1000 (done), 1001 (going away), 1011 (unexpected condition) | none | RFC 6455 §7.4.1; our decision |
//! | WebSocket 1008, stream error `policy-violation` | none: one stanza was too much, and the next login does not repeat it | RFC 6455 §7.4.1, RFC 6120 §4.9.3.14; our decision |
//! | any other code, and any other reason | none | our decision |
//!
//! The longest wait is the policy's ([`ReconnectPolicy::cap`]), and bounds all of them except
//! `Retry-After`. No close code ends a session: stream errors and SASL failures do.

use super::connect_error::retry_after;
use super::reason::DisconnectReason;
use super::timers::YEAR;
use mfly_proto::stream::StreamCondition;
use std::time::Duration;

/// When and how often the session connects again: exponential back-off with full jitter.
///
/// The wait before attempt *n* is drawn evenly from zero to `base` × 2ⁿ⁻¹, at most `cap`. `base`
/// counts as 1 ms at least and `cap` as 5 ms, so that an unreachable server does not keep the
/// processor busy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReconnectPolicy {
    /// Upper bound of the first wait. Default 0.5 s.
    pub base: Duration,
    /// Upper bound of every wait, except of one that the server asks for with `Retry-After`.
    /// Default 60 s.
    pub cap: Duration,
    /// Failures in a row after which the session ends; `None` never gives up, `Some(0)` never
    /// connects again. Default `None`.
    pub max_attempts: Option<u32>,
}

/// The least value that [`ReconnectPolicy::base`] counts as.
const MIN_BASE: Duration = Duration::from_millis(1);

/// The least value that [`ReconnectPolicy::cap`] counts as.
const MIN_CAP: Duration = Duration::from_millis(5);

impl Default for ReconnectPolicy {
    fn default() -> Self {
        Self { base: Duration::from_millis(500), cap: Duration::from_secs(60), max_attempts: None }
    }
}

impl ReconnectPolicy {
    /// A policy that never connects again: the session ends with its first connection.
    #[must_use]
    pub fn never() -> Self {
        Self { max_attempts: Some(0), ..Self::default() }
    }

    /// The upper bound of every wait.
    pub(super) fn longest(&self) -> Duration {
        self.cap.clamp(MIN_CAP, YEAR)
    }

    /// The wait before attempt `attempt`, which counts from 1; `fraction` is 0 to 1.
    pub(super) fn delay(&self, attempt: u32, fraction: f64) -> Duration {
        let factor = 2_u32.saturating_pow(attempt.saturating_sub(1));
        self.base
            .max(MIN_BASE)
            .saturating_mul(factor)
            .min(self.longest())
            .mul_f64(fraction.clamp(0.0, 1.0))
    }
}

/// The bounds of the wait after a service restart (WebSocket 1012).
const RESTART: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(30));

/// The longest wait that a server can ask for with `Retry-After`.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60 * 60);

/// The least wait before the next attempt; `fraction` is 0 to 1.
pub(super) fn least_wait(
    reason: &DisconnectReason,
    policy: &ReconnectPolicy,
    fraction: f64,
) -> Duration {
    let fraction = fraction.clamp(0.0, 1.0);
    let longest = policy.longest();
    let upper_half = || longest.mul_f64(0.5 + fraction / 2.0);
    match reason {
        DisconnectReason::WebSocketClosed { code: 1012, .. } => {
            let (least, most) = RESTART;
            (least + (most - least).mul_f64(fraction)).min(longest)
        }
        DisconnectReason::WebSocketClosed { code: 1013, .. } => upper_half(),
        DisconnectReason::StreamError(error) => match error.condition {
            StreamCondition::ResourceConstraint => upper_half(),
            _ => Duration::ZERO,
        },
        DisconnectReason::ConnectFailed(cause) => match retry_after(cause) {
            Some(wait) => wait.min(MAX_RETRY_AFTER).mul_f64(1.0 + fraction / 10.0),
            None => Duration::ZERO,
        },
        _ => Duration::ZERO,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mfly_proto::stream::StreamError;
    use mfly_transport::TransportError;
    use std::sync::Arc;

    const SECOND: Duration = Duration::from_secs(1);

    /// The least waits of the smallest and the largest fraction, in seconds.
    fn waits(reason: &DisconnectReason) -> (f64, f64) {
        let policy = ReconnectPolicy::default();
        let wait = |fraction| least_wait(reason, &policy, fraction).as_secs_f64();
        (wait(0.0), wait(1.0))
    }

    #[test]
    fn the_close_code_of_a_websocket_decides_the_least_wait() {
        for (code, expected) in [
            (1000, (0.0, 0.0)),
            (1001, (0.0, 0.0)),
            (1002, (0.0, 0.0)),
            (1008, (0.0, 0.0)),
            (1011, (0.0, 0.0)),
            (1012, (5.0, 30.0)),
            (1013, (30.0, 60.0)),
            (4000, (0.0, 0.0)),
        ] {
            let reason = DisconnectReason::WebSocketClosed { code, reason: String::new() };
            assert_eq!(waits(&reason), expected, "{code}");
        }
    }

    #[test]
    fn resource_constraint_has_the_least_wait_of_try_again_later() {
        let wait = |condition| waits(&DisconnectReason::StreamError(StreamError::new(condition)));
        assert_eq!(wait(StreamCondition::PolicyViolation), (0.0, 0.0));
        assert_eq!(wait(StreamCondition::ResourceConstraint), (30.0, 60.0));
        assert_eq!(wait(StreamCondition::SystemShutdown), (0.0, 0.0));
    }

    #[test]
    fn retry_after_is_respected_up_to_an_hour() {
        let refused = |seconds| {
            DisconnectReason::ConnectFailed(Arc::new(TransportError::Handshake {
                status: Some(503),
                reason: "refused".into(),
                retry_after: Some(Duration::from_secs(seconds)),
            }))
        };
        assert_eq!(waits(&refused(120)), (120.0, 132.0));
        assert_eq!(waits(&refused(u64::MAX)), (3600.0, 3960.0));
    }

    #[test]
    fn the_cap_of_the_policy_bounds_the_least_wait() {
        let policy = ReconnectPolicy { cap: Duration::from_secs(1), ..ReconnectPolicy::default() };
        for code in [1012, 1013] {
            let reason = DisconnectReason::WebSocketClosed { code, reason: String::new() };
            assert!(least_wait(&reason, &policy, 1.0) <= policy.cap, "{code}");
        }
    }

    #[test]
    fn the_bound_of_the_wait_doubles_up_to_the_cap() {
        let policy = ReconnectPolicy::default();
        let bounds: Vec<_> = (1..=9).map(|n| policy.delay(n, 1.0).as_secs_f64()).collect();
        assert_eq!(bounds, [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]);
        assert_eq!(policy.delay(u32::MAX, 1.0), policy.cap);
        assert_eq!(policy.delay(5, 0.0), Duration::ZERO);
        let endless =
            ReconnectPolicy { base: Duration::MAX, cap: Duration::MAX, max_attempts: None };
        assert_eq!(endless.delay(2, 1.0), YEAR);
    }

    #[test]
    fn no_policy_connects_again_without_any_wait() {
        let bound = |base, cap| {
            let policy = ReconnectPolicy { base, cap, max_attempts: None };
            policy.delay(9, 1.0)
        };
        assert_eq!(bound(Duration::ZERO, SECOND / 10), SECOND / 10);
        assert_eq!(bound(SECOND, Duration::ZERO), MIN_CAP);
        assert_eq!(bound(Duration::ZERO, Duration::ZERO), MIN_CAP);
    }
}
