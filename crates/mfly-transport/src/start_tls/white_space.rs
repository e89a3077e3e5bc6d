//! White space between a client's last frame in clear text and TLS.

use super::MAX_BYTES;
use crate::delegate_writes;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A byte stream whose reader drops leading white space.
///
/// Some clients send a line break after `<starttls/>`, before TLS begins. White space contains no
/// data that TLS would have to protect, and no TLS record begins with it.
#[derive(Debug)]
pub struct PastWhiteSpace<T> {
    io: T,
    /// The number of bytes that may still be dropped; `None` after another byte was read.
    left: Option<usize>,
}

impl<T> PastWhiteSpace<T> {
    /// A byte stream that may begin with white space, at most 16 KiB.
    pub const fn new(io: T) -> Self {
        Self { io, left: Some(MAX_BYTES) }
    }
}

/// Whether XML treats a byte as white space (XML 1.0 §2.3).
pub(super) const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

impl<T: AsyncRead + Unpin> AsyncRead for PastWhiteSpace<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let start = buffer.filled().len();
        loop {
            ready!(Pin::new(&mut this.io).poll_read(cx, buffer))?;
            let Some(left) = this.left else {
                return Poll::Ready(Ok(()));
            };
            let read = &mut buffer.filled_mut()[start..];
            if read.is_empty() {
                return Poll::Ready(Ok(()));
            }
            let spaces = read.iter().take_while(|byte| is_space(**byte)).count();
            let kept = read.len() - spaces;
            read.copy_within(spaces.., 0);
            buffer.set_filled(start + kept);
            if kept > 0 {
                this.left = None;
                return Poll::Ready(Ok(()));
            }
            let too_much = "too much white space came before TLS";
            this.left = left.checked_sub(spaces);
            if this.left.is_none() {
                this.left = Some(0);
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, too_much)));
            }
        }
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for PastWhiteSpace<T> {
    delegate_writes!(io, shutdown);
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    async fn read(pieces: &[&[u8]]) -> io::Result<Vec<u8>> {
        let (mut raw, io) = tokio::io::duplex(64);
        let writing = async move {
            for piece in pieces {
                // The reader may have ended.
                let _ = raw.write_all(piece).await;
            }
        };
        let reading = async {
            let mut all = Vec::new();
            PastWhiteSpace::new(io).read_to_end(&mut all).await?;
            Ok(all)
        };
        tokio::join!(reading, writing).0
    }

    #[tokio::test]
    async fn only_leading_white_space_is_dropped_in_pieces_of_any_size() {
        for pieces in
            [&[b" \r\n\t\x16 \n".as_slice()][..], &[b" ", b"\n", b"\x16", b" \n"], &[b"\x16 \n"]]
        {
            assert_eq!(read(pieces).await.unwrap(), b"\x16 \n");
        }
        assert_eq!(read(&[b" \n"]).await.unwrap(), b"");
    }

    #[tokio::test]
    async fn white_space_without_end_is_an_error() {
        let much = vec![b' '; MAX_BYTES + 1];
        let error = read(&[&much]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}
