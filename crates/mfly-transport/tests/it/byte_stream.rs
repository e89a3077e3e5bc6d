//! TCP framing against raw bytes.

use crate::setup::{LIMIT, header, io_kind};
use futures_util::{FutureExt, SinkExt, StreamExt};
use mfly_proto::framing::Frame;
use mfly_proto::framing::tcp::FOOTER;
use mfly_transport::{Close, Connection, Fault, Stage, TransportError, server};
use std::io::ErrorKind;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::Instant;

/// The stream header of a client.
const HEADER: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' \
    xmlns:stream='http://etherx.jabber.org/streams' to='example.com' version='1.0'>";

/// A server's connection and the raw bytes of its client.
fn client() -> (Connection, DuplexStream) {
    let (io, raw) = tokio::io::duplex(2 * LIMIT);
    (server::tcp(io, LIMIT), raw)
}

/// A server's connection and the raw bytes of its client, with open streams.
async fn open_client() -> (Connection, DuplexStream) {
    let (mut connection, mut raw) = client();
    raw.write_all(HEADER.as_bytes()).await.unwrap();
    connection.next().await.unwrap().unwrap();
    connection.send(header()).await.unwrap();
    let mut sent = vec![0; header().len()];
    raw.read_exact(&mut sent).await.unwrap();
    (connection, raw)
}

/// The server's error for bytes on an open stream, and its answer.
async fn send(bytes: &[u8]) -> (TransportError, String) {
    let (mut connection, mut raw) = open_client().await;
    raw.write_all(bytes).await.unwrap();
    let error = connection.next().await.unwrap().unwrap_err();
    assert!(connection.next().await.is_none());
    let late = connection.send(Frame::from("<late/>")).await.unwrap_err();
    assert!(matches!(late, TransportError::Closed), "{late:?}");
    drop(connection);
    let mut answer = String::new();
    raw.read_to_string(&mut answer).await.unwrap();
    (error, answer)
}

/// Reads until the server closes.
async fn rest(mut raw: DuplexStream) -> String {
    let mut rest = String::new();
    raw.read_to_string(&mut rest).await.unwrap();
    rest
}

#[tokio::test]
async fn invalid_data_is_refused_and_the_peer_receives_the_reason() {
    let too_large: fn(&_) -> bool =
        |error| matches!(error, TransportError::TooLarge { limit: LIMIT });
    let not_text: fn(&_) -> bool = |error| matches!(error, TransportError::NotText);
    let violation: fn(&_) -> bool = |error| io_kind(error) == Some(ErrorKind::InvalidData);
    for (row, bytes, is_expected, condition) in [
        (
            "above the limit",
            format!("<a>{}", "a".repeat(LIMIT)).into(),
            too_large,
            "policy-violation",
        ),
        ("not UTF-8", b"<a>\xff</a>".to_vec(), not_text, "unsupported-encoding"),
        ("a DTD", b"<!DOCTYPE a [<!ENTITY b 'c'>]>".to_vec(), violation, "restricted-xml"),
        ("a wrong end tag", b"<a></b>".to_vec(), violation, "not-well-formed"),
        ("too deep", "<a>".repeat(1000).into_bytes(), violation, "policy-violation"),
    ] {
        let (error, answer) = send(&bytes).await;
        assert!(is_expected(&error), "{row}: {error:?}");
        assert_eq!(error.fault(), Fault::Peer, "{row}");
        assert!(answer.contains(&format!("<{condition} ")), "{row}: {answer}");
        assert!(answer.ends_with("</stream:error></stream:stream>"), "{row}: {answer}");
    }
}

#[tokio::test]
async fn another_protocol_is_refused_without_answer() {
    let (mut connection, mut raw) = client();
    raw.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
    let error = connection.next().await.unwrap().unwrap_err();
    assert_eq!(io_kind(&error), Some(ErrorKind::InvalidData), "{error:?}");
    drop(connection);
    // No stream is open, so no stream error can be sent.
    assert_eq!(rest(raw).await, "");
}

#[tokio::test]
async fn frames_are_read_from_pieces_of_any_size() {
    let texts = ["<a b='>'/>", "<body>žluťoučký 🐎</body>", " ", "<x><![CDATA[</x>]]></x>"];
    let whole = format!("{}{}", texts.concat(), FOOTER);
    for at in 1..whole.len() {
        let (mut connection, mut raw) = open_client().await;
        let (first, second) = whole.as_bytes().split_at(at);
        let writing = async {
            raw.write_all(first).await.unwrap();
            tokio::task::yield_now().await;
            raw.write_all(second).await.unwrap();
        };
        let reading = async {
            let mut frames = Vec::new();
            while let Some(frame) = connection.next().await {
                frames.push(frame.unwrap());
            }
            frames
        };
        let (frames, ()) = tokio::join!(reading, writing);
        let received: Vec<&str> =
            frames.iter().map(Frame::as_str).filter(|text| *text != " ").collect();
        assert_eq!(received, [texts[0], texts[1], texts[3], FOOTER], "cut at {at}");
    }
}

#[tokio::test]
async fn an_end_without_a_closing_tag_is_an_error() {
    for said in ["", "<a/>", "<a>half"] {
        let (mut connection, mut raw) = open_client().await;
        raw.write_all(said.as_bytes()).await.unwrap();
        drop(raw);
        let error = loop {
            if let Err(error) = connection.next().await.unwrap() {
                break error;
            }
        };
        assert_eq!(io_kind(&error), Some(ErrorKind::UnexpectedEof), "{error:?}");
        assert!(error.is_retryable());
        assert!(connection.next().await.is_none());
        assert_eq!(connection.close_reason(), None);
    }
}

#[tokio::test]
async fn nothing_is_read_after_the_peers_closing_tag_and_frames_can_still_be_sent() {
    let (mut connection, mut raw) = open_client().await;
    raw.write_all(b"</stream:stream><late/>").await.unwrap();
    assert_eq!(connection.next().await.unwrap().unwrap().as_str(), FOOTER);
    assert!(connection.next().await.is_none());
    let closed = Close { code: None, reason: String::new() };
    assert_eq!(connection.close_reason(), Some(&closed));
    // RFC 6120 §4.4: the other direction is still open.
    connection.send(Frame::from("<last/>")).await.unwrap();
    connection.close().await.unwrap();
    drop(connection);
    assert_eq!(rest(raw).await, "<last/></stream:stream>");
}

#[tokio::test]
async fn closing_succeeds_after_the_peer_has_closed_and_disconnected() {
    let (mut connection, mut raw) = open_client().await;
    raw.write_all(FOOTER.as_bytes()).await.unwrap();
    drop(raw);
    assert_eq!(connection.next().await.unwrap().unwrap().as_str(), FOOTER);
    connection.close().await.unwrap();
}

#[tokio::test]
async fn the_closing_tag_is_sent_once_by_the_caller_or_by_closing() {
    for by_hand in [false, true] {
        let (mut connection, mut raw) = open_client().await;
        if by_hand {
            connection.send(FOOTER.into()).await.unwrap();
            let late = connection.send(Frame::from("<late/>")).await.unwrap_err();
            assert!(matches!(late, TransportError::Closed), "{late:?}");
        }
        raw.write_all(FOOTER.as_bytes()).await.unwrap();
        connection.close().await.unwrap();
        drop(connection);
        assert_eq!(rest(raw).await, FOOTER);
    }
}

#[tokio::test]
async fn a_connection_without_stream_sends_nothing_when_it_closes() {
    let (mut connection, raw) = client();
    connection.close().await.unwrap();
    assert_eq!(rest(raw).await, "");
}

#[tokio::test]
async fn frames_before_the_answer_to_a_closing_tag_are_returned() {
    let (mut connection, mut raw) = open_client().await;
    connection.send(FOOTER.into()).await.unwrap();
    raw.write_all(b"<a/><b/></stream:stream>").await.unwrap();
    for text in ["<a/>", "<b/>", FOOTER] {
        assert_eq!(connection.next().await.unwrap().unwrap().as_str(), text);
    }
    assert!(connection.next().await.is_none());
}

#[tokio::test]
async fn a_disconnect_instead_of_an_answer_to_the_closing_tag_is_a_regular_end() {
    let (mut connection, raw) = open_client().await;
    connection.send(FOOTER.into()).await.unwrap();
    drop(raw);
    assert!(connection.next().await.is_none());
    connection.close().await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn closing_ends_after_five_seconds_without_answer() {
    let (mut connection, raw) = open_client().await;
    let start = Instant::now();
    let error = connection.close().await.unwrap_err();
    assert!(matches!(error, TransportError::TimedOut { stage: Stage::Closing }), "{error:?}");
    assert_eq!(start.elapsed(), Duration::from_secs(5));
    drop(connection);
    assert_eq!(rest(raw).await, FOOTER);
}

#[tokio::test(start_paused = true)]
async fn reading_after_the_own_closing_tag_ends_after_five_seconds() {
    let (mut connection, _raw) = open_client().await;
    let start = Instant::now();
    connection.send(FOOTER.into()).await.unwrap();
    assert!(connection.next().await.is_none());
    assert_eq!(start.elapsed(), Duration::from_secs(5));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_reads_nothing_does_not_block_closing() {
    let (io, mut raw) = tokio::io::duplex(64);
    let mut connection = server::tcp(io, LIMIT);
    assert!(connection.feed(header()).now_or_never().is_some());
    raw.write_all(b"<").await.unwrap();
    let start = Instant::now();
    connection.close().await.unwrap_err();
    assert_eq!(start.elapsed(), Duration::from_secs(5));
}

#[tokio::test]
async fn white_space_is_a_frame() {
    let (mut connection, mut raw) = open_client().await;
    raw.write_all(b"\n \n").await.unwrap();
    assert_eq!(connection.next().await.unwrap().unwrap().as_str(), " ");
    connection.send(Frame::from(" ")).await.unwrap();
    let mut sent = [0];
    raw.read_exact(&mut sent).await.unwrap();
    assert_eq!(&sent, b" ");
}
