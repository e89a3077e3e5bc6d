//! Clients at the door: what is let in and what is told to the others.

use crate::setup::{LIMIT, PATIENCE};
use mfly_transport::{Connection, Stage, TransportError, server};
use std::io::ErrorKind;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const REQUEST: &str = "GET /websocket HTTP/1.1\r\nHost: a.example\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Protocol: xmpp\r\nSec-WebSocket-Version: 13\r\n\r\n";

/// Sends `pieces` one after the other; returns the outcome and what was answered.
async fn knock(pieces: &[&[u8]]) -> (Result<Connection, TransportError>, String) {
    // An answer has room, as it has between sockets.
    let (io, mut raw) = tokio::io::duplex(1024);
    let sending = async move {
        for piece in pieces {
            raw.write_all(piece).await.unwrap();
            tokio::task::yield_now().await;
        }
        let _ = raw.shutdown().await;
        let mut answer = vec![0; 1024];
        let mut len = 0;
        while !answer[..len].ends_with(b"\r\n\r\n") {
            match raw.read(&mut answer[len..]).await {
                Ok(0) | Err(_) => break,
                Ok(read) => len += read,
            }
        }
        answer.truncate(len);
        String::from_utf8(answer).unwrap()
    };
    tokio::join!(server::accept(io, LIMIT, PATIENCE), sending)
}

fn refusal(outcome: Result<Connection, TransportError>) -> (Option<u16>, String) {
    match outcome.unwrap_err() {
        TransportError::Handshake { status, reason, .. } => (status, reason.into_owned()),
        other => panic!("not about the handshake: {other:?}"),
    }
}

/// Whether an answer has this status and says that the connection ends.
fn is_last(answer: &str, status: u16) -> bool {
    answer.starts_with(&format!("HTTP/1.1 {status} "))
        && answer.contains("\r\nconnection: close\r\n")
}

#[tokio::test]
async fn a_request_is_understood_however_it_is_cut() {
    for at in 1..REQUEST.len() {
        let (first, second) = REQUEST.as_bytes().split_at(at);
        let (outcome, answer) = knock(&[first, second]).await;
        assert!(outcome.is_ok(), "cut at {at}");
        assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
    }
}

#[tokio::test]
async fn a_client_without_the_sub_protocol_is_told() {
    let request = REQUEST.replace("xmpp", "chat");
    let (outcome, answer) = knock(&[request.as_bytes()]).await;
    assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{answer}");
    let (status, reason) = refusal(outcome);
    assert_eq!(status, Some(400));
    assert!(reason.contains("xmpp"), "{reason}");
}

#[tokio::test]
async fn a_client_that_does_not_wait_for_the_answer_is_refused() {
    let early = [REQUEST.as_bytes(), &[0x81, 0x80, 0, 0, 0, 0]].concat();
    let (outcome, answer) = knock(&[&early]).await;
    assert!(is_last(&answer, 400), "{answer}");
    assert!(refusal(outcome).1.contains("wait"));
}

#[tokio::test]
async fn a_request_that_is_not_http_or_has_no_end_is_refused() {
    let (outcome, answer) = knock(&[b"EHLO a.example\r\n\r\n"]).await;
    assert!(is_last(&answer, 400), "{answer}");
    assert!(refusal(outcome).1.contains("not HTTP"));
    let (outcome, answer) = knock(&[&[b'x'; 64 * 1024]]).await;
    assert!(is_last(&answer, 431), "{answer}");
    assert!(refusal(outcome).1.contains("too long"));
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(65));
    let (outcome, _) = knock(&[many.as_bytes()]).await;
    assert!(refusal(outcome).1.contains("not HTTP"));
}

#[tokio::test]
async fn a_client_that_leaves_is_not_a_violation() {
    let (outcome, _) = knock(&[b"GET / HT"]).await;
    let error = outcome.unwrap_err();
    assert!(
        matches!(&error, TransportError::Io(error) if error.kind() == ErrorKind::UnexpectedEof),
        "{error:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_client_that_says_nothing_is_left_after_the_time_limit() {
    let (io, _silent) = tokio::io::duplex(64);
    let outcome = server::accept(io, LIMIT, Duration::from_secs(3)).await;
    let error = outcome.unwrap_err();
    assert!(matches!(error, TransportError::TimedOut { stage: Stage::Handshake }), "{error:?}");
}
