//! EXTERNAL (RFC 4422 appendix A): the TLS client certificate says who it is; the message only says
//! whom to act as, and is empty when that follows from the certificate.

use super::{Mechanism, SaslError};
use crate::argument::InvalidArgument;

/// The mechanism's name.
pub const NAME: &str = "EXTERNAL";

/// The client's half of EXTERNAL.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct External {
    authzid: String,
}

impl External {
    /// Acts as the identity that the certificate gives.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Acts as `authzid`: for XMPP, the bare address (XEP-0178 §2).
    ///
    /// # Errors
    /// When it is empty or holds a NUL.
    pub fn acting_as(authzid: impl Into<String>) -> Result<Self, InvalidArgument> {
        let authzid = authzid.into();
        if authzid.is_empty() || authzid.contains('\0') {
            return Err(InvalidArgument::new("authzid", "must be neither empty nor hold a NUL"));
        }
        Ok(Self { authzid })
    }
}

impl Mechanism for External {
    fn name(&self) -> &'static str {
        NAME
    }

    fn initial(&mut self) -> Vec<u8> {
        self.authzid.clone().into_bytes()
    }

    fn step(&mut self, _challenge: &[u8]) -> Result<Vec<u8>, SaslError> {
        Err(SaslError::UnexpectedChallenge { mechanism: NAME })
    }

    /// Accepts any data: EXTERNAL defines none, and so there is nothing to check.
    fn success(&mut self, _data: &[u8]) -> Result<(), SaslError> {
        Ok(())
    }
}

/// The server's half: whom to act as, if that was said.
///
/// # Errors
/// When the message is not UTF-8, holds a NUL, or is longer than 3,071 bytes, the longest address.
pub fn parse(message: &[u8]) -> Result<Option<String>, SaslError> {
    let malformed = |reason| SaslError::Malformed { mechanism: NAME, reason };
    if message.len() > 3071 {
        return Err(malformed("longer than 3,071 bytes"));
    }
    let text = std::str::from_utf8(message).map_err(|_| malformed("not UTF-8"))?;
    if text.contains('\0') {
        return Err(malformed("holds a NUL"));
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_says_whom_to_act_as_and_is_empty_if_nobody_was_named() {
        let cases =
            [(External::new(), None), (External::acting_as("u1@host").unwrap(), Some("u1@host"))];
        for (mut external, authzid) in cases {
            assert_eq!(external.name(), "EXTERNAL");
            assert_eq!(parse(&external.initial()).unwrap().as_deref(), authzid);
            assert!(external.step(b"").is_err());
            assert_eq!(external.success(b""), Ok(()));
        }
    }

    #[test]
    fn an_identity_that_cannot_be_one_is_refused_by_both_halves() {
        for authzid in ["", "a\0b"] {
            assert_eq!(External::acting_as(authzid).unwrap_err().name, "authzid");
        }
        let too_long = [b'x'; 3072];
        let cases: [(&[u8], &str); 3] = [
            (b"a\0b", "holds a NUL"),
            (b"\xff", "not UTF-8"),
            (&too_long, "longer than 3,071 bytes"),
        ];
        for (message, reason) in cases {
            let refused = SaslError::Malformed { mechanism: "EXTERNAL", reason };
            assert_eq!(parse(message), Err(refused));
        }
        assert!(parse(&too_long[1..]).is_ok());
    }
}
