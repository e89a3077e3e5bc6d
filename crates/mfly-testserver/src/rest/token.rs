//! REST tokens: JWTs signed with HMAC-SHA256, as the official SDK reads them (`exp` in seconds).
//!
//! Claims: `sub` is the user id, `registration` the device that the token was issued for, `jti` a
//! serial number that makes every token a different string; `iat` and `exp`. Of the platform's own
//! claims only `exp` is known; the others are inferred.

use crate::core::world::{RegistrationId, Timestamp};
use crate::lock::lock;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use mfly_proto::jid::UserId;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Base64url of `{"alg":"HS256","typ":"JWT"}`.
const HEADER: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";

/// Longest token that is checked, in bytes.
const LONGEST: usize = 4096;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub(crate) sub: String,
    /// The number of the device's registration; a later registration has another number.
    pub(crate) registration: u64,
    /// The time of issue, in seconds since the epoch.
    pub(crate) iat: u64,
    /// The end of validity, in seconds since the epoch.
    pub(crate) exp: u64,
    pub(crate) jti: u64,
}

/// Signs and checks tokens.
pub(crate) struct Tokens {
    /// The HMAC with its key, which every signature copies.
    keyed: Hmac<Sha256>,
    issued: AtomicU64,
    /// The first serial number that is valid for any user.
    first_valid: AtomicU64,
    /// The first valid serial number of each user whose tokens were made to expire.
    expired: Mutex<BTreeMap<String, u64>>,
}

impl Tokens {
    /// A signer with a secret of 64 random bytes.
    pub(crate) fn new(secret: [u8; 64]) -> Self {
        Self {
            keyed: Hmac::new(&secret.into()),
            issued: AtomicU64::new(0),
            first_valid: AtomicU64::new(0),
            expired: Mutex::default(),
        }
    }

    /// Issues a token for `user` that is valid for `lifetime` from `now`.
    pub(crate) fn issue(
        &self,
        now: Timestamp,
        lifetime: Duration,
        user: &UserId,
        registration: RegistrationId,
    ) -> String {
        let seconds = now.0 / 1000;
        let claims = Claims {
            sub: user.as_str().to_owned(),
            registration: registration.0,
            iat: seconds,
            exp: seconds.saturating_add(lifetime.as_secs()),
            jti: self.issued.fetch_add(1, Ordering::Relaxed),
        };
        // A struct of strings and numbers always serialises.
        let payload = serde_json::to_vec(&claims).unwrap_or_default();
        let mut token = format!("{HEADER}.{}", URL_SAFE_NO_PAD.encode(payload));
        let signature = self.keyed.clone().chain_update(&token).finalize().into_bytes();
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        token
    }

    /// Returns the claims of a token that this server signed and that has not expired.
    pub(crate) fn check(&self, now: Timestamp, token: &str) -> Option<Claims> {
        let claims = self.signed(token)?;
        let is_valid = now.0 / 1000 < claims.exp
            && claims.jti >= self.first_valid.load(Ordering::Relaxed)
            && lock(&self.expired).get(&claims.sub).is_none_or(|first| claims.jti >= *first);
        is_valid.then_some(claims)
    }

    /// Returns the claims of a token that this server signed, even if it has expired.
    pub(crate) fn signed(&self, token: &str) -> Option<Claims> {
        if token.len() > LONGEST {
            return None;
        }
        let (signed, signature) = token.rsplit_once('.')?;
        let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
        self.keyed.clone().chain_update(signed).verify_slice(&signature).ok()?;
        let (_, payload) = signed.split_once('.')?;
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()
    }

    /// Makes all tokens expire.
    pub(crate) fn expire_all(&self) {
        let first = self.issued.load(Ordering::Relaxed);
        self.first_valid.store(first, Ordering::Relaxed);
    }

    /// Makes all tokens that `user` has now expire.
    pub(crate) fn expire(&self, user: &UserId) {
        let first = self.issued.load(Ordering::Relaxed);
        lock(&self.expired).insert(user.as_str().to_owned(), first);
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tokens(<redacted>)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);

    fn alice() -> UserId {
        UserId::new("alice").unwrap()
    }

    fn token(tokens: &Tokens) -> String {
        tokens.issue(NOW, Duration::from_secs(3600), &alice(), RegistrationId(7))
    }

    #[test]
    fn a_token_holds_its_user_and_registration_and_is_valid_until_the_second_it_expires() {
        let tokens = Tokens::new([1; 64]);
        let token = token(&tokens);
        let claims = tokens.check(NOW, &token).unwrap();
        assert_eq!((claims.sub.as_str(), claims.registration), ("alice", 7));
        assert_eq!((claims.iat, claims.exp), (1_800_000_000, 1_800_003_600));
        assert!(tokens.check(Timestamp(NOW.0 + 3_599_999), &token).is_some());
        assert!(tokens.check(Timestamp(NOW.0 + 3_600_000), &token).is_none());
    }

    #[test]
    fn a_token_of_another_server_or_a_changed_one_is_refused() {
        let tokens = Tokens::new([1; 64]);
        let good = token(&tokens);
        assert!(Tokens::new([2; 64]).check(NOW, &good).is_none());
        let (head, signature) = good.rsplit_once('.').unwrap();
        let (header, payload) = head.split_once('.').unwrap();
        let payload = String::from_utf8(URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
        let forged = URL_SAFE_NO_PAD.encode(payload.replace("alice", "mallo"));
        assert!(tokens.check(NOW, &format!("{header}.{forged}.{signature}")).is_none());
        for nonsense in ["", ".", "..", "a.b.c", "[object Object]", &"x".repeat(5000)] {
            assert!(tokens.check(NOW, nonsense).is_none(), "{nonsense}");
        }
    }

    #[test]
    fn tokens_differ_and_those_that_were_made_to_expire_are_refused() {
        let tokens = Tokens::new([1; 64]);
        let (before, other) = (token(&tokens), token(&tokens));
        assert_ne!(before, other);
        tokens.expire(&alice());
        assert!(tokens.check(NOW, &before).is_none());
        assert!(tokens.check(NOW, &token(&tokens)).is_some());
    }

    #[test]
    fn the_header_names_the_algorithm() {
        assert_eq!(URL_SAFE_NO_PAD.decode(HEADER).unwrap(), br#"{"alg":"HS256","typ":"JWT"}"#);
    }
}
