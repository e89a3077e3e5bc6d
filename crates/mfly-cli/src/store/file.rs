//! Files that only their owner may read.

use super::{StoreError, io};
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::path::Path;
use std::time::Duration;

/// The largest file that is read. A saved account needs some hundred bytes.
const MAX_BYTES: u64 = 1 << 20;

/// How long to wait for another process, and how often to look.
const LOCK_DEADLINE: Duration = Duration::from_secs(5);
const LOCK_INTERVAL: Duration = Duration::from_millis(10);

/// Reads a file; `None` when there is none.
pub(super) fn read_private(path: &Path) -> Result<Option<String>, StoreError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io("read", path, error)),
    };
    refuse_exposed(&file, path)?;
    let mut text = String::new();
    let read = (&file).take(MAX_BYTES + 1).read_to_string(&mut text);
    match read {
        Ok(_) if text.len() as u64 > MAX_BYTES => Err(StoreError::Malformed {
            path: path.to_owned(),
            reason: "it is too large",
        }),
        Ok(_) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::InvalidData => Err(StoreError::Malformed {
            path: path.to_owned(),
            reason: "it is not text",
        }),
        Err(error) => Err(io("read", path, error)),
    }
}

/// Replaces a file at once: a reader sees the old text or the new one, also after a crash.
pub(super) fn replace_private(path: &Path, text: &str) -> Result<(), StoreError> {
    // The lock is held: no other process uses this name.
    let temporary = path.with_extension("json.new");
    let _ = std::fs::remove_file(&temporary);
    let write = || {
        let mut file = private(OpenOptions::new().write(true).create_new(true)).open(&temporary)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&temporary, path)
    };
    write().map_err(|error| {
        let _ = std::fs::remove_file(&temporary);
        io("write", path, error)
    })
}

/// Makes a folder, and those above it, unless it is there.
pub(super) fn create_private_folder(path: &Path) -> Result<(), StoreError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(path)
        .map_err(|error| io("make the folder", path, error))
}

/// Takes the lock; it is released when the file is dropped.
pub(super) async fn lock(path: &Path) -> Result<File, StoreError> {
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
    match tokio::time::timeout(LOCK_DEADLINE, taking).await {
        Ok(taken) => taken?,
        Err(_) => {
            return Err(StoreError::Locked {
                path: path.to_owned(),
            });
        }
    }
    Ok(file)
}

fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// Judges the opened file, so that it cannot be exchanged in between.
#[cfg(unix)]
fn refuse_exposed(file: &File, path: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::PermissionsExt;
    let metadata = file.metadata().map_err(|error| io("read", path, error))?;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        Ok(())
    } else {
        Err(StoreError::Exposed {
            path: path.to_owned(),
            mode,
        })
    }
}

/// A configuration folder is its owner's alone there.
#[cfg(not(unix))]
fn refuse_exposed(_: &File, _: &Path) -> Result<(), StoreError> {
    Ok(())
}
