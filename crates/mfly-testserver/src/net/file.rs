//! Files that people name: read whole, within a limit, without holding anything else up.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::thread;
use tokio::sync::oneshot;

/// The mark that some editors put before UTF-8 text.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Does blocking work on a thread of its own. A pipe may never give anything: the returned future
/// can be dropped then, and the end of the process does not wait for the thread, as it would for
/// one of tokio's.
///
/// # Errors
/// When the system has no more threads.
pub(crate) async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<T> {
    let (sender, done) = oneshot::channel();
    thread::Builder::new().name("mfly-file".to_owned()).spawn(move || {
        // Without a receiver, the result does not matter any more.
        let _ = sender.send(work());
    })?;
    done.await.map_err(|_| io::Error::other("reading ended early"))
}

/// Reads a file of at most `limit` bytes of text, without its byte-order mark.
///
/// # Errors
/// When it cannot be read, is larger, or is not UTF-8.
pub(crate) fn read_text(path: &Path, limit: u64) -> io::Result<String> {
    let mut bytes = Vec::new();
    // What a file says of its length need not be true.
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
