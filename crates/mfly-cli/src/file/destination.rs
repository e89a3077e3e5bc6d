//! Checking and writing the files that a command writes for its user.
//!
//! | at the path | action |
//! |---|---|
//! | `-` | the standard output is written |
//! | nothing | a file is made, under another name until it is complete |
//! | a file, also behind a link | replaced if the user agrees: the link, the owner and the mode stay |
//! | a pipe or a character device | written through |
//! | a folder, a link that leads nowhere, a disk, a socket | refused |

use super::{STANDARD, is_standard};
use crate::exit::Failure;
use crate::output::printable;
use std::fs::{self, File, FileType, Metadata, OpenOptions};
use std::io::{self, ErrorKind, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll};
use tokio::io::{AsyncWrite, AsyncWriteExt as _};

/// A destination that may be written.
#[derive(Debug)]
pub(crate) struct Destination {
    /// The path as the user wrote it.
    path: PathBuf,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    Standard,
    /// A path where nothing exists.
    New,
    /// A file that may be replaced: its path without links.
    Replace(PathBuf),
    /// A pipe or a character device.
    Through,
}

impl Destination {
    /// Checks a path before anything else is done. An existing file is replaced with `overwrite`,
    /// or when the user agrees on the terminal.
    pub(crate) async fn new(path: &Path, overwrite: bool) -> Result<Self, Failure> {
        let kind = if is_standard(path) { Kind::Standard } else { look(path)? };
        if matches!(kind, Kind::Replace(_)) && !overwrite && !is_agreed(path).await? {
            return Err(is_there(path));
        }
        Ok(Self { path: path.to_owned(), kind })
    }

    /// Whether this is the standard output.
    pub(crate) fn is_standard(&self) -> bool {
        matches!(self.kind, Kind::Standard)
    }

    /// The path as the user wrote it.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the destination. Opening a pipe waits until its other end is open.
    pub(crate) async fn open(&self) -> Result<Writing<'_>, Failure> {
        let failed = |error| Failure::file("write", self.path.display(), error);
        let (sink, part) = match &self.kind {
            Kind::Standard => (Sink::Standard(tokio::io::stdout()), None),
            Kind::Through => (Sink::File(through(&self.path).await?), None),
            Kind::New => {
                let (part, file) = Part::create(&self.path, None).map_err(failed)?;
                (Sink::File(file.into()), Some(part))
            }
            Kind::Replace(path) => {
                let replaced = fs::metadata(path).map_err(failed)?;
                let (part, file) = Part::create(path, Some(&replaced)).map_err(failed)?;
                (Sink::File(file.into()), Some(part))
            }
        };
        Ok(Writing { destination: self, sink, part, failed: None })
    }

    /// Writes a whole file. The next call may replace it.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        let mut writing = self.open().await?;
        let written = async {
            writing.write_all(bytes).await?;
            writing.flush().await
        };
        let written = written.await;
        written.map_err(|error| Failure::file("write", self.path.display(), error))?;
        writing.complete()?;
        if matches!(self.kind, Kind::New) {
            self.kind = Kind::Replace(self.path.clone());
        }
        Ok(())
    }
}

/// An open destination. Unless it is completed, an existing file stays unchanged, and no other file
/// is left.
pub(crate) struct Writing<'a> {
    destination: &'a Destination,
    sink: Sink,
    part: Option<Part>,
    failed: Option<io::Error>,
}

enum Sink {
    Standard(tokio::io::Stdout),
    File(tokio::fs::File),
}

impl Writing<'_> {
    /// Gives the file its name. Everything must have been flushed.
    pub(crate) fn complete(mut self) -> Result<(), Failure> {
        let Some(part) = self.part.take() else {
            return Ok(());
        };
        let path = &self.destination.path;
        let done = match &self.destination.kind {
            Kind::Replace(replaced) => fs::rename(&part.0, replaced),
            _ => name(&part.0, path),
        };
        match done {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(is_there(path)),
            Err(error) => Err(Failure::file("write", path.display(), error)),
        }
    }

    /// The error of writing, if there was one. The code that writes may report another one.
    pub(crate) fn failure(&mut self) -> Option<Failure> {
        let error = self.failed.take()?;
        Some(if self.destination.is_standard() {
            Failure::Output(error)
        } else {
            Failure::file("write", self.destination.path.display(), error)
        })
    }

    fn noted<T>(&mut self, done: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if let Poll::Ready(Err(error)) = &done {
            self.failed = Some(match error.raw_os_error() {
                Some(code) => io::Error::from_raw_os_error(code),
                None => error.kind().into(),
            });
        }
        done
    }
}

impl AsyncWrite for Writing<'_> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let done = match &mut self.sink {
            Sink::Standard(sink) => Pin::new(sink).poll_write(context, bytes),
            Sink::File(sink) => Pin::new(sink).poll_write(context, bytes),
        };
        self.noted(done)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let done = match &mut self.sink {
            Sink::Standard(sink) => Pin::new(sink).poll_flush(context),
            Sink::File(sink) => Pin::new(sink).poll_flush(context),
        };
        self.noted(done)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.poll_flush(context)
    }
}

/// A file that is not complete yet. It is removed on drop.
struct Part(PathBuf);

impl Part {
    /// Makes the file beside `path`, with the owner and at most the mode of the file it replaces.
    fn create(path: &Path, replaced: Option<&Metadata>) -> io::Result<(Self, File)> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!(".mfly-{}-{number}.part", std::process::id());
        let path = path.with_file_name(name);
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        if replaced.is_some() {
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        }
        // On another thread, an interrupted command would leave the file behind.
        let file = options.open(&path)?;
        let part = Self(path);
        if let Some(replaced) = replaced {
            resemble(&file, replaced)?;
        }
        Ok((part, file))
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// Gives a file the owner and the mode of the file that it replaces. Where the owner cannot be set,
/// only the present owner may use it.
#[cfg(unix)]
fn resemble(file: &File, replaced: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, fchown};
    let own = file.metadata()?;
    let (owner, group) = (replaced.uid(), replaced.gid());
    let is_same =
        (own.uid(), own.gid()) == (owner, group) || fchown(file, Some(owner), Some(group)).is_ok();
    let mode = replaced.mode() & if is_same { 0o777 } else { 0o700 };
    file.set_permissions(fs::Permissions::from_mode(mode))
}

#[cfg(not(unix))]
fn resemble(_: &File, _: &Metadata) -> io::Result<()> {
    Ok(())
}

/// Gives a complete file its name, unless another file got that name meanwhile.
fn name(part: &Path, path: &Path) -> io::Result<()> {
    match fs::hard_link(part, path) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => {
            // Some file systems have no hard links.
            match fs::symlink_metadata(path) {
                Err(error) if error.kind() == ErrorKind::NotFound => fs::rename(part, path),
                Err(error) => Err(error),
                Ok(_) => Err(ErrorKind::AlreadyExists.into()),
            }
        }
        linked => linked,
    }
}

/// The kind of file at a path.
fn look(path: &Path) -> Result<Kind, Failure> {
    let failed = |error| Failure::file("write", path.display(), error);
    let is_named_folder = path.as_os_str().as_encoded_bytes().ends_with(b"/");
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return if is_named_folder { Err(folder(path)) } else { Ok(Kind::New) };
        }
        Err(error) => return Err(failed(error)),
        Ok(_) => {}
    }
    let kind = match fs::metadata(path) {
        Ok(metadata) => metadata.file_type(),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let message = format!("{} is a link that leads nowhere", path.display());
            return Err(Failure::usage(message, "name the file that it should lead to"));
        }
        Err(error) => return Err(failed(error)),
    };
    if kind.is_dir() {
        Err(folder(path))
    } else if kind.is_file() {
        // A write-protected file is kept.
        OpenOptions::new().write(true).open(path).map_err(failed)?;
        Ok(Kind::Replace(fs::canonicalize(path).map_err(failed)?))
    } else if is_stream(kind) {
        Ok(Kind::Through)
    } else {
        Err(unusable(path))
    }
}

/// Opens a pipe or a device, unless another file has replaced it.
async fn through(path: &Path) -> Result<tokio::fs::File, Failure> {
    let failed = |error| Failure::file("write", path.display(), error);
    let mut options = tokio::fs::OpenOptions::new();
    let file = options.write(true).open(path).await.map_err(failed)?;
    let kind = file.metadata().await.map_err(failed)?.file_type();
    if is_stream(kind) { Ok(file) } else { Err(unusable(path)) }
}

#[cfg(unix)]
fn is_stream(kind: FileType) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    kind.is_fifo() || kind.is_char_device()
}

#[cfg(not(unix))]
fn is_stream(_: FileType) -> bool {
    false
}

fn is_there(path: &Path) -> Failure {
    let message = format!("{} is there already", path.display());
    Failure::usage(message, "pass --overwrite to replace it")
}

fn folder(path: &Path) -> Failure {
    Failure::usage(format!("{} is a folder", path.display()), "name a file in it")
}

fn unusable(path: &Path) -> Failure {
    let message = format!("{} is no file, pipe or character device", path.display());
    Failure::usage(message, format!("name a file, or {STANDARD} for the standard output"))
}

/// Asks the user at a terminal whether a file may be replaced.
async fn is_agreed(path: &Path) -> Result<bool, Failure> {
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return Ok(false);
    }
    let question =
        format!("{} is there already. Replace it? [y/N] ", printable(&path.display().to_string()));
    super::aside(move || {
        let mut terminal = io::stderr().lock();
        terminal.write_all(question.as_bytes())?;
        terminal.flush()?;
        let mut answer = String::new();
        io::stdin().read_line(&mut answer)?;
        Ok(is_yes(&answer))
    })
    .await
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Folder;

    #[test]
    fn only_a_clear_yes_replaces_a_file() {
        assert!(is_yes("y\n") && is_yes(" YES\n"));
        for answer in ["", "\n", "n\n", "yesterday\n"] {
            assert!(!is_yes(answer), "{answer:?}");
        }
    }

    #[tokio::test]
    async fn a_file_that_another_program_made_meanwhile_is_kept() {
        let folder = Folder::new("meanwhile");
        fs::create_dir_all(folder.path()).unwrap();
        let path = folder.path().join("a.bin");
        let mut destination = Destination::new(&path, false).await.unwrap();
        fs::write(&path, b"theirs").unwrap();
        let failure = destination.write(b"ours").await.unwrap_err();
        assert!(failure.line().contains("--overwrite"), "{failure}");
        assert_eq!(
            (fs::read(&path).unwrap(), folder.names()),
            (b"theirs".into(), vec!["a.bin".to_owned()])
        );
    }

    #[tokio::test]
    async fn a_file_that_this_command_wrote_may_be_replaced() {
        let folder = Folder::new("twice");
        fs::create_dir_all(folder.path()).unwrap();
        let path = folder.path().join("a.svg");
        let mut destination = Destination::new(&path, false).await.unwrap();
        destination.write(b"first").await.unwrap();
        destination.write(b"second").await.unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"second");
    }
}
