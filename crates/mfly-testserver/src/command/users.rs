//! The files of users to begin with.

use super::CommandError;
use crate::handle::{UserError, UserProfile};
use crate::server::TestServer;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// Largest file in bytes.
const FILE_BYTES: u64 = 16 * 1024 * 1024;

/// One user in the file: `{"id": "alice", "nick_name": "Alice"}`, the rest may be left out.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InitialUser {
    id: String,
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

/// One standard account in its file: `{"name": "ann", "password": "secret"}`.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct InitialStandardUser {
    name: String,
    password: String,
}

/// An account that a file names.
pub(super) trait Initial {
    /// What the file calls it.
    fn name(&self) -> &str;

    /// Makes the account.
    ///
    /// # Errors
    /// See [`UserError`].
    fn create(&self, server: &TestServer) -> Result<(), UserError>;
}

impl Initial for InitialStandardUser {
    fn name(&self) -> &str {
        &self.name
    }

    fn create(&self, server: &TestServer) -> Result<(), UserError> {
        server.standard_user(&self.name, &self.password)?;
        Ok(())
    }
}

impl Initial for InitialUser {
    fn name(&self) -> &str {
        &self.id
    }

    fn create(&self, server: &TestServer) -> Result<(), UserError> {
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

/// Reads a file.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>, CommandError> {
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
        let read = read::<InitialUser>(Path::new("/dev/zero"));
        let error = read.unwrap_err().to_string();
        assert!(error.contains("more than 16777216 bytes"), "{error}");
    }
}
