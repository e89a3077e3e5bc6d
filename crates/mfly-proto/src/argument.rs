//! A caller's value that cannot be used.

use std::borrow::Cow;
use thiserror::Error;

/// A refused argument: which one, and what would be accepted.
///
/// ```
/// use mfly_proto::jid::UserId;
/// let error = UserId::new("a b").unwrap_err();
/// assert_eq!(error.name, "userId");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{name}: {reason}")]
pub struct InvalidArgument {
    /// The argument's name, as the official SDK spells it where it has one.
    pub name: &'static str,
    /// Why it is refused and what to pass instead.
    pub reason: Cow<'static, str>,
}

impl InvalidArgument {
    /// A refusal of the argument `name`.
    pub fn new(name: &'static str, reason: impl Into<Cow<'static, str>>) -> Self {
        Self {
            name,
            reason: reason.into(),
        }
    }
}
