//! Closing a connection so that the peer can read the last bytes.
//!
//! The system resets a connection that is closed with unread bytes, and the peer may lose bytes
//! that it has not read. So the sending half is closed first, and further bytes of the peer are
//! read and dropped, within limits.

use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// How long the peer may take to close the connection.
const MAX_DURATION: Duration = Duration::from_secs(5);

/// The largest number of bytes that are read and dropped.
const MAX_DROPPED_BYTES: usize = 1024 * 1024;

/// Closes the sending half and reads until the peer closes, at most `limit` and at most 5 seconds.
/// Errors are ignored, because the connection is over.
pub(crate) async fn linger(io: &mut (impl AsyncRead + AsyncWrite + Unpin), limit: Duration) {
    let leaving = async {
        io.shutdown().await?;
        let mut left = MAX_DROPPED_BYTES;
        let mut chunk = [0; 1024];
        while left > 0 {
            match io.read(&mut chunk).await? {
                0 => break,
                read => left = left.saturating_sub(read),
            }
        }
        std::io::Result::Ok(())
    };
    let _ = tokio::time::timeout(limit.min(MAX_DURATION), leaving).await;
}
