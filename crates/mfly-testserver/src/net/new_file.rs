//! Files that appear whole.

use rand::TryRng as _;
use rand::rngs::SysRng;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Creates a file. It is written with another name and then linked to its own, so that no other
/// process reads a part of it. A secret file can be read by its owner only.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] if the file exists; it does not change. Others if the file
/// cannot be written.
pub(crate) fn publish(path: &Path, text: &str, is_secret: bool) -> io::Result<()> {
    let draft = Draft::write(path, text, is_secret)?;
    match fs::hard_link(&draft.0, path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(error),
        // Some file systems have no links.
        Err(_) => write(path, text, is_secret),
    }
}

/// Replaces a file or creates it. The new one is written with another name first, so that the file
/// is always whole. Only its owner can read it.
///
/// # Errors
/// When the file cannot be written. It does not change then.
pub(crate) fn replace(path: &Path, text: &str) -> io::Result<()> {
    let draft = Draft::write(path, text, true)?;
    fs::rename(&draft.0, path)
}

/// A file with a random name, which is removed when this is dropped.
struct Draft(PathBuf);

impl Draft {
    fn write(path: &Path, text: &str, is_secret: bool) -> io::Result<Self> {
        let mut random = [0; 8];
        SysRng
            .try_fill_bytes(&mut random)
            .map_err(|_| io::Error::other("the system gives no random numbers"))?;
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{:016x}", u64::from_be_bytes(random)));
        let draft = Self(PathBuf::from(name));
        write(&draft.0, text, is_secret)?;
        Ok(draft)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // A file that cannot be removed does no harm.
        let _ = fs::remove_file(&self.0);
    }
}

fn write(path: &Path, text: &str, is_secret: bool) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    if is_secret {
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    #[cfg(not(unix))]
    let _ = is_secret;
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
