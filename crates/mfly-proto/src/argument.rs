//! Errors of arguments.

use std::borrow::Cow;
use std::fmt;
use thiserror::Error;

/// A refused argument: its name, and the reason.
///
/// ```
/// use mfly_proto::jid::UserId;
/// let error = UserId::new("a b").unwrap_err();
/// assert_eq!(error.name, "userId");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct InvalidArgument {
    /// The argument's name, as the official SDK spells it where it has one.
    pub name: &'static str,
    /// The reason of the refusal and what to pass instead.
    pub reason: Cow<'static, str>,
}

/// Shows the name once: reasons of the official SDK already begin with it.
impl fmt::Display for InvalidArgument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, reason } = self;
        match reason.strip_prefix(name) {
            Some(rest) if rest.starts_with(' ') => f.write_str(reason),
            _ => write!(f, "{name}: {reason}"),
        }
    }
}

impl InvalidArgument {
    /// A refusal of the argument `name`.
    pub fn new(name: &'static str, reason: impl Into<Cow<'static, str>>) -> Self {
        Self { name, reason: reason.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_shown_once() {
        for (reason, expected) in [
            ("email is not valid or required", "email is not valid or required"),
            ("must hold an @", "email: must hold an @"),
            ("emails are long", "email: emails are long"),
        ] {
            assert_eq!(InvalidArgument::new("email", reason).to_string(), expected);
        }
    }
}
