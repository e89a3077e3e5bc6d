//! PLAIN (RFC 4616): `[authzid] NUL authcid NUL password`.
//!
//! The password is sent in clear, and so only over TLS, or to a server on this machine. In live
//! mode the platform's password is the sealed one of [`crate::cipher::login`].

use super::{SaslError, single_message};
use crate::argument::InvalidArgument;
use crate::secret::Password;
use zeroize::Zeroizing;

/// The mechanism's name.
pub const NAME: &str = "PLAIN";

/// The client's half of PLAIN.
///
/// ```
/// use mfly_proto::sasl::{Mechanism, Plain};
/// use mfly_proto::secret::Password;
///
/// let mut plain = Plain::new("u1", &Password::new("pw1234")?)?;
/// assert_eq!(plain.initial(), b"\0u1\0pw1234");
/// # Ok::<(), mfly_proto::argument::InvalidArgument>(())
/// ```
#[derive(Clone)]
pub struct Plain {
    message: Zeroizing<Vec<u8>>,
}

impl Plain {
    /// Authenticates as `authcid`, the user name, and acts as the same user.
    ///
    /// # Errors
    /// When the user name is empty, or either value holds a NUL, which would end it early.
    pub fn new(authcid: &str, password: &Password) -> Result<Self, InvalidArgument> {
        if authcid.is_empty() || authcid.contains('\0') {
            return Err(InvalidArgument::new("username", "must be neither empty nor hold a NUL"));
        }
        if password.expose().contains('\0') {
            return Err(InvalidArgument::new("password", "must not hold a NUL"));
        }
        // The exact length first: a buffer that grows would leave copies behind.
        let len = authcid.len() + password.expose().len() + 2;
        let mut message = Zeroizing::new(Vec::with_capacity(len));
        for part in [authcid, password.expose()] {
            message.push(0);
            message.extend_from_slice(part.as_bytes());
        }
        Ok(Self { message })
    }
}

single_message!(Plain, message);

redacted!(Plain);

/// The server's half: reads the identity to act as, if there is one, the user name and the
/// password.
///
/// # Errors
/// When the message is not UTF-8 or not of the form above, or the user name or the password is
/// empty or not acceptable.
pub fn parse(message: &[u8]) -> Result<(Option<String>, String, Password), SaslError> {
    let malformed = |reason| SaslError::Malformed { mechanism: NAME, reason };
    let text = std::str::from_utf8(message).map_err(|_| malformed("not UTF-8"))?;
    let mut parts = text.split('\0');
    let (Some(authzid), Some(authcid), Some(password), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(malformed("not three parts"));
    };
    if authcid.is_empty() {
        return Err(malformed("no user name"));
    }
    let password = Password::new(password).map_err(|_| malformed("no acceptable password"))?;
    let authzid = (!authzid.is_empty()).then(|| authzid.to_owned());
    Ok((authzid, authcid.to_owned(), password))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain() -> Plain {
        Plain::new("u1", &Password::new("pw1234").unwrap()).unwrap()
    }

    #[test]
    fn the_server_reads_the_initial_response() {
        let (authzid, authcid, password) = parse(&plain().message).unwrap();
        assert_eq!((authzid, authcid.as_str(), password.expose()), (None, "u1", "pw1234"));
    }

    #[test]
    fn an_identity_to_act_as_is_told_from_the_user_name() {
        let (authzid, authcid, password) = parse("root\0ülla\0密".as_bytes()).unwrap();
        assert_eq!(authzid.as_deref(), Some("root"));
        assert_eq!((authcid.as_str(), password.expose()), ("ülla", "密"));
    }

    #[test]
    fn a_user_name_that_is_empty_or_holds_a_nul_is_refused() {
        for name in ["", "a\0b", "\0"] {
            let refused = Plain::new(name, &Password::new("p").unwrap());
            assert_eq!(refused.unwrap_err().name, "username");
        }
    }

    #[test]
    fn a_malformed_message_is_refused_with_its_fault() {
        let cases: [(&[u8], &str); 8] = [
            (b"", "not three parts"),
            (b"u1", "not three parts"),
            (b"\0u1", "not three parts"),
            (b"\0u1\0p\0", "not three parts"),
            (b"\0\0p", "no user name"),
            (b"\0u1\0", "no acceptable password"),
            (b"\0u1\0a\nb", "no acceptable password"),
            (b"\0u1\0\xff", "not UTF-8"),
        ];
        for (message, reason) in cases {
            let refused = SaslError::Malformed { mechanism: "PLAIN", reason };
            assert_eq!(parse(message).unwrap_err(), refused, "{message:?}");
        }
    }

    #[test]
    fn debug_output_does_not_show_the_password() {
        assert_eq!(format!("{:?}", plain()), "Plain(<redacted>)");
    }
}
