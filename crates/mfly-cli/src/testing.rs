//! What tests of several files need.

use std::path::{Path, PathBuf};

/// A folder below the one for temporary files, which is removed on drop. It is not made.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// A folder for the test of this name, in this process alone.
    pub(crate) fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("mfly-{}-{name}", std::process::id())))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// The names of the files in this folder, in their order.
    pub(crate) fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.0).unwrap();
        let name = |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().file_name();
        let mut names: Vec<_> = entries.map(|entry| name(entry).into_string().unwrap()).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
