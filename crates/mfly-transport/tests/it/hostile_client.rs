//! Clients that violate WebSocket framing. The same code reads the frames of a server.

use crate::setup::{LIMIT, TIME_LIMIT, io_kind};
use futures_util::{FutureExt, SinkExt, StreamExt};
use mfly_proto::framing::Frame;
use mfly_transport::{Close, Connection, Fault, Stage, TransportError, server};
use std::io::ErrorKind;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::{Instant, timeout};

const TEXT: u8 = 0x81;
const FIRST_OF_MANY: u8 = 0x01;
const ONE_MORE: u8 = 0x00;
const BINARY: u8 = 0x82;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;

/// A server's connection and the raw bytes of its client.
fn client() -> (Connection, DuplexStream) {
    let (io, raw) = tokio::io::duplex(2 * LIMIT);
    (server::websocket(io, LIMIT), raw)
}

/// A client's frame (RFC 6455 §5.2) with a mask of zeros.
fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![kind];
    match u16::try_from(payload.len()).unwrap() {
        len @ 0..=125 => bytes.push(0x80 | len as u8),
        len => {
            bytes.push(0x80 | 126);
            bytes.extend(len.to_be_bytes());
        }
    }
    bytes.extend([0; 4]);
    bytes.extend(payload);
    bytes
}

/// The server's error for some bytes, and its closing code.
async fn send(bytes: &[u8]) -> (TransportError, Option<u16>) {
    let (mut connection, mut raw) = client();
    raw.write_all(bytes).await.unwrap();
    let error = connection.next().await.unwrap().unwrap_err();
    assert!(connection.next().await.is_none());
    drop(connection);
    let mut answer = Vec::new();
    raw.read_to_end(&mut answer).await.unwrap();
    let code = match answer[..] {
        [CLOSE, _, high, low, ..] => Some(u16::from_be_bytes([high, low])),
        _ => None,
    };
    (error, code)
}

#[tokio::test]
async fn a_violation_is_refused_with_the_closing_code_of_the_rfc() {
    let mut terabyte = vec![TEXT, 0x80 | 127];
    terabyte.extend((1u64 << 40).to_be_bytes());
    let part = vec![b'a'; 60_000];
    let mut fragments = frame(FIRST_OF_MANY, &part);
    (0..4).for_each(|_| fragments.extend(frame(ONE_MORE, &part)));
    let unmasked = vec![TEXT, 4, b'<', b'a', b'/', b'>'];
    let too_large: fn(&_) -> bool =
        |error| matches!(error, TransportError::TooLarge { limit: LIMIT });
    let not_text: fn(&_) -> bool = |error| matches!(error, TransportError::NotText);
    let violation: fn(&_) -> bool = |error| io_kind(error) == Some(ErrorKind::InvalidData);
    for (row, bytes, is_expected, expected_code) in [
        ("a frame that claims a terabyte", terabyte, too_large, 1009),
        ("fragments above the limit", fragments, too_large, 1009),
        ("a binary message", frame(BINARY, b"<a/>"), not_text, 1003),
        ("text that is not UTF-8", frame(TEXT, b"<a>\xff</a>"), not_text, 1007),
        ("a frame without mask", unmasked, violation, 1002),
    ] {
        let (error, code) = send(&bytes).await;
        assert!(is_expected(&error), "{row}: {error:?}");
        assert_eq!((error.fault(), code), (Fault::Peer, Some(expected_code)), "{row}");
    }
}

#[tokio::test]
async fn text_in_fragments_is_one_frame() {
    let (mut connection, mut raw) = client();
    raw.write_all(&frame(FIRST_OF_MANY, b"<a>")).await.unwrap();
    raw.write_all(&frame(PING, b"")).await.unwrap();
    raw.write_all(&frame(ONE_MORE | 0x80, b"</a>")).await.unwrap();
    assert_eq!(connection.next().await.unwrap().unwrap().as_str(), "<a></a>");
}

#[tokio::test]
async fn a_ping_is_answered_while_the_stream_is_polled() {
    let (mut connection, mut raw) = client();
    raw.write_all(&frame(PING, b"1")).await.unwrap();
    assert!(connection.next().now_or_never().is_none());
    let mut answer = [0; 3];
    raw.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer, [0x8a, 1, b'1']);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_pings_without_reading_is_disconnected_after_five_seconds() {
    let (io, raw) = tokio::io::duplex(256);
    let mut connection = server::websocket(io, LIMIT);
    let (_unread, mut writing) = tokio::io::split(raw);
    let flood = async move {
        let ping = frame(PING, &[0; 100]);
        while writing.write_all(&ping).await.is_ok() {}
    };
    tokio::spawn(flood);
    let start = Instant::now();
    let outcome = timeout(TIME_LIMIT, connection.next()).await.unwrap();
    let error = outcome.unwrap().unwrap_err();
    assert_eq!(start.elapsed(), Duration::from_secs(5));
    assert_eq!(io_kind(&error), Some(ErrorKind::InvalidData), "{error:?}");
}

#[tokio::test]
async fn any_number_of_pings_is_answered_to_a_client_that_reads() {
    let (mut connection, mut raw) = client();
    for _ in 0..1000 {
        raw.write_all(&frame(PING, b"")).await.unwrap();
    }
    raw.write_all(&frame(TEXT, b"<a/>")).await.unwrap();
    assert_eq!(connection.next().await.unwrap().unwrap().as_str(), "<a/>");
}

#[tokio::test]
async fn the_code_and_the_reason_of_the_peers_close_are_kept() {
    for (payload, code, text) in
        [(&b"\x03\xe9going home"[..], Some(1001), "going home"), (b"", None, "")]
    {
        let (mut connection, mut raw) = client();
        raw.write_all(&frame(CLOSE, payload)).await.unwrap();
        assert!(connection.next().await.is_none());
        let reason = Close { code, reason: text.into() };
        assert_eq!(connection.close_reason(), Some(&reason));
        if code.is_some() {
            let mut answer = [0; 4];
            raw.read_exact(&mut answer).await.unwrap();
            assert_eq!(answer, [CLOSE, 2, 0x03, 0xe9]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn closing_ends_after_five_seconds_without_answer() {
    let (mut connection, _raw) = client();
    let start = Instant::now();
    let error = connection.close().await.unwrap_err();
    assert!(matches!(error, TransportError::TimedOut { stage: Stage::Closing }), "{error:?}");
    assert_eq!(start.elapsed(), Duration::from_secs(5));
    connection.close().await.unwrap();
    assert!(connection.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_closes_without_reading_is_disconnected_after_five_seconds() {
    let (io, mut raw) = tokio::io::duplex(64);
    let mut connection = server::websocket(io, LIMIT);
    let blocked = connection.send(Frame::from("x".repeat(1000))).now_or_never();
    assert!(blocked.is_none(), "the wire is full");
    raw.write_all(&frame(CLOSE, b"")).await.unwrap();
    let start = Instant::now();
    assert!(connection.next().await.is_none());
    assert_eq!(start.elapsed(), Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn a_reader_in_another_task_ends_when_closing_timed_out() {
    let (connection, _raw) = client();
    let (mut sink, mut stream) = connection.split();
    let reading = tokio::spawn(async move { stream.next().await.is_none() });
    tokio::task::yield_now().await;
    assert!(sink.close().await.is_err());
    assert!(timeout(TIME_LIMIT, reading).await.unwrap().unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_reader_stopped_by_pings_continues_when_the_writer_in_another_task_does() {
    let (io, raw) = tokio::io::duplex(256);
    let (mut sink, mut stream) = server::websocket(io, LIMIT).split();
    let (mut reading, mut writing) = tokio::io::split(raw);
    // Each task gives its half back, so that the connection stays open.
    let sending =
        tokio::spawn(async move { (sink.send(Frame::from("x".repeat(1000))).await, sink) });
    let receiving = tokio::spawn(async move { (stream.next().await, stream) });
    let pinging = tokio::spawn(async move {
        for _ in 0..300 {
            writing.write_all(&frame(PING, b"")).await.unwrap();
        }
        writing.write_all(&frame(TEXT, b"<a/>")).await.unwrap();
        writing
    });
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    assert!(!pinging.is_finished(), "the server has stopped reading");
    let start = Instant::now();
    let drain = async { while reading.read(&mut [0; 64]).await.is_ok_and(|read| read > 0) {} };
    let (received, _stream) = tokio::select! {
        received = timeout(TIME_LIMIT, receiving) => received.unwrap().unwrap(),
        () = drain => panic!("the server left"),
    };
    assert_eq!(received.unwrap().unwrap().as_str(), "<a/>");
    sending.await.unwrap().0.unwrap();
    assert_eq!(start.elapsed(), Duration::ZERO);
}
