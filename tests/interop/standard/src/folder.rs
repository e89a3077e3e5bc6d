//! A fresh folder for everything that one run writes.

use std::io;
use std::path::{Path, PathBuf};

/// The folder of one run. It stays afterwards, for its logs; the next run removes it.
#[derive(Debug)]
pub struct RunFolder(PathBuf);

impl RunFolder {
    /// Makes `parent/name`, empty: what an earlier run left there is removed.
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
        // The servers are given absolute paths: they change their working folder.
        Ok(Self(path.canonicalize()?))
    }

    /// A folder inside, made if it is not there.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn inside(&self, name: &str) -> io::Result<PathBuf> {
        let path = self.0.join(name);
        std::fs::create_dir_all(&path)?;
        Ok(path)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }
}
