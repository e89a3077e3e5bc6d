//! Reading, replacing and locking files that only their owner may read.

use super::error::{StoreError, io};
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The size of the largest file that is read. A saved account needs some hundred bytes.
const MAX_BYTES: u64 = 1 << 20;

/// The interval between two attempts to take the lock.
const LOCK_INTERVAL: Duration = Duration::from_millis(10);

/// The room for a change in bytes: a server with an account.
const ROOM: usize = 8 * 1024;

/// Reads a file; `None` when there is none.
pub(super) fn read_private(path: &Path) -> Result<Option<String>, StoreError> {
    // Opening a pipe would wait for its other end.
    if path.metadata().is_ok_and(|metadata| !metadata.is_file()) {
        return Err(StoreError::Malformed { path: path.to_owned(), reason: "it is no file" });
    }
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io("read", path, error)),
    };
    refuse_exposed(&file, path)?;
    let mut text = String::new();
    let read = (&file).take(MAX_BYTES + 1).read_to_string(&mut text);
    match read {
        Ok(_) if text.len() as u64 > MAX_BYTES => {
            Err(StoreError::Malformed { path: path.to_owned(), reason: "it is too large" })
        }
        Ok(_) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::InvalidData => {
            Err(StoreError::Malformed { path: path.to_owned(), reason: "it is not text" })
        }
        Err(error) => Err(io("read", path, error)),
    }
}

/// A file that replaces another one at once: a reader sees the old text or the new one, also after
/// a crash. It is removed on drop unless it was completed.
#[derive(Debug)]
pub(super) struct Replacement {
    file: File,
    temporary: PathBuf,
    path: PathBuf,
}

impl Replacement {
    /// Makes the file, with room for `len` bytes and a change. The lock must be held, so that no
    /// other process uses the name.
    pub(super) fn new(path: &Path, len: usize) -> Result<Self, StoreError> {
        // The target of a link is replaced, not the link.
        let path = match std::fs::canonicalize(path) {
            Ok(path) => path,
            Err(error) if error.kind() == ErrorKind::NotFound && !path.is_symlink() => {
                path.to_owned()
            }
            Err(error) => return Err(io("write", path, error)),
        };
        let failed = |error| io("write", &path, error);
        let temporary = path.with_extension("json.new");
        let _ = std::fs::remove_file(&temporary);
        let file = private(OpenOptions::new().write(true).create_new(true))
            .open(&temporary)
            .map_err(failed)?;
        let mut replacement = Self { file, temporary, path: path.clone() };
        let room = vec![b' '; len.saturating_add(ROOM)];
        let reserved = replacement.file.write_all(&room);
        reserved.and_then(|()| replacement.file.sync_all()).map_err(failed)?;
        Ok(replacement)
    }

    /// Writes the text and replaces the other file.
    pub(super) fn complete(mut self, text: &str) -> Result<(), StoreError> {
        let mut write = || {
            self.file.rewind()?;
            self.file.write_all(text.as_bytes())?;
            self.file.set_len(text.len() as u64)?;
            self.file.sync_all()?;
            std::fs::rename(&self.temporary, &self.path)
        };
        write().map_err(|error| io("write", &self.path, error))
    }
}

impl Drop for Replacement {
    fn drop(&mut self) {
        // After the replacement no file has this name.
        let _ = std::fs::remove_file(&self.temporary);
    }
}

/// Makes a folder and those above it.
pub(super) fn create_private_folder(path: &Path) -> Result<(), StoreError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|error| io("make the folder", path, error))
}

/// Takes the lock, which is released when the file is dropped.
pub(super) async fn lock(path: &Path, deadline: Duration) -> Result<File, StoreError> {
    let file = private(OpenOptions::new().write(true).create(true).truncate(false))
        .open(path)
        .map_err(|error| io("open", path, error))?;
    let taking = async {
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(()),
                Err(TryLockError::WouldBlock) => tokio::time::sleep(LOCK_INTERVAL).await,
                Err(TryLockError::Error(error)) => return Err(io("lock", path, error)),
            }
        }
    };
    match tokio::time::timeout(deadline, taking).await {
        Ok(taken) => taken?,
        Err(_) => {
            return Err(StoreError::Locked { path: path.to_owned() });
        }
    }
    Ok(file)
}

fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// Refuses an opened file that others can read. Its path could be exchanged after a check.
#[cfg(unix)]
fn refuse_exposed(file: &File, path: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::PermissionsExt;
    let metadata = file.metadata().map_err(|error| io("read", path, error))?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        Ok(())
    } else {
        Err(StoreError::Exposed { path: path.to_owned(), mode })
    }
}

/// On other systems a configuration folder belongs to its owner alone.
#[cfg(not(unix))]
fn refuse_exposed(_: &File, _: &Path) -> Result<(), StoreError> {
    Ok(())
}
