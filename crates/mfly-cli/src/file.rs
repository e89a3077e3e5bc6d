//! The user's files: reading, writing, names and media types.

mod destination;

pub(crate) use destination::{Destination, Writing};

use crate::exit::Failure;
use std::fmt::Display;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The name that means the standard input or output.
const STANDARD: &str = "-";

/// The size of the largest file that is read.
const MAX_BYTES: u64 = 1 << 30;

/// Does blocking work on another thread, so that Ctrl-C is heard meanwhile: a pipe or a terminal
/// may never have data.
pub(crate) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|error| Err(Failure::Internal(format!("a task ended early: {error}"))))
}

/// Whether a name means the standard input or output. A file of that name is `./-`.
pub(crate) fn is_standard(path: &Path) -> bool {
    path.as_os_str() == STANDARD
}

/// Reads a file, or the standard input.
pub(crate) async fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let path = path.to_owned();
    aside(move || read_now(&path)).await
}

fn read_now(path: &Path) -> Result<Vec<u8>, Failure> {
    if is_standard(path) {
        return read_all(std::io::stdin(), &"the standard input");
    }
    let shown = path.display();
    let file = File::open(path).map_err(|error| Failure::file("read", &shown, error))?;
    read_all(file, &shown)
}

fn read_all(from: impl Read, shown: &dyn Display) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    from.take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::file("read", shown, error))?;
    if bytes.len() as u64 > MAX_BYTES {
        let hint = "files of at most 1 GiB can be sent";
        return Err(Failure::usage(format!("{shown} is too large"), hint));
    }
    Ok(bytes)
}

/// A file's name without its folders.
pub(crate) fn name(path: &Path) -> String {
    if is_standard(path) {
        return "file".to_owned();
    }
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

/// The media type that a file's name suggests.
pub(crate) fn content_type(path: &Path) -> Option<&'static str> {
    let extension = path.extension()?.to_str()?.to_ascii_lowercase();
    Some(match extension.as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "bmp" => "image/bmp",
        "mp4" => "video/mp4",
        "webm" => "video/webm",
        "mov" => "video/quicktime",
        "mp3" => "audio/mpeg",
        "ogg" => "audio/ogg",
        "wav" => "audio/wav",
        "m4a" | "aac" => "audio/aac",
        "pdf" => "application/pdf",
        "txt" => "text/plain",
        "csv" => "text/csv",
        "zip" => "application/zip",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extension_decides_the_type_in_any_case() {
        assert_eq!(content_type(Path::new("a/b.PNG")), Some("image/png"));
        assert_eq!(content_type(Path::new("a.b/c")), None);
        assert_eq!(name(Path::new("a/b.png")), "b.png");
    }

    #[test]
    fn a_missing_file_is_named_with_its_own_exit_code() {
        let failure = read_now(Path::new("no/such/file.png")).unwrap_err();
        assert_eq!(failure.code() as u8, 6);
        assert!(failure.line().contains("no/such/file.png"), "{}", failure.line());
    }
}
