//! A caller's value that cannot be used.

use std::borrow::Cow;
use std::fmt;
use thiserror::Error;

/// A refused argument: which one, and what would be accepted.
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
    /// Why it is refused and what to pass instead.
    pub reason: Cow<'static, str>,
}

/// The official SDK's reasons begin with the argument's name: it is said once.
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
    fn the_name_is_said_once() {
        for (reason, expected) in [
            ("email is not valid or required", "email is not valid or required"),
            ("must hold an @", "email: must hold an @"),
            ("emails are long", "email: emails are long"),
        ] {
            assert_eq!(InvalidArgument::new("email", reason).to_string(), expected);
        }
    }
}
