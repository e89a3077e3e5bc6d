//! Which step of stream negotiation comes next: a table and two pure functions.
//!
//! | step | offered as | needs | not after |
//! |---|---|---|---|
//! | authenticate | `mechanisms` | | authentication |
//! | bind | `bind` | authentication | binding |
//! | establish a session | `session` without `optional` | binding | itself |
//!
//! Encryption of the stream itself (STARTTLS) is not needed over WebSocket; it will be the first row.

use super::reason::DisconnectReason;
use mfly_proto::sasl::plain;
use mfly_proto::stream::Features;

/// A step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Authenticate,
    Bind,
    EstablishSession,
}

/// The steps taken so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Done(u8);

impl Done {
    /// Nothing yet.
    pub(super) const NOTHING: Self = Self(0);
    /// The user is who they claim to be.
    pub(super) const AUTHENTICATED: Self = Self(1);
    /// This session has an address.
    pub(super) const BOUND: Self = Self(2);
    /// The session is established.
    pub(super) const SESSION: Self = Self(4);

    /// These and those.
    pub(super) const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of those are among these.
    pub(super) const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

struct Row {
    step: Step,
    offered: fn(&Features) -> bool,
    needs: Done,
    forbids: Done,
}

const TABLE: [Row; 3] = [
    Row {
        step: Step::Authenticate,
        offered: |features| !features.mechanisms.is_empty(),
        needs: Done::NOTHING,
        forbids: Done::AUTHENTICATED,
    },
    Row {
        step: Step::Bind,
        offered: |features| features.bind,
        needs: Done::AUTHENTICATED,
        forbids: Done::BOUND,
    },
    Row {
        step: Step::EstablishSession,
        offered: |features| features.session && !features.session_optional,
        needs: Done::BOUND,
        forbids: Done::SESSION,
    },
];

/// The next step; `None` when nothing of what is offered is left to do.
pub(super) fn next_step(features: &Features, done: Done) -> Option<Step> {
    TABLE
        .iter()
        .find(|row| (row.offered)(features) && done.has(row.needs) && !done.has(row.forbids))
        .map(|row| row.step)
}

/// Chooses the mechanism. There is one: the platform's password changes with each attempt, which the SCRAM family
/// cannot check.
///
/// # Errors
/// When the server does not offer it, or the channel may not carry a password.
pub(super) fn choose_mechanism(
    features: &Features,
    confidential: bool,
) -> Result<&'static str, DisconnectReason> {
    if !features
        .mechanisms
        .iter()
        .any(|offered| offered == plain::NAME)
    {
        let offered = features.mechanisms.clone();
        return Err(DisconnectReason::MechanismUnavailable { offered });
    }
    if !confidential {
        return Err(DisconnectReason::ChannelNotConfidential);
    }
    Ok(plain::NAME)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn features(mechanisms: &[&str], bind: bool, session: bool, optional: bool) -> Features {
        Features {
            mechanisms: mechanisms.iter().map(|&name| name.to_owned()).collect(),
            bind,
            session,
            session_optional: optional,
            ..Features::default()
        }
    }

    #[test]
    fn each_step_is_taken_once_and_in_order_whatever_is_offered() {
        let all = features(&["PLAIN"], true, true, false);
        let bound = Done::AUTHENTICATED.and(Done::BOUND);
        assert_eq!(next_step(&all, Done::NOTHING), Some(Step::Authenticate));
        assert_eq!(next_step(&all, Done::AUTHENTICATED), Some(Step::Bind));
        assert_eq!(next_step(&all, bound), Some(Step::EstablishSession));
        assert_eq!(next_step(&all, bound.and(Done::SESSION)), None);
    }

    #[test]
    fn nothing_is_done_that_is_not_offered_or_not_needed() {
        let bound = Done::AUTHENTICATED.and(Done::BOUND);
        assert_eq!(
            next_step(&features(&[], true, true, false), Done::NOTHING),
            None
        );
        assert_eq!(
            next_step(&features(&[], false, true, false), Done::AUTHENTICATED),
            None
        );
        assert_eq!(next_step(&features(&[], true, false, false), bound), None);
        assert_eq!(next_step(&features(&[], true, true, true), bound), None);
    }

    #[test]
    fn a_password_is_not_sent_over_an_open_channel_nor_with_an_unknown_mechanism() {
        let choose = |mechanisms: &[&str], confidential| {
            choose_mechanism(&features(mechanisms, false, false, false), confidential)
        };
        assert!(matches!(
            choose(&["SCRAM-SHA-1", "PLAIN"], true),
            Ok("PLAIN")
        ));
        let open = choose(&["PLAIN"], false);
        assert!(matches!(
            open,
            Err(DisconnectReason::ChannelNotConfidential)
        ));
        let Err(DisconnectReason::MechanismUnavailable { offered }) = choose(&["EXTERNAL"], true)
        else {
            panic!("EXTERNAL is not known");
        };
        assert_eq!(offered, ["EXTERNAL"]);
    }
}
