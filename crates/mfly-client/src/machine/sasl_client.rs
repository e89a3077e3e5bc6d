//! The client's side of an authentication, with any of the mechanisms.

use super::config::Config;
use mfly_proto::argument::InvalidArgument;
use mfly_proto::sasl::{
    Anonymous, Choice, External, Mechanism, Plain, Scram, ScramKeys, ScramParameters,
};
use mfly_proto::secret::Password;

/// A SASL mechanism in use.
pub(super) enum SaslClient {
    /// A mechanism whose answers take no time.
    Simple(Box<dyn Mechanism>),
    /// SCRAM, whose keys take thousands of hashes to derive.
    Scram(Box<Scram>),
}

/// Whether this choice needs a password.
pub(super) const fn needs_password(choice: &Choice) -> bool {
    matches!(choice, Choice::Plain | Choice::Scram { .. })
}

impl SaslClient {
    /// Starts a mechanism. `password` is required if the mechanism needs one; `keys` are those of
    /// an earlier login.
    ///
    /// # Errors
    /// When the mechanism cannot use the name or the password.
    pub(super) fn begin(
        choice: &Choice,
        config: &Config,
        password: Option<&Password>,
        keys: Option<ScramKeys>,
        nonce: [u8; 24],
    ) -> Result<Self, InvalidArgument> {
        let name = config.account.local().unwrap_or_default();
        let password = || password.ok_or_else(|| InvalidArgument::new("password", "is missing"));
        Ok(match choice {
            Choice::Plain => Self::Simple(Box::new(Plain::new(name, password()?)?)),
            Choice::External => {
                Self::Simple(Box::new(External::acting_as(config.account.as_str())?))
            }
            Choice::Anonymous => Self::Simple(Box::new(Anonymous::new())),
            Choice::Scram { hash, binding } => {
                let parameters = ScramParameters::new(*hash, name, password()?, nonce)
                    .binding(binding.clone())
                    .iterations(config.iterations.clone())
                    .keys(keys);
                Self::Scram(Box::new(Scram::new(parameters)?))
            }
        })
    }

    pub(super) fn mechanism(&mut self) -> &mut dyn Mechanism {
        match self {
            Self::Simple(mechanism) => &mut **mechanism,
            Self::Scram(scram) => &mut **scram,
        }
    }

    /// The SCRAM keys, which save the derivation at the next login.
    pub(super) fn keys(&self) -> Option<ScramKeys> {
        match self {
            Self::Simple(_) => None,
            Self::Scram(scram) => scram.keys(),
        }
    }
}
