//! The supported mechanisms, ordered by strength.

use super::scram::ScramHash;
use super::{anonymous, external, plain};
use crate::argument::InvalidArgument;
use std::fmt;
use std::str::FromStr;

/// A supported mechanism.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MechanismKind {
    /// EXTERNAL: the TLS client certificate authenticates.
    External,
    /// SCRAM, with channel binding or without.
    Scram {
        /// The hash function.
        hash: ScramHash,
        /// Whether with channel binding.
        plus: bool,
    },
    /// PLAIN: the password is sent in clear.
    Plain,
    /// ANONYMOUS: no identity.
    Anonymous,
}

impl MechanismKind {
    /// All mechanisms, the strongest first.
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

    pub(super) const fn scram(hash: ScramHash, plus: bool) -> Self {
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

    /// The mechanism with this name, if it is supported.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether the mechanism is weaker than `other`.
    #[must_use]
    pub fn is_weaker_than(self, other: Self) -> bool {
        let rank = |kind| Self::ALL.iter().position(|of_all| *of_all == kind);
        rank(self) > rank(other)
    }

    /// Whether the mechanism ties the login to the TLS channel.
    #[must_use]
    pub const fn is_plus(self) -> bool {
        matches!(self, Self::Scram { plus: true, .. })
    }

    pub(super) const fn without_plus(self) -> Self {
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
