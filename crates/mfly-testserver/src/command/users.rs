//! The file of users to begin with.

use super::CommandError;
use crate::handle::{UserError, UserProfile};
use crate::server::TestServer;
use serde::Deserialize;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// Largest file in bytes.
const FILE_BYTES: u64 = 16 * 1024 * 1024;

/// One user in the file: `{"id": "alice", "nick_name": "Alice"}`, the rest may be left out.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InitialUser {
    pub(super) id: String,
    #[serde(default)]
    nick_name: String,
    #[serde(default)]
    email: String,
    #[serde(default)]
    mobile_number: String,
    #[serde(default)]
    status: String,
    #[serde(default)]
    image: String,
}

impl InitialUser {
    /// Makes the account.
    pub(super) fn create(&self, server: &TestServer) -> Result<(), UserError> {
        let user = server.user(self.id.clone());
        user.create()?;
        let profile = UserProfile {
            nick_name: self.nick_name.clone(),
            email: self.email.clone(),
            mobile_number: self.mobile_number.clone(),
            status: self.status.clone(),
            image: self.image.clone(),
            thumb_image: self.image.clone(),
        };
        if profile == UserProfile::default() {
            Ok(())
        } else {
            user.set_profile(profile)
        }
    }
}

/// Reads the file.
pub(super) fn read(path: &Path) -> Result<Vec<InitialUser>, CommandError> {
    let refuse = |reason: String| CommandError::Users {
        path: path.to_owned(),
        reason,
    };
    let mut text = Vec::new();
    // What a file says of its length need not be true.
    File::open(path)
        .and_then(|file| file.take(FILE_BYTES + 1).read_to_end(&mut text))
        .map_err(|error| refuse(error.to_string()))?;
    if text.len() as u64 > FILE_BYTES {
        return Err(refuse(format!("it has more than {FILE_BYTES} bytes")));
    }
    serde_json::from_slice(&text).map_err(|error| refuse(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_file_without_an_end_is_refused() {
        let error = read(Path::new("/dev/zero")).unwrap_err().to_string();
        assert!(error.contains("more than 16777216 bytes"), "{error}");
    }
}
