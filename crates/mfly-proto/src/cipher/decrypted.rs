//! The result of opening a text.

use std::fmt;

/// An opened text, or the input where it was not sealed with this key.
///
/// The official SDK returns its input when it cannot open it, so that answers in clear text work.
/// The same happens with a wrong key: check [`is_passthrough`](Self::is_passthrough) where the
/// value must have been sealed. An empty text is never sealed, and so a passthrough. `Debug` shows
/// no text.
#[derive(Clone, PartialEq, Eq)]
pub enum Decrypted {
    /// The opened text.
    Plain(String),
    /// The input, unchanged.
    Passthrough(String),
}

impl Decrypted {
    /// The text, opened or not.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Plain(text) | Self::Passthrough(text) => text,
        }
    }

    /// Takes the text, opened or not.
    #[must_use]
    pub fn into_string(self) -> String {
        match self {
            Self::Plain(text) | Self::Passthrough(text) => text,
        }
    }

    /// Whether the input was returned unchanged.
    #[must_use]
    pub const fn is_passthrough(&self) -> bool {
        matches!(self, Self::Passthrough(_))
    }

    /// The opened text, or `input` if there is none.
    pub(super) fn or_input(opened: Option<String>, input: &str) -> Self {
        opened.map_or_else(|| Self::Passthrough(input.to_owned()), Self::Plain)
    }
}

impl fmt::Debug for Decrypted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain(_) => "Plain(<redacted>)",
            Self::Passthrough(_) => "Passthrough(<redacted>)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_output_tells_the_outcome_and_not_the_text() {
        let outcomes =
            [Decrypted::Plain("secret".to_owned()), Decrypted::Passthrough("secret".to_owned())];
        assert_eq!(format!("{outcomes:?}"), "[Plain(<redacted>), Passthrough(<redacted>)]");
    }
}
