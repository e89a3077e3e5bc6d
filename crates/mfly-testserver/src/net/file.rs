//! Files from the command line: read whole, within a limit, without blocking other tasks.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::thread;
use tokio::sync::oneshot;

/// The mark that some editors put before UTF-8 text.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Does blocking work on a new thread. The returned future may be dropped, for example when a pipe
/// has no data, and the process then ends without waiting for the thread, as it would for a thread
/// of tokio.
///
/// # Errors
/// When the system has no more threads.
pub(crate) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<T> {
    let (sender, done) = oneshot::channel();
    thread::Builder::new().name("mfly-file".to_owned()).spawn(move || {
        // Without a receiver, the result is not needed.
        let _ = sender.send(work());
    })?;
    done.await.map_err(|_| io::Error::other("reading ended early"))
}

/// Reads a text file of at most `limit` bytes, without its byte-order mark.
///
/// # Errors
/// When the file cannot be read, is larger, or is not UTF-8.
pub(crate) fn read_text(path: &Path, limit: u64) -> io::Result<String> {
    let mut bytes = Vec::new();
    // The length that the file system reports need not be true.
    File::open(path)?.take(limit + 1).read_to_end(&mut bytes)?;
    let invalid = |reason: String| io::Error::new(io::ErrorKind::InvalidData, reason);
    if bytes.len() as u64 > limit {
        return Err(invalid(format!("it has more than {limit} bytes")));
    }
    if bytes.starts_with(BYTE_ORDER_MARK) {
        bytes.drain(..BYTE_ORDER_MARK.len());
    }
    String::from_utf8(bytes).map_err(|_| invalid("it is not UTF-8 text".to_owned()))
}
