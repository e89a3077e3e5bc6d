//! The files of users that are created at start.

use super::CommandError;
use crate::handle::server::TestServer;
use crate::handle::user::{UserError, UserProfile};
use crate::net::file;
use mfly_proto::jid::UserId;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use thiserror::Error;

/// Largest file in bytes.
const FILE_BYTES: u64 = 16 * 1024 * 1024;

/// One user in its file: `{"id": "alice", "nick_name": "Alice"}`. Only `id` is required.
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

/// An account of a file.
pub(super) trait Initial {
    fn name(&self) -> &str;

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
        if user.exists() {
            // It is in the file of the state, which is newer.
            return Ok(());
        }
        user.create()?;
        let profile = UserProfile {
            nick_name: self.nick_name.clone(),
            email: self.email.clone(),
            mobile_number: self.mobile_number.clone(),
            status: self.status.clone(),
            image: self.image.clone(),
            thumb_image: self.image.clone(),
        };
        if profile == UserProfile::default() { Ok(()) } else { user.set_profile(profile) }
    }
}

/// The reason why a file of users cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum UsersError {
    /// The file cannot be read, is too large, or is not text.
    #[error(transparent)]
    Read(#[from] io::Error),
    /// The file is not a list of users.
    #[error(transparent)]
    Syntax(#[from] serde_json::Error),
    /// Two entries name one account.
    #[error("line {first} and line {second} name one account, {name}; remove one of them")]
    Doubled {
        /// The name of the account.
        name: String,
        /// The line of the first entry, counted from 1.
        first: usize,
        /// The line of the second entry, counted from 1.
        second: usize,
    },
    /// The account of an entry cannot be created.
    #[error("line {line}: {name}: {source}")]
    Refused {
        /// The line of the entry, counted from 1.
        line: usize,
        /// The name in the entry.
        name: String,
        /// The reason why it cannot be created.
        source: UserError,
    },
}

/// The entries of a file with their lines.
pub(super) struct Entries<T>(Vec<(usize, T)>);

impl<T: Initial + DeserializeOwned> Entries<T> {
    /// Reads a file. Without a path there are no entries.
    pub(super) async fn read(path: Option<&Path>) -> Result<Self, CommandError> {
        let Some(path) = path else {
            return Ok(Self(Vec::new()));
        };
        let refuse = |reason| CommandError::Users { path: path.to_owned(), reason };
        let asked = path.to_owned();
        let read = file::aside(move || file::read_text(&asked, FILE_BYTES));
        let text = read.await.flatten().map_err(|error| refuse(error.into()))?;
        Self::parse(&text).map_err(refuse)
    }

    fn parse(text: &str) -> Result<Self, UsersError> {
        let users: Vec<T> = serde_json::from_str(text)?;
        let mut seen = BTreeMap::new();
        let lines = lines(text)?;
        for (user, line) in users.iter().zip(&lines) {
            let name = user.name();
            let id = UserId::new(name).map_or_else(|_| name.to_owned(), |id| id.to_string());
            if let Some(first) = seen.insert(id, *line) {
                return Err(UsersError::Doubled { name: name.to_owned(), first, second: *line });
            }
        }
        Ok(Self(lines.into_iter().zip(users).collect()))
    }

    /// Creates the accounts. It yields after each one, because deriving keys takes time, and
    /// signals must be handled meanwhile.
    pub(super) async fn create(
        &self,
        server: &TestServer,
        path: Option<&Path>,
    ) -> Result<(), CommandError> {
        for (line, user) in &self.0 {
            user.create(server).map_err(|source| CommandError::Users {
                path: path.unwrap_or(Path::new("")).to_owned(),
                reason: UsersError::Refused { line: *line, name: user.name().to_owned(), source },
            })?;
            tokio::task::yield_now().await;
        }
        Ok(())
    }
}

/// The line of each entry of a list.
fn lines(text: &str) -> Result<Vec<usize>, serde_json::Error> {
    let entries: Vec<&RawValue> = serde_json::from_str(text)?;
    let mut lines = Vec::with_capacity(entries.len());
    let (mut line, mut counted) = (1, 0);
    for entry in entries {
        // An entry is a slice of the text.
        let start = entry.get().as_ptr().addr() - text.as_ptr().addr();
        let passed = &text.as_bytes()[counted..start];
        line += passed.iter().filter(|byte| **byte == b'\n').count();
        counted = start;
        lines.push(line);
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Vec<(usize, String)>, String> {
        let entries = Entries::<InitialUser>::parse(text).map_err(|error| error.to_string())?;
        let named = entries.0.into_iter();
        Ok(named.map(|(line, user)| (line, user.id)).collect())
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn an_endless_file_is_refused() {
        let read = Entries::<InitialUser>::read(Some(Path::new("/dev/zero"))).await;
        let error = read.err().unwrap().to_string();
        assert!(error.contains("more than 16777216 bytes"), "{error}");
    }

    #[test]
    fn every_entry_has_the_line_where_it_begins_with_both_line_endings() {
        let expected = vec![(2, "a".to_owned()), (3, "b".to_owned()), (5, "c".to_owned())];
        for end in ["\n", "\r\n"] {
            let lines = [r#"["#, r#" {"id":"a"},"#, r#" {"#, r#"  "id":"b"},"#, r#"{"id":"c"}]"#];
            assert_eq!(parse(&lines.join(end)).unwrap(), expected);
        }
    }

    #[test]
    fn two_entries_for_one_account_are_refused_with_both_lines() {
        for (first, second) in [("ann", "ann"), ("ann", "Ann"), ("a b", "a b")] {
            let text = format!("[\n{{\"id\":\"{first}\"}},\n\n{{\"id\":\"{second}\"}}\n]");
            let error = parse(&text).unwrap_err();
            let expected = format!("line 2 and line 4 name one account, {second}; ");
            assert!(error.starts_with(&expected), "{error}");
        }
    }

    #[test]
    fn a_file_that_is_no_list_of_users_is_refused_with_the_line() {
        let error = parse("[\n{\"id\":\"a\"},\n{\"idd\":\"b\"}]").unwrap_err();
        assert!(error.contains("`idd`") && error.contains("line 3"), "{error}");
    }
}
