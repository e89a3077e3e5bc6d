//! The client's half of an authentication: whichever mechanism was chosen.

use super::config::Config;
use mfly_proto::argument::InvalidArgument;
use mfly_proto::sasl::{
    Anonymous, Choice, External, Mechanism, Plain, SaslError, Scram, ScramKeys, ScramParameters,
};
use mfly_proto::secret::Password;

/// A mechanism at work.
pub(super) enum SaslClient {
    /// Its answers cost nothing.
    Cheap(Box<dyn Mechanism>),
    /// Its first answer takes thousands of hashes.
    Scram(Box<Scram>),
}

/// Whether this choice needs a password.
pub(super) const fn needs_password(choice: &Choice) -> bool {
    matches!(choice, Choice::Plain | Choice::Scram { .. })
}

impl SaslClient {
    /// Begins. `password` must be there if it is needed; `keys` are those of an earlier login.
    ///
    /// # Errors
    /// When name or password cannot be used with this mechanism.
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
            Choice::Plain => Self::Cheap(Box::new(Plain::new(name, password()?)?)),
            Choice::External => {
                Self::Cheap(Box::new(External::acting_as(config.account.as_str())?))
            }
            Choice::Anonymous => Self::Cheap(Box::new(Anonymous::new())),
            Choice::Scram { hash, binding } => {
                let parameters = ScramParameters::new(*hash, name, password()?, nonce)
                    .binding(binding.clone())
                    .iterations(config.iterations.clone())
                    .keys(keys);
                Self::Scram(Box::new(Scram::new(parameters)?))
            }
        })
    }

    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Cheap(mechanism) => mechanism.name(),
            Self::Scram(scram) => scram.name(),
        }
    }

    pub(super) fn initial(&mut self) -> Vec<u8> {
        match self {
            Self::Cheap(mechanism) => mechanism.initial(),
            Self::Scram(scram) => scram.initial(),
        }
    }

    /// The server accepts.
    ///
    /// # Errors
    /// When it did not prove what it must.
    pub(super) fn success(&mut self, data: &[u8]) -> Result<(), SaslError> {
        match self {
            Self::Cheap(mechanism) => mechanism.success(data),
            Self::Scram(scram) => scram.success(data),
        }
    }

    /// What makes the next login cheaper.
    pub(super) fn keys(&self) -> Option<ScramKeys> {
        match self {
            Self::Cheap(_) => None,
            Self::Scram(scram) => scram.keys(),
        }
    }
}
