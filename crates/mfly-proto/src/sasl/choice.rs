//! Which mechanism to use: one pure function over what the policy wants, what the server offers, and
//! what the connection can do.
//!
//! | mechanism | used when offered and … |
//! |---|---|
//! | `EXTERNAL` | the policy names it, and the channel is confidential |
//! | `SCRAM-*-PLUS` | both sides have a channel binding in common |
//! | `SCRAM-*` | always; it tells nothing about the password |
//! | `PLAIN` | the policy allows it, and the channel is confidential |
//! | `ANONYMOUS` | the policy names it |
//!
//! | our bindings | -PLUS offered | binding in common | flag of SCRAM |
//! |---|---|---|---|
//! | none | either | – | `n` |
//! | some | no | – | `y`: a server that did offer -PLUS refuses, because somebody removed it |
//! | some | yes | yes | `p=`, `tls-exporter` before `tls-server-end-point` |
//! | some | yes | no | `n` |
//!
//! A server that does not announce its bindings (XEP-0440) is taken to have all of them.
//!
//! What is weaker than the policy's least, or than what an earlier login used, is never chosen: the
//! server's offer is not authenticated, and somebody in between could have shortened it. What was
//! remembered as -PLUS counts without it while the connection has no binding of its own.

use super::channel_binding::ChannelBindings;
use super::scram::{Binding, BindingKind, ScramHash};
use super::{anonymous, external, plain};
use std::fmt;
use std::str::FromStr;
use thiserror::Error;

use crate::argument::InvalidArgument;

/// A mechanism that is supported here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MechanismKind {
    /// The TLS client certificate.
    External,
    /// SCRAM, with channel binding or without.
    Scram {
        /// The hash function.
        hash: ScramHash,
        /// With channel binding.
        plus: bool,
    },
    /// The password itself.
    Plain,
    /// Nobody.
    Anonymous,
}

impl MechanismKind {
    /// All of them, the strongest first.
    pub const ALL: [Self; 9] = [
        Self::External,
        Self::scram(ScramHash::Sha512, true),
        Self::scram(ScramHash::Sha256, true),
        Self::scram(ScramHash::Sha1, true),
        Self::scram(ScramHash::Sha512, false),
        Self::scram(ScramHash::Sha256, false),
        Self::scram(ScramHash::Sha1, false),
        Self::Plain,
        Self::Anonymous,
    ];

    const fn scram(hash: ScramHash, plus: bool) -> Self {
        Self::Scram { hash, plus }
    }

    /// The registered name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::External => external::NAME,
            Self::Scram { hash, plus: true } => hash.mechanism_plus(),
            Self::Scram { hash, plus: false } => hash.mechanism(),
            Self::Plain => plain::NAME,
            Self::Anonymous => anonymous::NAME,
        }
    }

    /// The mechanism of this name, if it is supported here.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether it is weaker than `other`.
    #[must_use]
    pub fn is_weaker_than(self, other: Self) -> bool {
        let rank = |kind| Self::ALL.iter().position(|of_all| *of_all == kind);
        rank(self) > rank(other)
    }

    const fn without_plus(self) -> Self {
        match self {
            Self::Scram { hash, .. } => Self::scram(hash, false),
            other => other,
        }
    }
}

impl fmt::Display for MechanismKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for MechanismKind {
    type Err = InvalidArgument;

    fn from_str(name: &str) -> Result<Self, InvalidArgument> {
        Self::from_name(name).ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|kind| kind.name()).collect();
            InvalidArgument::new("mechanism", format!("must be one of {}", names.join(", ")))
        })
    }
}

/// What an account may log in with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MechanismPolicy {
    /// The best first.
    preference: Vec<MechanismKind>,
    pinned: Option<MechanismKind>,
    at_least: Option<MechanismKind>,
    remembered: Option<MechanismKind>,
}

impl MechanismPolicy {
    /// An account with a password: the strongest SCRAM, and PLAIN if there is none.
    #[must_use]
    pub fn password() -> Self {
        let is_for_password = |kind: &MechanismKind| {
            matches!(kind, MechanismKind::Scram { .. } | MechanismKind::Plain)
        };
        Self::of(MechanismKind::ALL.into_iter().filter(is_for_password))
    }

    /// Only these mechanisms, the best first.
    pub fn of(preference: impl IntoIterator<Item = MechanismKind>) -> Self {
        Self {
            preference: preference.into_iter().collect(),
            pinned: None,
            at_least: None,
            remembered: None,
        }
    }

    /// PLAIN and nothing else: the platform's accounts, whose sealed password changes with every login.
    #[must_use]
    pub fn plain() -> Self {
        Self::of([MechanismKind::Plain])
    }

    /// The TLS client certificate.
    #[must_use]
    pub fn external() -> Self {
        Self::of([MechanismKind::External])
    }

    /// Nobody.
    #[must_use]
    pub fn anonymous() -> Self {
        Self::of([MechanismKind::Anonymous])
    }

    /// Never PLAIN: a server without SCRAM is an error.
    #[must_use]
    pub fn without_plain(mut self) -> Self {
        self.preference.retain(|kind| *kind != MechanismKind::Plain);
        self
    }

    /// This mechanism and no other.
    #[must_use]
    pub fn pinned(mut self, kind: MechanismKind) -> Self {
        self.pinned = Some(kind);
        self
    }

    /// Nothing weaker than this one.
    #[must_use]
    pub fn at_least(mut self, kind: MechanismKind) -> Self {
        self.at_least = Some(kind);
        self
    }

    /// What an earlier login of the same account at the same server used: nothing weaker will do.
    #[must_use]
    pub fn remembered(mut self, kind: Option<MechanismKind>) -> Self {
        self.remembered = kind;
        self
    }
}

impl Default for MechanismPolicy {
    fn default() -> Self {
        Self::password()
    }
}

/// The mechanism to use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// PLAIN
    Plain,
    /// SCRAM
    Scram {
        /// The hash function.
        hash: ScramHash,
        /// What to say about channel binding.
        binding: Binding,
    },
    /// EXTERNAL
    External,
    /// ANONYMOUS
    Anonymous,
}

impl Choice {
    /// The mechanism, to be [remembered](MechanismPolicy::remembered) once the login succeeded.
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

/// The names that a server offered, as far as they have a mechanism's form; 32 at most.
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
        f.write_str(&self.0.join(", "))
    }
}

/// Why no mechanism will do.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ChoiceError {
    /// The server offers nothing that the policy wants and the connection can do.
    #[error(
        "the server offers {offered}: none of it is allowed by the mechanism policy and possible here"
    )]
    NoneUsable {
        /// What the server offers.
        offered: Offered,
    },
    /// PLAIN would be next, and it would tell the password to everybody on the way.
    #[error(
        "the server offers {offered} and the connection is not encrypted: PLAIN would send the password in clear; use TLS"
    )]
    PlainOnClearText {
        /// What the server offers.
        offered: Offered,
    },
    /// The pinned mechanism is not offered, or not possible here.
    #[error(
        "{pinned} is pinned and cannot be used; the server offers {offered}: if it changed, change the pin, and if not, somebody is in between"
    )]
    Pinned {
        /// The pinned mechanism.
        pinned: MechanismKind,
        /// What the server offers.
        offered: Offered,
    },
    /// All that is possible is weaker than the policy allows.
    #[error("the server offers {offered}: nothing of it that can be used is as strong as {least}")]
    TooWeak {
        /// The weakest that the policy allows.
        least: MechanismKind,
        /// What the server offers.
        offered: Offered,
    },
    /// An earlier login used a stronger mechanism.
    #[error(
        "an earlier login used {remembered} and the server now offers {offered}: somebody may be in between; if the server changed, forget what was remembered"
    )]
    Downgraded {
        /// What was used earlier.
        remembered: MechanismKind,
        /// What the server offers.
        offered: Offered,
    },
    /// -PLUS mechanisms are all that is left, and the two sides have no channel binding in common.
    #[error(
        "the server offers {offered}, and this connection has no channel binding that the server announces"
    )]
    NoCommonBinding {
        /// What the server offers.
        offered: Offered,
    },
}

/// Chooses a mechanism.
///
/// `offered` are the server's mechanisms and `offered_bindings` the channel bindings that it announces
/// (XEP-0440; empty when it announces none). `bindings` are the connection's, and `confidential` says
/// whether it is encrypted, or does not leave this machine.
///
/// # Errors
/// When nothing that is offered, possible and allowed is left; the error says which of the three it was.
pub fn choose(
    policy: &MechanismPolicy,
    offered: &[String],
    offered_bindings: &[String],
    bindings: &ChannelBindings,
    confidential: bool,
) -> Result<Choice, ChoiceError> {
    let is_offered = |kind: &MechanismKind| offered.iter().any(|name| name == kind.name());
    let common = BindingKind::ALL.into_iter().find_map(|kind| {
        let is_announced = offered_bindings.is_empty()
            || offered_bindings.iter().any(|name| name == kind.as_str());
        let data = bindings.get(kind).filter(|data| !data.is_empty())?;
        is_announced.then(|| Binding::Bound(kind, data.to_vec()))
    });
    let is_possible = |kind: &MechanismKind| match kind {
        MechanismKind::Plain | MechanismKind::External => confidential,
        MechanismKind::Scram { plus, .. } => !plus || common.is_some(),
        MechanismKind::Anonymous => true,
    };
    let wanted: Vec<MechanismKind> = policy
        .preference
        .iter()
        .copied()
        .filter(is_offered)
        .collect();
    let mut possible: Vec<MechanismKind> = wanted.iter().copied().filter(is_possible).collect();
    let offered_list = || Offered::new(offered);

    if let Some(pinned) = policy.pinned {
        possible.retain(|kind| *kind == pinned);
        if possible.is_empty() {
            return Err(match pinned {
                MechanismKind::Plain if wanted.contains(&pinned) => ChoiceError::PlainOnClearText {
                    offered: offered_list(),
                },
                _ => ChoiceError::Pinned {
                    pinned,
                    offered: offered_list(),
                },
            });
        }
    }
    if let Some(remembered) = policy.remembered {
        let least = if bindings.is_empty() {
            remembered.without_plus()
        } else {
            remembered
        };
        possible.retain(|kind| !kind.is_weaker_than(least));
        if possible.is_empty() {
            return Err(ChoiceError::Downgraded {
                remembered,
                offered: offered_list(),
            });
        }
    }
    if possible.is_empty() {
        let offered = offered_list();
        return Err(if wanted.contains(&MechanismKind::Plain) {
            ChoiceError::PlainOnClearText { offered }
        } else if wanted.is_empty() || wanted.contains(&MechanismKind::External) {
            ChoiceError::NoneUsable { offered }
        } else {
            ChoiceError::NoCommonBinding { offered }
        });
    }
    if let Some(least) = policy.at_least {
        possible.retain(|kind| !kind.is_weaker_than(least));
        if possible.is_empty() {
            return Err(ChoiceError::TooWeak {
                least,
                offered: offered_list(),
            });
        }
    }
    let without_binding = || {
        let plus_offered = ScramHash::ALL
            .iter()
            .any(|hash| offered.iter().any(|name| name == hash.mechanism_plus()));
        if bindings.is_empty() || plus_offered {
            Binding::None
        } else {
            Binding::NotOffered
        }
    };
    match possible.first() {
        Some(MechanismKind::Plain) => Ok(Choice::Plain),
        Some(MechanismKind::External) => Ok(Choice::External),
        Some(MechanismKind::Anonymous) => Ok(Choice::Anonymous),
        Some(MechanismKind::Scram { hash, plus }) => Ok(Choice::Scram {
            hash: *hash,
            binding: common.filter(|_| *plus).unwrap_or_else(without_binding),
        }),
        None => Err(ChoiceError::NoneUsable {
            offered: offered_list(),
        }),
    }
}
