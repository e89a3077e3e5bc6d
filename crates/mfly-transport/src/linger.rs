//! Leaving a peer so that it can read what was said last.
//!
//! A system resets a connection that is closed while something is unread, and the peer may lose
//! what it has not read yet. So the sending half is closed first, and what the peer still sends is
//! read and dropped, within bounds.

use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// How long the peer may take to leave.
const LEAVING: Duration = Duration::from_secs(5);

/// The most that is read and dropped, in bytes.
const DROPPED_BYTES: usize = 1024 * 1024;

/// Closes the sending half and reads until the peer has left, for `limit` and for 5 seconds at
/// most. What fails meanwhile does not matter: the connection is over.
pub(crate) async fn linger(io: &mut (impl AsyncRead + AsyncWrite + Unpin), limit: Duration) {
    let leaving = async {
        io.shutdown().await?;
        let mut left = DROPPED_BYTES;
        let mut chunk = [0; 1024];
        while left > 0 {
            match io.read(&mut chunk).await? {
                0 => break,
                read => left = left.saturating_sub(read),
            }
        }
        std::io::Result::Ok(())
    };
    let _ = tokio::time::timeout(limit.min(LEAVING), leaving).await;
}
