//! EXTERNAL (RFC 4422 appendix A): the TLS client certificate authenticates. The message names the
//! identity to act as, or is empty when that follows from the certificate.

use super::{SaslError, single_message};
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

single_message!(External, authzid);

/// The server's half: reads the identity to act as, if there is one.
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
            assert_eq!(parse(message), Err(SaslError::Malformed { mechanism: "EXTERNAL", reason }));
        }
        assert!(parse(&too_long[1..]).is_ok());
    }
}
