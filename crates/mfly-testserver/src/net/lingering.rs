//! A byte stream that ends so that the last answer on it can be read (RFC 9112 §9.6).
//!
//! A server may answer before it has read the whole request. If it closed the socket then, the
//! system would reset the connection because of the unread bytes, and the client would lose the
//! answer. So the sending half is closed first. Then what the client still sends is read and
//! dropped, within bounds, until the client closes its half.

use crate::rest::media::store::FILE_BYTES;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// The most that is read and dropped, in bytes: twice the largest file.
const DROPPED_BYTES: usize = 2 * FILE_BYTES;

/// How long that may take.
const WHOLE: Duration = Duration::from_secs(30);

/// How long a client may send nothing meanwhile.
const SILENCE: Duration = Duration::from_secs(5);

/// How much is read at a time, in bytes.
const CHUNK_BYTES: usize = 16 * 1024;

/// Whether the client may still be sending something that nothing will read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unread(Arc<AtomicU8>);

/// Every byte that was read belongs to a request that was read whole.
const NOTHING: u8 = 0;
/// A request was not read whole.
const SOMETHING: u8 = 1;
/// The connection speaks another protocol now, which ends in its own way.
const NOT_HTTP: u8 = 2;

impl Unread {
    /// A request was read up to its end.
    pub(crate) fn clear(&self) {
        self.0.store(NOTHING, Ordering::Relaxed);
    }

    /// HTTP ends here.
    pub(crate) fn ignore(&self) {
        self.0.store(NOT_HTTP, Ordering::Relaxed);
    }

    /// Whether a request was not read whole.
    pub(crate) fn is_some(&self) -> bool {
        self.0.load(Ordering::Relaxed) == SOMETHING
    }

    /// Bytes have arrived.
    fn arrived(&self) {
        let (nothing, something) = (NOTHING, SOMETHING);
        // Fails when it says so already, or when HTTP is over.
        let _ = self.0.compare_exchange(nothing, something, Ordering::Relaxed, Ordering::Relaxed);
    }
}

/// A byte stream that reads on for a while after it was shut down, if something is [`Unread`].
pub(crate) struct Lingering<T> {
    io: T,
    unread: Unread,
    end: End,
}

/// How far the end has come.
enum End {
    /// It has not begun.
    Open,
    /// The sending half is closed.
    Reading(Rest),
    /// Nothing more is read.
    Over,
}

/// The bounds of what is still read.
struct Rest {
    bytes: usize,
    whole: Pin<Box<Sleep>>,
    silence: Pin<Box<Sleep>>,
}

impl<T> Lingering<T> {
    pub(crate) fn new(io: T, unread: Unread) -> Self {
        Self { io, unread, end: End::Open }
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

    /// Reads until the client has closed its half, or a bound is reached.
    fn poll(&mut self, io: Pin<&mut impl AsyncRead>, cx: &mut Context<'_>) -> Poll<()> {
        let mut io = io;
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

impl<T: AsyncRead + Unpin> AsyncRead for Lingering<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.io).poll_read(cx, buffer);
        if buffer.filled().len() > before {
            self.unread.arrived();
        }
        read
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Lingering<T> {
    mfly_transport::delegate_writes!(io);

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        loop {
            match &mut this.end {
                End::Open => {
                    ready!(Pin::new(&mut this.io).poll_shutdown(cx))?;
                    this.end =
                        if this.unread.is_some() { End::Reading(Rest::new()) } else { End::Over };
                }
                End::Reading(rest) => {
                    ready!(rest.poll(Pin::new(&mut this.io), cx));
                    this.end = End::Over;
                }
                End::Over => return Poll::Ready(Ok(())),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

    const DAY: Duration = Duration::from_secs(24 * 3600);

    /// A client and a server that has read one byte of what may be more.
    async fn pair() -> (DuplexStream, Lingering<DuplexStream>, Unread) {
        let (mut client, server) = tokio::io::duplex(64 * 1024);
        let unread = Unread::default();
        let mut server = Lingering::new(server, unread.clone());
        client.write_all(b"x").await.unwrap();
        server.read_u8().await.unwrap();
        (client, server, unread)
    }

    #[tokio::test(start_paused = true)]
    async fn what_the_client_still_sends_is_read_after_the_sending_half_is_closed() {
        let (mut client, mut server, _) = pair().await;
        let ended = tokio::spawn(async move { server.shutdown().await });
        assert_eq!(client.read(&mut [0]).await.unwrap(), 0);
        client.write_all(&vec![0; 1024 * 1024]).await.unwrap();
        assert!(!ended.is_finished());
        drop(client);
        ended.await.unwrap().unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_does_not_leave_is_left_after_five_seconds_of_silence() {
        let (_client, mut server, _) = pair().await;
        let begun = Instant::now();
        server.shutdown().await.unwrap();
        assert_eq!(begun.elapsed().as_secs(), 5);
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_sends_a_little_now_and_then_is_left_after_half_a_minute() {
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
    async fn a_client_that_sends_without_end_is_left_after_a_number_of_bytes() {
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
    async fn nothing_is_awaited_of_a_client_whose_requests_were_read_whole() {
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
