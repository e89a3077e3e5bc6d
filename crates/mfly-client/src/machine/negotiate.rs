//! The order of the steps of stream negotiation: a table and pure functions.
//!
//! | step | offered as | needs | not after |
//! |---|---|---|---|
//! | authenticate | `mechanisms`, or `authentication` (SASL2) | | authentication |
//! | bind | `bind` | authentication | binding |
//! | establish a session | `session` without `optional` | binding | itself |
//!
//! STARTTLS is no step here: the transport has negotiated it before the machine gets the
//! connection.

use super::channel::Channel;
use super::config::{Config, Resource};
use super::known_server::{Bind2, Offer, SaslProtocol};
use super::reason::{DisconnectReason, LoginFailure};
use mfly_proto::sasl::{Choice, ChoiceContext, ChoiceError, MechanismPolicy, choose};
use mfly_proto::stream::Features;

/// A step of stream negotiation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Authenticate,
    Bind,
    EstablishSession,
}

/// The set of steps that are complete.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct CompletedSteps(u8);

impl CompletedSteps {
    /// No step is complete.
    pub(super) const NOTHING: Self = Self(0);
    /// Authentication is complete.
    pub(super) const AUTHENTICATED: Self = Self(1);
    /// A resource is bound.
    pub(super) const BOUND: Self = Self(2);
    /// The session is established.
    pub(super) const SESSION: Self = Self(4);

    /// The union of both sets.
    pub(super) const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether this set contains all steps of the other.
    pub(super) const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

struct Row {
    step: Step,
    offered: fn(&Features) -> bool,
    needs: CompletedSteps,
    forbids: CompletedSteps,
}

const TABLE: [Row; 3] = [
    Row {
        step: Step::Authenticate,
        offered: |features| !features.mechanisms.is_empty() || features.sasl2.is_some(),
        needs: CompletedSteps::NOTHING,
        forbids: CompletedSteps::AUTHENTICATED,
    },
    Row {
        step: Step::Bind,
        offered: |features| features.bind,
        needs: CompletedSteps::AUTHENTICATED,
        forbids: CompletedSteps::BOUND,
    },
    Row {
        step: Step::EstablishSession,
        offered: |features| features.session && !features.session_optional,
        needs: CompletedSteps::BOUND,
        forbids: CompletedSteps::SESSION,
    },
];

/// The next step, or `None` when every offered step is complete.
pub(super) fn next_step(features: &Features, done: CompletedSteps) -> Option<Step> {
    TABLE
        .iter()
        .find(|row| {
            (row.offered)(features) && done.contains(row.needs) && !done.contains(row.forbids)
        })
        .map(|row| row.step)
}

/// The mechanism and protocol of an authentication.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) choice: Choice,
    pub(super) protocol: SaslProtocol,
}

/// Plans the authentication: with SASL2 where the configuration allows it and the server offers it,
/// and with the mechanism that the policy prefers.
///
/// # Errors
/// When no offered mechanism is allowed and usable.
pub(super) fn plan(
    offer: &Offer,
    policy: &MechanismPolicy,
    config: &Config,
    channel: &Channel,
) -> Result<Plan, DisconnectReason> {
    let choose = |mechanisms: &[String]| {
        let context = ChoiceContext {
            offered: mechanisms,
            offered_bindings: &offer.channel_bindings,
            bindings: &channel.bindings,
            is_confidential: channel.confidential,
        };
        choose(policy, &context)
    };
    if let Some(second) = offer.sasl2.as_ref().filter(|_| config.sasl2)
        && let Ok(choice) = choose(&second.mechanisms)
    {
        // With Bind2 the server chooses the resource, so an exact one cannot be asked for.
        let any_resource = !matches!(config.resource, Resource::Exactly(_));
        let protocol = SaslProtocol::Sasl2 {
            bind2: (second.bind2 && any_resource)
                .then_some(Bind2 { carbons: second.carbons && config.carbons }),
        };
        return Ok(Plan { choice, protocol });
    }
    match choose(&offer.mechanisms) {
        Ok(choice) => Ok(Plan { choice, protocol: SaslProtocol::Sasl }),
        Err(ChoiceError::PlainOnClearText { .. }) => {
            Err(LoginFailure::ChannelNotConfidential.into())
        }
        Err(ChoiceError::NoneUsable { offered }) => {
            Err(LoginFailure::MechanismUnavailable { offered: offered.names().to_vec() }.into())
        }
        Err(error) => Err(LoginFailure::MechanismRefused(error).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::machine::known_server::Sasl2;
    use mfly_proto::framing::Framing;
    use mfly_proto::framing::ReceiveLimits;
    use mfly_proto::jid::BareJid;
    use mfly_proto::sasl::{ChannelBindings, MechanismKind};

    fn features(mechanisms: &[&str], bind: bool, session: bool, optional: bool) -> Features {
        Features {
            mechanisms: names(mechanisms),
            bind,
            session,
            session_optional: optional,
            ..Features::default()
        }
    }

    fn names(mechanisms: &[&str]) -> Vec<String> {
        mechanisms.iter().map(|&name| name.to_owned()).collect()
    }

    fn config(sasl2: bool) -> Config {
        let account = BareJid::new("u1@host.test").unwrap();
        Config { sasl2, ..Config::standard(account) }
    }

    fn channel(confidential: bool) -> Channel {
        let bindings = ChannelBindings::NONE;
        Channel::new(Framing::WebSocket, ReceiveLimits::default(), confidential, bindings)
    }

    #[test]
    fn each_step_is_taken_once_and_in_order_whatever_is_offered() {
        let all = features(&["PLAIN"], true, true, false);
        let bound = CompletedSteps::AUTHENTICATED.union(CompletedSteps::BOUND);
        assert_eq!(next_step(&all, CompletedSteps::NOTHING), Some(Step::Authenticate));
        assert_eq!(next_step(&all, CompletedSteps::AUTHENTICATED), Some(Step::Bind));
        assert_eq!(next_step(&all, bound), Some(Step::EstablishSession));
        assert_eq!(next_step(&all, bound.union(CompletedSteps::SESSION)), None);
    }

    #[test]
    fn steps_that_are_not_offered_or_not_needed_are_skipped() {
        let bound = CompletedSteps::AUTHENTICATED.union(CompletedSteps::BOUND);
        assert_eq!(next_step(&features(&[], true, true, false), CompletedSteps::NOTHING), None);
        assert_eq!(
            next_step(&features(&[], false, true, false), CompletedSteps::AUTHENTICATED),
            None
        );
        assert_eq!(next_step(&features(&[], true, false, false), bound), None);
        assert_eq!(next_step(&features(&[], true, true, true), bound), None);
    }

    #[test]
    fn a_password_is_not_sent_over_an_open_channel_nor_with_an_unknown_mechanism() {
        let plan = |mechanisms: &[&str], confidential| {
            let offer = Offer::of(&features(mechanisms, false, false, false));
            let policy = MechanismPolicy::plain();
            super::plan(&offer, &policy, &config(false), &channel(confidential))
        };
        let chosen = plan(&["SCRAM-SHA-1", "PLAIN"], true).unwrap();
        assert_eq!(chosen.choice, Choice::Plain);
        let open = plan(&["PLAIN"], false);
        assert!(matches!(
            open,
            Err(DisconnectReason::LoginFailed(LoginFailure::ChannelNotConfidential))
        ));
        let Err(DisconnectReason::LoginFailed(LoginFailure::MechanismUnavailable { offered })) =
            plan(&["EXTERNAL"], true)
        else {
            panic!("EXTERNAL is not allowed");
        };
        assert_eq!(offered, ["EXTERNAL"]);
    }

    #[test]
    fn sasl2_is_used_where_it_is_offered_allowed_and_strong_enough() {
        let offer = |second: &[&str]| Offer {
            mechanisms: names(&["PLAIN", "SCRAM-SHA-1"]),
            channel_bindings: Vec::new(),
            sasl2: Some(Sasl2 { mechanisms: names(second), bind2: true, carbons: true }),
        };
        let policy = MechanismPolicy::password().without_plain();
        let plan = |second: &[&str], sasl2: Config| {
            let plan = super::plan(&offer(second), &policy, &sasl2, &channel(true)).unwrap();
            (plan.choice.kind().name(), plan.protocol)
        };
        let with = |bind2| SaslProtocol::Sasl2 { bind2 };
        let second = with(Some(Bind2 { carbons: true }));
        assert_eq!(plan(&["SCRAM-SHA-256"], config(true)), ("SCRAM-SHA-256", second));
        assert_eq!(plan(&["SCRAM-SHA-256"], config(false)), ("SCRAM-SHA-1", SaslProtocol::Sasl));
        assert_eq!(plan(&["PLAIN"], config(true)), ("SCRAM-SHA-1", SaslProtocol::Sasl));
        let mut exactly = config(true);
        exactly.resource = Resource::Exactly("desk".to_owned());
        assert_eq!(plan(&["SCRAM-SHA-256"], exactly), ("SCRAM-SHA-256", with(None)));
    }

    #[test]
    fn a_weaker_mechanism_than_before_is_refused() {
        let offer = Offer::of(&features(&["PLAIN", "SCRAM-SHA-1"], false, false, false));
        let used = MechanismKind::from_name("SCRAM-SHA-256");
        let policy = MechanismPolicy::password().remembered(used);
        let refused = plan(&offer, &policy, &config(true), &channel(true)).unwrap_err();
        assert!(
            matches!(
                refused,
                DisconnectReason::LoginFailed(LoginFailure::MechanismRefused(
                    ChoiceError::Downgraded { .. }
                ))
            ),
            "{refused}"
        );
    }
}
