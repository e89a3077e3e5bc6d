//! Failures of commands, as the driver receives them.

use mfly_client::{Error, InvalidArgument};
use serde_json::{Value, json};

/// A failed command.
pub(crate) struct Failure(Value);

impl Failure {
    pub(crate) fn text(text: impl Into<String>) -> Self {
        Self(json!({"text": text.into()}))
    }

    pub(crate) fn into_value(self) -> Value {
        self.0
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self(json!({"text": error.to_string(), "official": error.official()}))
    }
}

macro_rules! from_text {
    ($($error:ty),+) => {$(
        impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::text(error.to_string())
            }
        }
    )+};
}

from_text!(InvalidArgument, base64::DecodeError, serde_json::Error);

/// A text member of a command; empty when it is missing.
pub(crate) fn text<'a>(command: &'a Value, name: &str) -> &'a str {
    command[name].as_str().unwrap_or_default()
}
