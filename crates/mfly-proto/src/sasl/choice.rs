//! The choice of a mechanism: a pure function of the policy, the server's offer and the
//! connection's channel bindings.
//!
//! | mechanism | used when offered and … |
//! |---|---|
//! | `EXTERNAL` | the policy names it, and the channel is confidential |
//! | `SCRAM-*-PLUS` | both sides have a channel binding in common |
//! | `SCRAM-*` | always: it does not reveal the password |
//! | `PLAIN` | the policy allows it, and the channel is confidential |
//! | `ANONYMOUS` | the policy names it |
//!
//! | our bindings | -PLUS offered | binding in common | flag of SCRAM |
//! |---|---|---|---|
//! | none | either | – | `n` |
//! | some | no | – | `y`: a server that did offer -PLUS refuses, because its offer was changed on the way |
//! | some | yes | yes | `p=`, `tls-exporter` before `tls-server-end-point` |
//! | some | yes | no | `n` |
//!
//! When a server announces no bindings (XEP-0440), -PLUS is not chosen: servers that know only
//! `tls-unique` offer -PLUS and announce nothing (observed: ejabberd 23.01 over every TLS version,
//! and Prosody 0.12), and refuse any other binding. If the policy insists on -PLUS, the best
//! binding of the connection is tried nevertheless.
//!
//! A mechanism weaker than the policy's minimum, or than that of an earlier login, is never chosen:
//! the server's offer is not authenticated, and an attacker could have shortened it. A remembered
//! -PLUS mechanism counts without -PLUS while the connection has no channel binding.

use super::channel_binding::ChannelBindings;
use super::kind::MechanismKind;
use super::scram::{Binding, BindingKind, ScramHash};
use crate::text::escaped;
use std::fmt;
use thiserror::Error;

/// The mechanisms that an account may log in with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MechanismPolicy {
    /// Allowed mechanisms, the preferred one first.
    preference: Vec<MechanismKind>,
    pinned: Option<MechanismKind>,
    at_least: Option<MechanismKind>,
    remembered: Option<MechanismKind>,
}

impl MechanismPolicy {
    /// An account with a password: the strongest SCRAM, or PLAIN if SCRAM is not offered.
    #[must_use]
    pub fn password() -> Self {
        let is_for_password = |kind: &MechanismKind| {
            matches!(kind, MechanismKind::Scram { .. } | MechanismKind::Plain)
        };
        Self::of(MechanismKind::ALL.into_iter().filter(is_for_password))
    }

    /// Only these mechanisms, the preferred one first.
    pub fn of(preference: impl IntoIterator<Item = MechanismKind>) -> Self {
        Self {
            preference: preference.into_iter().collect(),
            pinned: None,
            at_least: None,
            remembered: None,
        }
    }

    /// PLAIN only: for the platform's accounts, whose sealed password changes with every login.
    #[must_use]
    pub fn plain() -> Self {
        Self::of([MechanismKind::Plain])
    }

    /// EXTERNAL only: the TLS client certificate authenticates.
    #[must_use]
    pub fn external() -> Self {
        Self::of([MechanismKind::External])
    }

    /// ANONYMOUS only: no identity.
    #[must_use]
    pub fn anonymous() -> Self {
        Self::of([MechanismKind::Anonymous])
    }

    /// Excludes PLAIN: a server without SCRAM is an error.
    #[must_use]
    pub fn without_plain(mut self) -> Self {
        self.preference.retain(|kind| *kind != MechanismKind::Plain);
        self
    }

    /// Allows this mechanism and no other.
    #[must_use]
    pub fn pinned(mut self, kind: MechanismKind) -> Self {
        self.pinned = Some(kind);
        self
    }

    /// Allows nothing weaker than this mechanism.
    #[must_use]
    pub fn at_least(mut self, kind: MechanismKind) -> Self {
        self.at_least = Some(kind);
        self
    }

    /// Allows nothing weaker than the mechanism of an earlier login to the same account and server.
    #[must_use]
    pub fn remembered(mut self, kind: Option<MechanismKind>) -> Self {
        self.remembered = kind;
        self
    }

    fn insists_on_plus(&self) -> bool {
        let is_plus =
            |kind: &MechanismKind| matches!(kind, MechanismKind::Scram { plus: true, .. });
        [self.pinned, self.at_least, self.remembered].iter().flatten().any(is_plus)
    }
}

impl Default for MechanismPolicy {
    fn default() -> Self {
        Self::password()
    }
}

/// The chosen mechanism.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// PLAIN: the password is sent in clear.
    Plain,
    /// SCRAM, with or without channel binding.
    Scram {
        /// The hash function.
        hash: ScramHash,
        /// The channel binding, or the flag that there is none.
        binding: Binding,
    },
    /// EXTERNAL: the TLS client certificate.
    External,
    /// ANONYMOUS: no identity.
    Anonymous,
}

impl Choice {
    /// The mechanism, to be [remembered](MechanismPolicy::remembered) after a successful login.
    #[must_use]
    pub const fn kind(&self) -> MechanismKind {
        match self {
            Self::Plain => MechanismKind::Plain,
            Self::Scram { hash, binding } => MechanismKind::scram(*hash, binding.is_bound()),
            Self::External => MechanismKind::External,
            Self::Anonymous => MechanismKind::Anonymous,
        }
    }
}

/// The first 32 names of a server's offer that have the form of a mechanism's name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offered(Vec<String>);

impl Offered {
    fn new(names: &[String]) -> Self {
        let is_name = |name: &&String| {
            let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
            (1..=32).contains(&name.len()) && name.bytes().all(is_allowed)
        };
        Self(names.iter().filter(is_name).take(32).cloned().collect())
    }

    /// The names, in the server's order.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.0
    }
}

impl fmt::Display for Offered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("nothing");
        }
        fmt::Display::fmt(&escaped(&self.0.join(", ")), f)
    }
}

/// The reason why no mechanism can be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ChoiceError {
    /// The server offers no mechanism that the policy allows and the connection can use.
    #[error(
        "the server offers {offered}: none of it is allowed by the mechanism policy and possible here"
    )]
    NoneUsable {
        /// Mechanisms that the server offers.
        offered: Offered,
    },
    /// Only PLAIN is left, which would send the password in clear over this connection.
    #[error(
        "the server offers {offered} and the connection is not encrypted: PLAIN would send the password in clear; use TLS"
    )]
    PlainOnClearText {
        /// Mechanisms that the server offers.
        offered: Offered,
    },
    /// The pinned mechanism is not offered, or cannot be used on this connection.
    #[error(
        "{pinned} is pinned and cannot be used; the server offers {offered}: if it changed, change the pin, and if not, somebody is in between"
    )]
    Pinned {
        /// The pinned mechanism.
        pinned: MechanismKind,
        /// Mechanisms that the server offers.
        offered: Offered,
    },
    /// Every usable mechanism is weaker than the policy allows.
    #[error("the server offers {offered}: nothing of it that can be used is as strong as {least}")]
    TooWeak {
        /// The weakest mechanism that the policy allows.
        least: MechanismKind,
        /// Mechanisms that the server offers.
        offered: Offered,
    },
    /// An earlier login used a stronger mechanism.
    #[error(
        "an earlier login used {remembered} and the server now offers {offered}: somebody may be in between; if the server changed, forget what was remembered"
    )]
    Downgraded {
        /// The mechanism of the earlier login.
        remembered: MechanismKind,
        /// Mechanisms that the server offers.
        offered: Offered,
    },
    /// Only -PLUS mechanisms are left, and the two sides have no channel binding in common.
    #[error(
        "the server offers {offered}, and this connection has no channel binding that the server announces"
    )]
    NoCommonBinding {
        /// Mechanisms that the server offers.
        offered: Offered,
    },
}

/// The server's offer and the connection for which a mechanism is chosen.
#[derive(Clone, Copy, Debug)]
pub struct ChoiceContext<'a> {
    /// Names of the mechanisms that the server offers.
    pub offered: &'a [String],
    /// Channel bindings that the server announces (XEP-0440); empty when it announces none.
    pub offered_bindings: &'a [String],
    /// Channel bindings of the connection.
    pub bindings: &'a ChannelBindings,
    /// Whether the connection is encrypted, or does not leave this machine.
    pub is_confidential: bool,
}

/// Chooses a mechanism.
///
/// # Errors
/// When no mechanism is offered, possible and allowed; the error says which of the three failed.
pub fn choose(
    policy: &MechanismPolicy,
    context: &ChoiceContext<'_>,
) -> Result<Choice, ChoiceError> {
    let ChoiceContext { offered, offered_bindings, bindings, is_confidential } = *context;
    let is_offered = |kind: &MechanismKind| offered.iter().any(|name| name == kind.name());
    let mut left = policy.preference.clone();
    left.retain(is_offered);
    let wants_plain = left.contains(&MechanismKind::Plain);
    let wants_plus = left.iter().any(|kind| kind.is_plus());
    let common = common_binding(policy, offered_bindings, bindings);
    left.retain(|kind| match kind {
        MechanismKind::Plain | MechanismKind::External => is_confidential,
        MechanismKind::Scram { plus, .. } => !plus || common.is_some(),
        MechanismKind::Anonymous => true,
    });
    let offered_list = Offered::new(offered);

    let is_pinned = |kind: &MechanismKind| policy.pinned.is_none_or(|pinned| *kind == pinned);
    left.retain(is_pinned);
    if left.is_empty() {
        let offered = offered_list;
        return Err(match policy.pinned {
            Some(MechanismKind::Plain) | None if wants_plain => {
                ChoiceError::PlainOnClearText { offered }
            }
            Some(pinned) => ChoiceError::Pinned { pinned, offered },
            None if wants_plus => ChoiceError::NoCommonBinding { offered },
            None => ChoiceError::NoneUsable { offered },
        });
    }
    if let Some(remembered) = policy.remembered {
        let least = if bindings.is_empty() { remembered.without_plus() } else { remembered };
        left.retain(|kind| !kind.is_weaker_than(least));
        if left.is_empty() {
            return Err(ChoiceError::Downgraded { remembered, offered: offered_list });
        }
    }
    let is_strong = |kind: &MechanismKind| {
        let is_weak = |least| kind.is_weaker_than(least);
        !policy.at_least.is_some_and(is_weak)
    };
    left.retain(is_strong);
    match (left.first(), policy.at_least) {
        (Some(MechanismKind::Plain), _) => Ok(Choice::Plain),
        (Some(MechanismKind::External), _) => Ok(Choice::External),
        (Some(MechanismKind::Anonymous), _) => Ok(Choice::Anonymous),
        (Some(MechanismKind::Scram { hash, plus }), _) => Ok(Choice::Scram {
            hash: *hash,
            binding: match common {
                Some(binding) if *plus => binding,
                _ => without_binding(offered, bindings),
            },
        }),
        (None, Some(least)) => Err(ChoiceError::TooWeak { least, offered: offered_list }),
        (None, None) => Err(ChoiceError::NoneUsable { offered: offered_list }),
    }
}

/// The preferred binding that both sides have.
fn common_binding(
    policy: &MechanismPolicy,
    announced: &[String],
    bindings: &ChannelBindings,
) -> Option<Binding> {
    let guesses = announced.is_empty() && policy.insists_on_plus();
    BindingKind::ALL.iter().copied().find_map(|kind| {
        let data = bindings.get(kind).filter(|data| !data.is_empty())?;
        let is_announced = guesses || announced.iter().any(|name| name == kind.as_str());
        is_announced.then(|| Binding::Bound(kind, data.to_vec()))
    })
}

/// The channel-binding flag when there is no binding.
fn without_binding(offered: &[String], bindings: &ChannelBindings) -> Binding {
    let is_plus = |name: &String| ScramHash::ALL.iter().any(|hash| name == hash.mechanism_plus());
    if bindings.is_empty() || offered.iter().any(is_plus) {
        Binding::None
    } else {
        Binding::NotOffered
    }
}
