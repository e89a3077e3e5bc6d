//! The name that the platform gives to a stored file.

use mfly_proto::argument::InvalidArgument;
use serde::{Deserialize, Deserializer, Serialize, de};
use std::fmt;

/// The name of a stored file. Uploads return it, and profiles contain it.
///
/// Other users choose the content of their profiles, and a token becomes part of a path: a token
/// that would leave the media folder, such as `../logout`, is refused.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct FileToken(Box<str>);

impl FileToken {
    /// Validates a token.
    ///
    /// # Errors
    /// When the token is empty, has a character that is not visible ASCII or one of `? # % \`, or
    /// has a segment that is empty, `.` or `..`.
    pub fn new(token: &str) -> Result<Self, InvalidArgument> {
        let is_plain = token
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'?' | b'#' | b'%' | b'\\'));
        let has_odd_segment = token.split('/').any(|segment| matches!(segment, "" | "." | ".."));
        if !is_plain || has_odd_segment {
            return Err(InvalidArgument::new("fileToken", "fileToken is not valid or required"));
        }
        Ok(Self(token.into()))
    }

    /// The token as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FileToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for FileToken {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(&String::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_would_leave_the_media_folder_is_refused() {
        for token in [
            "",
            "../logout",
            "a/../../b",
            "/a",
            "a//b",
            "a?b",
            "a#b",
            "%2e%2e/a",
            "a b",
            "a\n",
            ".",
        ] {
            assert_eq!(FileToken::new(token).unwrap_err().name, "fileToken", "{token:?}");
        }
        for token in ["img-token", "2026/11/a.b_c~1", "..a"] {
            assert_eq!(FileToken::new(token).unwrap().as_str(), token);
        }
    }
}
