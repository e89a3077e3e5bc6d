//! ANONYMOUS (RFC 4505): no identity, and optionally a trace for the server's operator.

use super::{SaslError, single_message};
use crate::argument::InvalidArgument;

/// The mechanism's name.
pub const NAME: &str = "ANONYMOUS";

/// The client's half of ANONYMOUS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Anonymous {
    trace: String,
}

impl Anonymous {
    /// Sends no trace.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends a trace: an e-mail address, or a text by which the operator can identify the client.
    ///
    /// # Errors
    /// When it is empty, longer than 255 characters, or holds a control character.
    pub fn with_trace(trace: impl Into<String>) -> Result<Self, InvalidArgument> {
        let trace = trace.into();
        if trace.is_empty() || !is_trace(&trace) {
            return Err(InvalidArgument::new(
                "trace",
                "must be 1 to 255 characters without control characters",
            ));
        }
        Ok(Self { trace })
    }
}

fn is_trace(text: &str) -> bool {
    text.chars().count() <= 255 && !text.chars().any(char::is_control)
}

single_message!(Anonymous, trace);

/// The server's half: reads the trace, if there is one.
///
/// # Errors
/// When the message is not UTF-8, or not a trace.
pub fn parse(message: &[u8]) -> Result<Option<String>, SaslError> {
    let malformed = |reason| SaslError::Malformed { mechanism: NAME, reason };
    let text = std::str::from_utf8(message).map_err(|_| malformed("not UTF-8"))?;
    if !is_trace(text) {
        return Err(malformed("not a trace"));
    }
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_at_most_255_characters_without_control_characters() {
        let longest = "ü".repeat(255);
        assert!(Anonymous::with_trace(&longest).is_ok());
        assert_eq!(parse(longest.as_bytes()), Ok(Some(longest)));
        for trace in [String::new(), "ü".repeat(256), "a\nb".to_owned()] {
            assert_eq!(Anonymous::with_trace(&trace).unwrap_err().name, "trace");
            assert!(trace.is_empty() || parse(trace.as_bytes()).is_err());
        }
        assert!(parse(b"\xff").is_err());
    }
}
