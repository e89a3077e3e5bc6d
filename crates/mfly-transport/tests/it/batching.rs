//! The number of writes for several frames.

use crate::setup::{LIMIT, TIME_LIMIT, tls};
use futures_util::{SinkExt, StreamExt};
use mfly_proto::framing::Frame;
use mfly_transport::{Connection, server};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};

/// A pipe that counts the writes of a sender.
struct Counted {
    io: DuplexStream,
    writes: Arc<AtomicUsize>,
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.writes.fetch_add(1, Ordering::Relaxed);
        Pin::new(&mut self.io).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let whole: Vec<u8> = bufs.iter().flat_map(|buf| buf.iter().copied()).collect();
        self.poll_write(cx, &whole)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

fn counted() -> (Counted, DuplexStream, Arc<AtomicUsize>) {
    let (io, other) = tokio::io::duplex(1024 * 1024);
    let writes = Arc::new(AtomicUsize::new(0));
    (Counted { io, writes: Arc::clone(&writes) }, other, writes)
}

/// Feeds and flushes twenty frames of a typical size, and returns the number of writes.
async fn writes_for_twenty_frames(connection: &mut Connection, writes: &AtomicUsize) -> usize {
    let before = writes.load(Ordering::Relaxed);
    for number in 0..20 {
        let stanza = format!("<iq id='{number}' type='get'>{}</iq>", "x".repeat(300));
        connection.feed(Frame::from(stanza)).await.unwrap();
    }
    assert_eq!(writes.load(Ordering::Relaxed), before, "nothing leaves before the flush");
    connection.flush().await.unwrap();
    writes.load(Ordering::Relaxed) - before
}

#[tokio::test]
async fn queued_frames_are_sent_in_one_write() {
    for framing in [server::websocket, server::tcp] {
        let (io, _other, writes) = counted();
        let mut connection = framing(io, LIMIT);
        assert_eq!(writes_for_twenty_frames(&mut connection, &writes).await, 1);
    }
}

#[tokio::test]
async fn queued_frames_are_sent_in_one_write_over_tls() {
    for framing in [server::websocket, server::tcp] {
        let (io, other, writes) = counted();
        let (tls, trust) = tls("a.example", &[]);
        let client = tokio_rustls::TlsConnector::from(trust.client_config(&[]));
        let (server, _client) = tokio::join!(
            server::secure(io, tls.config().clone(), TIME_LIMIT),
            client.connect("a.example".try_into().unwrap(), other),
        );
        let mut connection = framing(server.unwrap(), LIMIT);
        assert_eq!(writes_for_twenty_frames(&mut connection, &writes).await, 1);
    }
}

#[tokio::test]
async fn feeding_waits_when_the_peer_does_not_read() {
    for framing in [server::websocket, server::tcp] {
        let (io, _other) = tokio::io::duplex(1024);
        let mut connection = framing(io, LIMIT);
        let frame = Frame::from(format!("<x>{}</x>", "x".repeat(993)));
        let mut accepted = 0;
        while futures_util::FutureExt::now_or_never(connection.feed(frame.clone())).is_some() {
            accepted += 1;
            assert!(accepted < 1000, "the queue grows without end");
        }
        assert!((64..=70).contains(&accepted), "{accepted}");
    }
}

#[tokio::test]
async fn masked_frames_of_a_client_are_sent_together() {
    let (mut client, mut server) = mfly_transport::pair();
    for text in ["<a/>", "<b/>", "<c/>"] {
        client.feed(Frame::from(text)).await.unwrap();
    }
    client.flush().await.unwrap();
    // All three have arrived, without another wake-up of the client.
    for text in ["<a/>", "<b/>", "<c/>"] {
        let frame = futures_util::FutureExt::now_or_never(server.next()).unwrap();
        assert_eq!(frame.unwrap().unwrap().as_str(), text);
    }
}
