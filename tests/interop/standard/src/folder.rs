//! The folder for all files of one run.

use std::io;
use std::path::{Path, PathBuf};

/// The folder of one run. It stays for its logs until the next run removes it.
#[derive(Debug)]
pub struct RunFolder(PathBuf);

impl RunFolder {
    /// Makes an empty folder `parent/name`, and removes the one of an earlier run.
    ///
    /// # Errors
    /// When the old folder cannot be removed or the new one cannot be made.
    pub fn fresh(parent: &Path, name: &str) -> io::Result<Self> {
        let path = parent.join(name);
        match std::fs::remove_dir_all(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        std::fs::create_dir_all(&path)?;
        // The servers need absolute paths, because they change their working folder.
        Ok(Self(path.canonicalize()?))
    }

    /// Makes a folder inside, if it does not exist.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn inside(&self, name: &str) -> io::Result<PathBuf> {
        let path = self.0.join(name);
        std::fs::create_dir_all(&path)?;
        Ok(path)
    }

    /// The path of the folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}
