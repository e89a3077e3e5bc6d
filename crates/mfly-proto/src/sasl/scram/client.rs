//! The client's half of SCRAM.
//!
//! ```text
//!          initial()               step(server-first)              step or success(server-final)
//! Ready ─────────────► Asked ─────────────────────────► Proved ─────────────────────────► Verified
//! ```
//! XMPP sends the server's last message along with `<success/>` (RFC 6120 §6.4.6); a server may also send
//! it as a challenge of its own, with an empty `<success/>` after it. Both are accepted, once.

use super::binding::Binding;
use super::error::{ScramError, ScramRefusal};
use super::hash::{Output, ScramHash};
use super::keys::ScramKeys;
use super::limits::{ITERATIONS, MAX_SALT};
use super::message::{Fault, ServerFinal, ServerFirst, escape};
use super::nonce::Nonce;
use super::prepare::prepare;
use crate::argument::InvalidArgument;
use crate::sasl::{Mechanism, SaslError};
use crate::secret::Password;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt;
use std::ops::RangeInclusive;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// What a [`Scram`] is made of.
#[derive(Clone)]
pub struct ScramParameters {
    hash: ScramHash,
    username: String,
    password: Password,
    nonce: Nonce,
    authzid: Option<String>,
    binding: Binding,
    iterations: RangeInclusive<u32>,
    keys: Option<ScramKeys>,
}

impl ScramParameters {
    /// Authenticates `username`, without channel binding. The nonce is 24 random bytes, or a [`Nonce`];
    /// it must be a new one for every exchange.
    #[must_use]
    pub fn new(
        hash: ScramHash,
        username: &str,
        password: &Password,
        nonce: impl Into<Nonce>,
    ) -> Self {
        Self {
            hash,
            username: username.to_owned(),
            password: password.clone(),
            nonce: nonce.into(),
            authzid: None,
            binding: Binding::None,
            iterations: ITERATIONS,
            keys: None,
        }
    }

    /// What to say about channel binding. With [`Binding::Bound`] the mechanism is the -PLUS one.
    #[must_use]
    pub fn binding(mut self, binding: Binding) -> Self {
        self.binding = binding;
        self
    }

    /// Acts as another identity, if the server allows it.
    #[must_use]
    pub fn authzid(mut self, authzid: impl Into<String>) -> Self {
        self.authzid = Some(authzid.into());
        self
    }

    /// The iterations that are accepted; [`ITERATIONS`] without this. The lower end guards against a
    /// server that makes the password easy to guess, the upper end against one that wastes our time.
    #[must_use]
    pub const fn iterations(mut self, iterations: RangeInclusive<u32>) -> Self {
        self.iterations = iterations;
        self
    }

    /// Keys of an earlier exchange with the same user and password: they are used if the server names
    /// the same salt and count again, and passed over otherwise.
    #[must_use]
    pub fn keys(mut self, keys: Option<ScramKeys>) -> Self {
        self.keys = keys;
        self
    }
}

impl fmt::Debug for ScramParameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScramParameters")
            .field("hash", &self.hash)
            .field("binding", &self.binding)
            .field("iterations", &self.iterations)
            .finish_non_exhaustive()
    }
}

enum State {
    Ready,
    Asked,
    Proved { signature: Output },
    Verified,
    Failed,
}

/// The client's half of SCRAM.
///
/// ```
/// use mfly_proto::sasl::{Mechanism, Scram, ScramHash, ScramParameters};
/// use mfly_proto::secret::Password;
///
/// let password = Password::new("pencil")?;
/// let random = [7; 24]; // from the system's random source
/// let mut scram = Scram::new(ScramParameters::new(ScramHash::Sha256, "user", &password, random))?;
/// assert_eq!(scram.name(), "SCRAM-SHA-256");
/// assert!(scram.initial().starts_with(b"n,,n=user,r="));
/// # Ok::<(), mfly_proto::argument::InvalidArgument>(())
/// ```
pub struct Scram {
    hash: ScramHash,
    password: Zeroizing<String>,
    nonce: Nonce,
    binding: Binding,
    iterations: RangeInclusive<u32>,
    keys: Option<ScramKeys>,
    /// The flag and the authorisation identity: `n,,`.
    header: String,
    first_bare: String,
    state: State,
}

impl Scram {
    /// An exchange that has not begun.
    ///
    /// # Errors
    /// When the user name or the password is empty or cannot be prepared (RFC 4013), when the identity
    /// to act as is empty or holds a NUL, or when the channel-binding data are empty.
    pub fn new(parameters: ScramParameters) -> Result<Self, InvalidArgument> {
        let username = prepare("username", &parameters.username)?;
        let password = prepare("password", parameters.password.expose())?;
        if parameters.binding.is_bound() && parameters.binding.data().is_empty() {
            return Err(InvalidArgument::new(
                "binding",
                "must hold the channel-binding data of the TLS connection",
            ));
        }
        let mut header = String::new();
        parameters.binding.write_flag(&mut header);
        header.push(',');
        if let Some(authzid) = &parameters.authzid {
            if authzid.is_empty() || authzid.contains('\0') {
                return Err(InvalidArgument::new(
                    "authzid",
                    "must be neither empty nor hold a NUL",
                ));
            }
            header.push_str("a=");
            escape(authzid, &mut header);
        }
        header.push(',');
        let mut first_bare = "n=".to_owned();
        escape(&username, &mut first_bare);
        first_bare.push_str(",r=");
        first_bare.push_str(parameters.nonce.as_str());
        Ok(Self {
            hash: parameters.hash,
            password,
            nonce: parameters.nonce,
            binding: parameters.binding,
            iterations: parameters.iterations,
            keys: parameters.keys,
            header,
            first_bare,
            state: State::Ready,
        })
    }

    /// The keys that were used, once a challenge was answered: for [`ScramParameters::keys`] at the next
    /// login. Keep them only after the login succeeded.
    #[must_use]
    pub fn keys(&self) -> Option<ScramKeys> {
        match self.state {
            State::Proved { .. } | State::Verified => self.keys.clone(),
            State::Ready | State::Asked | State::Failed => None,
        }
    }

    fn prove(&mut self, challenge: &[u8]) -> Result<Vec<u8>, SaslError> {
        let first = ServerFirst::read(challenge).map_err(|fault| self.refuse(fault))?;
        self.check(&first)?;
        let keys = match self.keys.take() {
            Some(keys) if keys.fits(self.hash, &first.salt, first.iterations) => keys,
            _ => ScramKeys::of_prepared(
                self.hash,
                self.password.as_bytes(),
                &first.salt,
                first.iterations,
            ),
        };
        let mut channel = self.header.clone().into_bytes();
        channel.extend_from_slice(self.binding.data());
        let mut message = format!("c={},r={}", STANDARD.encode(&channel), first.nonce);
        let mut signed = self.first_bare.clone().into_bytes();
        for part in [b",", challenge, b",", message.as_bytes()] {
            signed.extend_from_slice(part);
        }
        let stored_key = self.hash.digest(keys.client_key.as_bytes());
        let client_signature = self.hash.hmac(stored_key.as_bytes(), &signed);
        let proof = keys.client_key.xor(client_signature.as_bytes());
        message.push_str(",p=");
        STANDARD.encode_string(proof.as_bytes(), &mut message);
        let signature = self.hash.hmac(keys.server_key.as_bytes(), &signed);
        self.keys = Some(keys);
        self.state = State::Proved { signature };
        Ok(message.into_bytes())
    }

    /// All that can be refused before any hashing.
    fn check(&self, first: &ServerFirst<'_>) -> Result<(), ScramError> {
        let ours = self.nonce.as_str();
        if !first.nonce.starts_with(ours) || first.nonce.len() == ours.len() {
            return Err(ScramError::Nonce);
        }
        if first.salt.is_empty() || first.salt.len() > MAX_SALT {
            return Err(ScramError::Salt {
                length: first.salt.len(),
                limit: MAX_SALT,
            });
        }
        let count = first.iterations;
        if count < *self.iterations.start() {
            return Err(ScramError::TooFewIterations {
                count,
                minimum: *self.iterations.start(),
            });
        }
        if count > *self.iterations.end() {
            return Err(ScramError::TooManyIterations {
                count,
                maximum: *self.iterations.end(),
            });
        }
        Ok(())
    }

    fn verify(&mut self, signature: &Output, message: &[u8]) -> Result<(), SaslError> {
        if message.is_empty() {
            return Err(ScramError::NoServerSignature.into());
        }
        match ServerFinal::read(message).map_err(|fault| self.refuse(fault))? {
            ServerFinal::Signature(theirs) => {
                if bool::from(theirs.ct_eq(signature.as_bytes())) {
                    self.state = State::Verified;
                    Ok(())
                } else {
                    Err(ScramError::ServerSignature.into())
                }
            }
            ServerFinal::Error(value) => {
                Err(ScramError::Refused(ScramRefusal::from_value(value)).into())
            }
        }
    }

    fn refuse(&self, fault: Fault) -> SaslError {
        match fault {
            Fault::MandatoryExtension => ScramError::MandatoryExtension.into(),
            Fault::Form(reason) | Fault::Encoding(reason) => SaslError::Malformed {
                mechanism: self.name(),
                reason,
            },
            Fault::Username => SaslError::Malformed {
                mechanism: self.name(),
                reason: "a user name cannot be read",
            },
        }
    }
}

impl Mechanism for Scram {
    fn name(&self) -> &'static str {
        if self.binding.is_bound() {
            self.hash.mechanism_plus()
        } else {
            self.hash.mechanism()
        }
    }

    fn initial(&mut self) -> Vec<u8> {
        self.state = State::Asked;
        format!("{}{}", self.header, self.first_bare).into_bytes()
    }

    fn step(&mut self, challenge: &[u8]) -> Result<Vec<u8>, SaslError> {
        // An error leaves it failed: nothing that comes later can make it succeed.
        match std::mem::replace(&mut self.state, State::Failed) {
            State::Asked => self.prove(challenge),
            State::Proved { signature } => self.verify(&signature, challenge).map(|()| Vec::new()),
            State::Ready | State::Verified | State::Failed => Err(SaslError::UnexpectedChallenge {
                mechanism: self.name(),
            }),
        }
    }

    fn success(&mut self, data: &[u8]) -> Result<(), SaslError> {
        match std::mem::replace(&mut self.state, State::Failed) {
            State::Proved { signature } => self.verify(&signature, data),
            State::Verified if data.is_empty() => {
                self.state = State::Verified;
                Ok(())
            }
            State::Verified => Err(SaslError::Malformed {
                mechanism: self.name(),
                reason: "more data after the server's signature",
            }),
            State::Ready | State::Asked | State::Failed => {
                Err(ScramError::NoServerSignature.into())
            }
        }
    }
}

impl fmt::Debug for Scram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scram")
            .field("mechanism", &self.name())
            .finish_non_exhaustive()
    }
}
