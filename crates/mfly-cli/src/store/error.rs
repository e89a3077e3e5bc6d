//! Failures of the store.

use std::path::{Path, PathBuf};
use thiserror::Error;

/// The variable that names another configuration folder.
pub(crate) const CONFIG_DIR_VARIABLE: &str = "MFLY_CONFIG_DIR";

/// The saved profiles cannot be used.
#[derive(Debug, Error)]
pub(crate) enum StoreError {
    #[error("this user has no configuration folder")]
    NoFolder,
    /// Other users of the machine could read the passwords.
    #[error("{path} can be read by others (mode {mode:03o}), and it holds passwords")]
    Exposed { path: PathBuf, mode: u32 },
    /// The file was not written by this program. Its text is not repeated: it may hold passwords.
    #[error("{path} is not a file of saved profiles: {reason}")]
    Malformed { path: PathBuf, reason: &'static str },
    #[error("{path} is in use by another process")]
    Locked { path: PathBuf },
    #[error("cannot {doing} {path}: {source}")]
    Io { doing: &'static str, path: PathBuf, source: std::io::Error },
}

impl StoreError {
    /// What to do about it.
    pub(crate) fn hint(&self) -> String {
        match self {
            Self::NoFolder => format!("set {CONFIG_DIR_VARIABLE} to a folder"),
            Self::Exposed { path, .. } => {
                format!(
                    "run `chmod 600 {}`, and register again if others may have read it",
                    path.display()
                )
            }
            Self::Malformed { path, .. } => format!("correct or remove {}", path.display()),
            Self::Locked { .. } => {
                "try again when the other mfly is done: one that shows a code keeps it until then"
                    .to_owned()
            }
            Self::Io { .. } => {
                format!("make it accessible, or set {CONFIG_DIR_VARIABLE} to another folder")
            }
        }
    }
}

/// A failed file operation.
pub(super) fn io(doing: &'static str, path: &Path, source: std::io::Error) -> StoreError {
    StoreError::Io { doing, path: path.to_owned(), source }
}
