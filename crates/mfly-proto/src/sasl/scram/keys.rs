//! What a password becomes: the client's keys, and what a server stores (RFC 5802 §3).
//!
//! ```text
//! SaltedPassword := Hi(Normalize(password), salt, i)
//! ClientKey := HMAC(SaltedPassword, "Client Key")    StoredKey := H(ClientKey)
//! ServerKey := HMAC(SaltedPassword, "Server Key")
//! ```

use super::hash::{Output, ScramHash};
use super::hi::hi;
use super::limits::{MAX_ITERATIONS, MAX_SALT};
use super::prepare::prepare;
use crate::argument::InvalidArgument;
use crate::secret::Password;
use std::fmt;
use zeroize::Zeroizing;

/// The keys that one password gives with one salt and one iteration count.
///
/// To keep them saves the costly derivation at the next login, as long as the server names the same
/// salt and count. They are as good as the password for logging in to that server: keep them as
/// safe.
#[derive(Clone)]
pub struct ScramKeys {
    hash: ScramHash,
    salt: Vec<u8>,
    iterations: u32,
    pub(super) client_key: Output,
    pub(super) server_key: Output,
}

impl ScramKeys {
    /// Derives them. It takes `iterations` times two compressions of the hash function: for 600,000
    /// iterations, tenths of a second.
    ///
    /// # Errors
    /// When the password cannot be prepared (RFC 4013), the salt is empty or longer than 256 bytes,
    /// or the count is 0 or above 10,000,000.
    pub fn derive(
        hash: ScramHash,
        password: &Password,
        salt: &[u8],
        iterations: u32,
    ) -> Result<Self, InvalidArgument> {
        if salt.is_empty() || salt.len() > MAX_SALT {
            return Err(InvalidArgument::new("salt", "must be 1 to 256 bytes"));
        }
        if iterations == 0 || iterations > MAX_ITERATIONS {
            return Err(InvalidArgument::new("iterations", "must be 1 to 10,000,000"));
        }
        let password = prepare("password", password.expose())?;
        Ok(Self::of_prepared(hash, password.as_bytes(), salt, iterations))
    }

    pub(super) fn of_prepared(
        hash: ScramHash,
        password: &[u8],
        salt: &[u8],
        iterations: u32,
    ) -> Self {
        let salted_password = hi(hash, password, salt, iterations);
        Self {
            hash,
            salt: salt.to_vec(),
            iterations,
            client_key: hash.hmac(salted_password.as_bytes(), b"Client Key"),
            server_key: hash.hmac(salted_password.as_bytes(), b"Server Key"),
        }
    }

    /// Whether they are the ones that a server with this hash function, salt and count asks for.
    #[must_use]
    pub fn fits(&self, hash: ScramHash, salt: &[u8], iterations: u32) -> bool {
        self.hash == hash && self.salt == salt && self.iterations == iterations
    }
}

impl fmt::Debug for ScramKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScramKeys")
            .field("hash", &self.hash)
            .field("iterations", &self.iterations)
            .finish_non_exhaustive()
    }
}

/// The costly part of answering a challenge, to be run where it keeps nobody waiting.
#[derive(Clone)]
pub struct ScramDerivation {
    pub(super) hash: ScramHash,
    pub(super) password: Zeroizing<String>,
    pub(super) salt: Vec<u8>,
    pub(super) iterations: u32,
}

impl ScramDerivation {
    /// How many rounds it takes.
    #[must_use]
    pub const fn iterations(&self) -> u32 {
        self.iterations
    }

    /// Derives the keys.
    #[must_use]
    pub fn run(&self) -> ScramKeys {
        ScramKeys::of_prepared(self.hash, self.password.as_bytes(), &self.salt, self.iterations)
    }
}

impl fmt::Debug for ScramDerivation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScramDerivation")
            .field("hash", &self.hash)
            .field("iterations", &self.iterations)
            .finish_non_exhaustive()
    }
}

/// What a server keeps of a password: enough to check it, not enough to log in with.
#[derive(Clone)]
pub struct ScramCredentials {
    pub(super) hash: ScramHash,
    pub(super) salt: Vec<u8>,
    pub(super) iterations: u32,
    pub(super) stored_key: Output,
    pub(super) server_key: Output,
}

impl ScramCredentials {
    /// Derives them from a password.
    ///
    /// # Errors
    /// As [`ScramKeys::derive`].
    pub fn derive(
        hash: ScramHash,
        password: &Password,
        salt: &[u8],
        iterations: u32,
    ) -> Result<Self, InvalidArgument> {
        ScramKeys::derive(hash, password, salt, iterations).map(|keys| Self::from(&keys))
    }

    /// What to answer with for a user who does not exist: nobody can log in with them, and they
    /// cannot be told from a user's. The salt follows from the name and a secret of the server, so
    /// that it is the same at every try, as a user's is.
    #[must_use]
    pub fn dummy(hash: ScramHash, username: &str, secret: &[u8], iterations: u32) -> Self {
        let derived = |label: &str| hash.hmac(secret, format!("{label} {username}").as_bytes());
        Self {
            hash,
            salt: derived("salt").as_bytes().iter().copied().take(16).collect(),
            iterations,
            // Nobody knows what hashes to this.
            stored_key: derived("stored key"),
            server_key: derived("server key"),
        }
    }

    /// The hash function they are for.
    #[must_use]
    pub const fn hash(&self) -> ScramHash {
        self.hash
    }
}

impl From<&ScramKeys> for ScramCredentials {
    fn from(keys: &ScramKeys) -> Self {
        Self {
            hash: keys.hash,
            salt: keys.salt.clone(),
            iterations: keys.iterations,
            stored_key: keys.hash.digest(keys.client_key.as_bytes()),
            server_key: keys.server_key.clone(),
        }
    }
}

impl fmt::Debug for ScramCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScramCredentials")
            .field("hash", &self.hash)
            .field("iterations", &self.iterations)
            .finish_non_exhaustive()
    }
}
