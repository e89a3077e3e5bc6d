//! The client's half of SCRAM.
//!
//! ```text
//!          initial()               step(server-first)              step or success(server-final)
//! Ready ─────────────► Asked ─────────────────────────► Proved ─────────────────────────► Verified
//! ```
//! XMPP sends the server's last message with `<success/>` (RFC 6120 §6.4.6). A server may also send
//! it as a separate challenge, followed by an empty `<success/>`. Either form is accepted once.

use super::error::{ScramError, ScramRefusal};
use super::hash::Output;
use super::keys::{ScramDerivation, ScramKeys};
use super::limits::MAX_SALT;
use super::message::{Fault, ServerFinal, ServerFirst, escape};
use super::offer::ScramOffer;
use super::parameters::ScramParameters;
use super::prepare::prepare;
use crate::argument::InvalidArgument;
use crate::sasl::{Mechanism, SaslError};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::fmt;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

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
    parameters: ScramParameters,
    /// The prepared password.
    password: Zeroizing<String>,
    /// The flag and the authorisation identity: `n,,`.
    header: String,
    first_bare: String,
    state: State,
}

impl Scram {
    /// A client that has sent nothing yet.
    ///
    /// # Errors
    /// When the user name or the password is empty or cannot be prepared (RFC 4013), when the
    /// identity to act as is empty or holds a NUL, or when the channel-binding data are empty.
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
        Ok(Self { parameters, password, header, first_bare, state: State::Ready })
    }

    /// The keys that answered the challenge, for [`ScramParameters::keys`] at the next login. Keep
    /// them only after a successful login.
    #[must_use]
    pub fn keys(&self) -> Option<ScramKeys> {
        match self.state {
            State::Proved { .. } | State::Verified => self.parameters.keys.clone(),
            State::Ready | State::Asked | State::Failed => None,
        }
    }

    /// The key derivation that [`step`](Mechanism::step) needs to answer this challenge, or `None`
    /// when the keys are known. It can run on another thread, whose keys are passed to
    /// [`use_keys`](Self::use_keys); otherwise `step` derives the keys itself.
    ///
    /// # Errors
    /// When `step` would refuse the challenge.
    pub fn derivation(&self, challenge: &[u8]) -> Result<Option<ScramDerivation>, SaslError> {
        match self.state {
            State::Asked => {
                let first = self.read(challenge)?;
                let has_keys = self.fitting_keys(&first).is_some();
                Ok((!has_keys).then(|| self.derivation_for(first)))
            }
            // The server's last message needs no keys.
            State::Proved { .. } => Ok(None),
            State::Ready | State::Verified | State::Failed => {
                Err(SaslError::UnexpectedChallenge { mechanism: self.name() })
            }
        }
    }

    /// Takes the keys of a [`derivation`](Self::derivation). Keys that do not fit the challenge are
    /// ignored.
    pub fn use_keys(&mut self, keys: ScramKeys) {
        self.parameters.keys = Some(keys);
    }

    /// Sets the server's offer when it arrives after the first message was sent; see
    /// [`ScramParameters::offer`](super::ScramParameters::offer).
    pub fn check_offer(&mut self, offer: ScramOffer) {
        self.parameters.offer = Some(offer);
    }

    fn fitting_keys(&self, first: &ServerFirst<'_>) -> Option<&ScramKeys> {
        let fits =
            |keys: &&ScramKeys| keys.fits(self.parameters.hash, &first.salt, first.iterations);
        self.parameters.keys.as_ref().filter(fits)
    }

    fn derivation_for(&self, first: ServerFirst<'_>) -> ScramDerivation {
        ScramDerivation {
            hash: self.parameters.hash,
            password: self.password.clone(),
            salt: first.salt,
            iterations: first.iterations,
        }
    }

    /// Reads the server's first message and checks everything that needs no hashing.
    fn read<'a>(&self, challenge: &'a [u8]) -> Result<ServerFirst<'a>, SaslError> {
        let first = ServerFirst::read(challenge).map_err(|fault| self.refuse(fault))?;
        self.check(&first)?;
        Ok(first)
    }

    fn prove(&mut self, challenge: &[u8]) -> Result<Vec<u8>, SaslError> {
        let first = self.read(challenge)?;
        let nonce = first.nonce;
        let keys = match self.fitting_keys(&first) {
            Some(keys) => keys.clone(),
            None => self.derivation_for(first).run(),
        };
        let mut channel = self.header.clone().into_bytes();
        channel.extend_from_slice(self.parameters.binding.data());
        let mut message = format!("c={},r={}", STANDARD.encode(&channel), nonce);
        let mut signed = self.first_bare.clone().into_bytes();
        for part in [b",", challenge, b",", message.as_bytes()] {
            signed.extend_from_slice(part);
        }
        let stored_key = self.parameters.hash.digest(keys.client_key.as_bytes());
        let client_signature = self.parameters.hash.hmac(stored_key.as_bytes(), &signed);
        let proof = keys.client_key.xor(client_signature.as_bytes());
        message.push_str(",p=");
        STANDARD.encode_string(proof.as_bytes(), &mut message);
        let signature = self.parameters.hash.hmac(keys.server_key.as_bytes(), &signed);
        self.parameters.keys = Some(keys);
        self.state = State::Proved { signature };
        Ok(message.into_bytes())
    }

    fn check(&self, first: &ServerFirst<'_>) -> Result<(), ScramError> {
        let ours = self.parameters.nonce.as_str();
        if !first.nonce.starts_with(ours) || first.nonce.len() == ours.len() {
            return Err(ScramError::Nonce);
        }
        if first.salt.is_empty() || first.salt.len() > MAX_SALT {
            return Err(ScramError::Salt { length: first.salt.len(), limit: MAX_SALT });
        }
        let count = first.iterations;
        let (&minimum, &maximum) =
            (self.parameters.iterations.start(), self.parameters.iterations.end());
        if count < minimum {
            return Err(ScramError::TooFewIterations { count, minimum });
        }
        if count > maximum {
            return Err(ScramError::TooManyIterations { count, maximum });
        }
        if let (Some(offer), Some(theirs)) = (&self.parameters.offer, &first.offer)
            && !offer.matches(self.parameters.hash, theirs)
        {
            return Err(ScramError::OfferChanged);
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
            ServerFinal::Error(value) => Err(ScramError::Refused(
                ScramRefusal::from_name(value).unwrap_or(ScramRefusal::Other),
            )
            .into()),
        }
    }

    fn refuse(&self, fault: Fault) -> SaslError {
        match fault {
            Fault::MandatoryExtension => ScramError::MandatoryExtension.into(),
            Fault::Form(reason) | Fault::Encoding(reason) => {
                SaslError::Malformed { mechanism: self.name(), reason }
            }
            Fault::Username => SaslError::Malformed {
                mechanism: self.name(),
                reason: "a user name cannot be read",
            },
        }
    }
}

impl Mechanism for Scram {
    fn name(&self) -> &'static str {
        if self.parameters.binding.is_bound() {
            self.parameters.hash.mechanism_plus()
        } else {
            self.parameters.hash.mechanism()
        }
    }

    fn initial(&mut self) -> Vec<u8> {
        self.state = State::Asked;
        format!("{}{}", self.header, self.first_bare).into_bytes()
    }

    fn step(&mut self, challenge: &[u8]) -> Result<Vec<u8>, SaslError> {
        // An error leaves the state failed, so that no later message can succeed.
        match std::mem::replace(&mut self.state, State::Failed) {
            State::Asked => self.prove(challenge),
            State::Proved { signature } => self.verify(&signature, challenge).map(|()| Vec::new()),
            State::Ready | State::Verified | State::Failed => {
                Err(SaslError::UnexpectedChallenge { mechanism: self.name() })
            }
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
        f.debug_struct("Scram").field("mechanism", &self.name()).finish_non_exhaustive()
    }
}
