//! Secrets: `Debug` shows `<redacted>` in every build, the memory is wiped on drop, and `Display`
//! is not implemented.

use crate::argument::InvalidArgument;
use zeroize::Zeroizing;

macro_rules! secret {
    ($(#[$doc:meta])* $name:ident, $argument:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq)]
        pub struct $name(Zeroizing<String>);

        impl $name {
            /// Takes the secret value.
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

            /// The secret in clear. Every call is a place where it could leak.
            #[must_use]
            pub fn expose(&self) -> &str {
                &self.0
            }
        }

        redacted!($name);
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
