//! Keys derived from a password: the client's, and those that a server stores (RFC 5802 §3).
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
use zeroize::Zeroizing;

/// The client's keys for one password, salt and iteration count.
///
/// Keeping them saves the expensive derivation at the next login if the server sends the same salt
/// and count. They allow logging in to that server like the password, and must be kept as safe.
#[derive(Clone)]
pub struct ScramKeys {
    hash: ScramHash,
    salt: Vec<u8>,
    iterations: u32,
    pub(super) client_key: Output,
    pub(super) server_key: Output,
}

impl ScramKeys {
    /// Derives the keys, with two compressions of the hash function per iteration: tenths of a
    /// second for 600,000 iterations.
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

    /// Whether the keys were derived with this hash function, salt and count.
    #[must_use]
    pub fn fits(&self, hash: ScramHash, salt: &[u8], iterations: u32) -> bool {
        self.hash == hash && self.salt == salt && self.iterations == iterations
    }
}
debug_only!(ScramKeys { hash, iterations });

/// The expensive part of answering a challenge, which can run on another thread.
#[derive(Clone)]
pub struct ScramDerivation {
    pub(super) hash: ScramHash,
    pub(super) password: Zeroizing<String>,
    pub(super) salt: Vec<u8>,
    pub(super) iterations: u32,
}

impl ScramDerivation {
    /// Number of iterations.
    #[must_use]
    pub const fn iterations(&self) -> u32 {
        self.iterations
    }

    /// Derives the client's keys.
    #[must_use]
    pub fn run(&self) -> ScramKeys {
        ScramKeys::of_prepared(self.hash, self.password.as_bytes(), &self.salt, self.iterations)
    }
}
debug_only!(ScramDerivation { hash, iterations });

/// The data that a server stores for a password: they check it but cannot be used to log in.
#[derive(Clone)]
pub struct ScramCredentials {
    pub(super) hash: ScramHash,
    pub(super) salt: Vec<u8>,
    pub(super) iterations: u32,
    pub(super) stored_key: Output,
    pub(super) server_key: Output,
}

impl ScramCredentials {
    /// Derives the data from a password.
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

    /// Credentials for a user who does not exist: no login succeeds with them, and they cannot be
    /// told from a real user's. The salt is derived from the name and a secret of the server, so
    /// that it stays the same, as a real user's does.
    #[must_use]
    pub fn dummy(hash: ScramHash, username: &str, secret: &[u8], iterations: u32) -> Self {
        let derived = |label: &str| hash.hmac(secret, format!("{label} {username}").as_bytes());
        Self {
            hash,
            salt: derived("salt").as_bytes().iter().copied().take(16).collect(),
            iterations,
            // No input that hashes to this is known.
            stored_key: derived("stored key"),
            server_key: derived("server key"),
        }
    }

    /// The hash function of the credentials.
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
debug_only!(ScramCredentials { hash, iterations });
