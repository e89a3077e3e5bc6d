//! The byte stream of an HTTP connection.
//!
//! It counts the bytes of requests that are not complete, and it closes in a way that lets the
//! client read the last response (RFC 9112 §9.6). A server may respond before it has read the whole
//! request. If it closed the socket then, the system would reset the connection because of the
//! unread bytes, and the client would lose the response. So the sending half is closed first. Then
//! further bytes of the client are read and dropped, within limits, until the client closes its
//! half.

use crate::net::reading::Share;
use crate::rest::media::store::FILE_BYTES;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// The limit of bytes that are read and dropped: twice the largest file.
const DROPPED_BYTES: usize = 2 * FILE_BYTES;

/// How long bytes are read and dropped.
const WHOLE: Duration = Duration::from_secs(30);

/// How long a client may send nothing meanwhile.
const SILENCE: Duration = Duration::from_secs(5);

/// Largest number of bytes that are read at a time.
const CHUNK_BYTES: usize = 16 * 1024;

/// Whether the client may still send bytes that the server will not read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unread(Arc<AtomicU8>);

/// Every byte that was read belongs to a request that was read whole.
const NOTHING: u8 = 0;
/// A request was not read whole.
const SOMETHING: u8 = 1;
/// The connection has another protocol now, which closes in its own way.
const NOT_HTTP: u8 = 2;

impl Unread {
    /// Says that a request was read whole.
    pub(crate) fn clear(&self) {
        self.0.store(NOTHING, Ordering::Relaxed);
    }

    /// Says that HTTP has ended on the connection.
    pub(crate) fn ignore(&self) {
        self.0.store(NOT_HTTP, Ordering::Relaxed);
    }

    /// Whether a request was not read whole.
    pub(crate) fn is_some(&self) -> bool {
        self.0.load(Ordering::Relaxed) == SOMETHING
    }

    /// Says that bytes have arrived.
    fn arrived(&self) {
        let (nothing, something) = (NOTHING, SOMETHING);
        // It fails if the value is set already, or HTTP has ended.
        let _ = self.0.compare_exchange(nothing, something, Ordering::Relaxed, Ordering::Relaxed);
    }
}

/// The byte stream of an HTTP connection. It counts the bytes that are read, and reads on for a
/// while after its shutdown if something is [`Unread`].
pub(crate) struct HttpIo<T> {
    io: T,
    /// Counts the bytes that are read.
    share: Share,
    /// The first byte, which [`HttpIo::begin`] has read already.
    first: Option<u8>,
    unread: Unread,
    end: End,
}

/// How far the shutdown has come.
enum End {
    Open,
    /// The sending half is closed, and the rest is read and dropped.
    Reading(Rest),
    Closed,
}

/// The limits of the bytes that are read and dropped.
struct Rest {
    bytes: usize,
    whole: Pin<Box<Sleep>>,
    silence: Pin<Box<Sleep>>,
}

impl<T> HttpIo<T> {
    pub(crate) const fn new(io: T, share: Share, unread: Unread) -> Self {
        Self { io, share, first: None, unread, end: End::Open }
    }
}

impl<T: AsyncRead + Unpin> HttpIo<T> {
    /// Waits for the first byte. `false` if the client closes the connection instead.
    ///
    /// # Errors
    /// When the connection fails.
    pub(crate) async fn begin(&mut self) -> io::Result<bool> {
        let mut first = [0];
        let has_first = self.io.read(&mut first).await? == 1;
        self.first = has_first.then_some(first[0]);
        Ok(has_first)
    }
}

impl Rest {
    fn new() -> Self {
        Self {
            bytes: DROPPED_BYTES,
            whole: Box::pin(tokio::time::sleep(WHOLE)),
            silence: Box::pin(tokio::time::sleep(SILENCE)),
        }
    }

    /// Reads until the client has closed its half, or a limit is reached.
    fn poll(&mut self, mut io: Pin<&mut impl AsyncRead>, cx: &mut Context<'_>) -> Poll<()> {
        while self.bytes > 0 && self.whole.as_mut().poll(cx).is_pending() {
            let mut chunk = [MaybeUninit::uninit(); CHUNK_BYTES];
            let mut chunk = ReadBuf::uninit(&mut chunk);
            match io.as_mut().poll_read(cx, &mut chunk) {
                Poll::Ready(Ok(())) if !chunk.filled().is_empty() => {
                    self.bytes = self.bytes.saturating_sub(chunk.filled().len());
                    self.silence.as_mut().reset(Instant::now() + SILENCE);
                }
                Poll::Ready(_) => return Poll::Ready(()),
                Poll::Pending => return self.silence.as_mut().poll(cx),
            }
        }
        Poll::Ready(())
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for HttpIo<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        match self.first.take_if(|_| buffer.remaining() > 0) {
            Some(first) => buffer.put_slice(&[first]),
            None => ready!(Pin::new(&mut self.io).poll_read(cx, buffer))?,
        }
        let read = buffer.filled().len() - before;
        if read > 0 {
            self.share.add(read);
            self.unread.arrived();
        }
        Poll::Ready(Ok(()))
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncWrite for HttpIo<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if let End::Open = this.end {
            ready!(Pin::new(&mut this.io).poll_shutdown(cx))?;
            this.end = if this.unread.is_some() { End::Reading(Rest::new()) } else { End::Closed };
        }
        if let End::Reading(rest) = &mut this.end {
            ready!(rest.poll(Pin::new(&mut this.io), cx));
            this.end = End::Closed;
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncWriteExt as _, DuplexStream};

    const DAY: Duration = Duration::from_secs(24 * 3600);

    /// A client and a server that has read one byte of a request.
    async fn pair() -> (DuplexStream, HttpIo<DuplexStream>, Unread) {
        let (mut client, server) = tokio::io::duplex(64 * 1024);
        let unread = Unread::default();
        let share = crate::net::reading::Reading::new(1024).share();
        let mut server = HttpIo::new(server, share, unread.clone());
        client.write_all(b"x").await.unwrap();
        server.read_u8().await.unwrap();
        (client, server, unread)
    }

    #[tokio::test(start_paused = true)]
    async fn bytes_of_the_client_are_read_after_the_sending_half_is_closed() {
        let (mut client, mut server, _) = pair().await;
        let ended = tokio::spawn(async move { server.shutdown().await });
        assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
        client.write_all(&vec![0; 1024 * 1024]).await.unwrap();
        assert!(!ended.is_finished());
        drop(client);
        ended.await.unwrap().unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_sends_nothing_is_dropped_after_five_seconds() {
        let (_client, mut server, _) = pair().await;
        let begun = Instant::now();
        server.shutdown().await.unwrap();
        assert_eq!(begun.elapsed().as_secs(), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_sends_slowly_is_dropped_after_half_a_minute() {
        let (mut client, mut server, _) = pair().await;
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(Duration::from_secs(4)).await;
                client.write_all(b"x").await.unwrap();
            }
        });
        let begun = Instant::now();
        server.shutdown().await.unwrap();
        assert_eq!(begun.elapsed().as_secs(), 30);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_sends_without_end_is_dropped_after_a_number_of_bytes() {
        let (mut client, mut server, _) = pair().await;
        let sent = tokio::spawn(async move {
            let chunk = vec![0; 64 * 1024];
            let mut sent = 0;
            while client.write_all(&chunk).await.is_ok() {
                sent += chunk.len();
            }
            sent
        });
        server.shutdown().await.unwrap();
        drop(server);
        let sent = sent.await.unwrap();
        assert!((DROPPED_BYTES..DROPPED_BYTES + 256 * 1024).contains(&sent), "{sent}");
    }

    #[tokio::test(start_paused = true)]
    async fn the_server_does_not_wait_after_requests_that_were_read_whole() {
        for is_http in [true, false] {
            let (_client, mut server, unread) = pair().await;
            if is_http {
                unread.clear();
            } else {
                unread.ignore();
            }
            let begun = Instant::now();
            tokio::time::timeout(DAY, server.shutdown()).await.unwrap().unwrap();
            assert_eq!(begun.elapsed(), Duration::ZERO);
        }
    }
}
