//! Values that must not be printed: `Debug` shows `<redacted>` in every build, and the memory is
//! wiped on drop. None of them has `Display`.

use crate::argument::InvalidArgument;
use std::fmt;
use zeroize::Zeroizing;

macro_rules! secret {
    ($(#[$doc:meta])* $name:ident, $argument:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(Zeroizing<String>);

        impl $name {
            /// Takes the secret.
            ///
            /// # Errors
            /// When it is empty, or holds a control character.
            pub fn new(value: impl Into<String>) -> Result<Self, InvalidArgument> {
                let value = Zeroizing::new(value.into());
                if value.is_empty() || value.chars().any(char::is_control) {
                    return Err(InvalidArgument::new(
                        $argument,
                        concat!($argument, " is not valid or required"),
                    ));
                }
                Ok(Self(value))
            }

            /// The secret itself. Every call is a place where it could leak.
            #[must_use]
            pub fn expose(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(concat!(stringify!($name), "(<redacted>)"))
            }
        }
    };
}

secret!(
    /// The licence key of a MirrorFly plan. It is key material: payloads are sealed with it.
    LicenceKey,
    "licenseKey"
);
secret!(
    /// The password that registration returned, before sealing.
    Password,
    "password"
);
secret!(
    /// A REST token, normally a JWT.
    Token,
    "token"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_never_shows_the_secret() {
        let password = Password::new("hunter2").unwrap();
        assert_eq!(format!("{password:?}"), "Password(<redacted>)");
        assert_eq!(password.expose(), "hunter2");
    }

    #[test]
    fn an_empty_secret_is_refused_with_the_official_argument_name() {
        assert_eq!(LicenceKey::new("").unwrap_err().name, "licenseKey");
        assert_eq!(Token::new("").unwrap_err().to_string(), "token is not valid or required");
    }
}
