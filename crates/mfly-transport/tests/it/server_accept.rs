//! The WebSocket handshake of a server without HTTP stack.

use crate::setup::{LIMIT, TIME_LIMIT, io_kind};
use mfly_transport::{Connection, Stage, TransportError, server};
use std::io::ErrorKind;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const REQUEST: &str = "GET /websocket HTTP/1.1\r\nHost: a.example\r\nUpgrade: websocket\r\n\
    Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
    Sec-WebSocket-Protocol: xmpp\r\nSec-WebSocket-Version: 13\r\n\r\n";

/// Sends `pieces` one by one, and returns the result and the response.
async fn knock(pieces: &[&[u8]]) -> (Result<Connection, TransportError>, String) {
    // The pipe has room for a response, as sockets have.
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
    tokio::join!(server::accept(io, LIMIT, TIME_LIMIT), sending)
}

fn refusal(outcome: Result<Connection, TransportError>) -> (Option<u16>, String) {
    match outcome.unwrap_err() {
        TransportError::Handshake { status, reason, .. } => (status, reason.into_owned()),
        other => panic!("not about the handshake: {other:?}"),
    }
}

/// Whether a response has this status and ends the connection.
fn is_last(answer: &str, status: u16) -> bool {
    answer.starts_with(&format!("HTTP/1.1 {status} "))
        && answer.contains("\r\nconnection: close\r\n")
}

#[tokio::test]
async fn a_request_is_read_from_pieces_of_any_size() {
    for at in 1..REQUEST.len() {
        let (first, second) = REQUEST.as_bytes().split_at(at);
        let (outcome, answer) = knock(&[first, second]).await;
        assert!(outcome.is_ok(), "cut at {at}");
        assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
    }
}

#[tokio::test]
async fn an_invalid_request_is_refused_with_a_response() {
    let early = [REQUEST.as_bytes(), &[0x81, 0x80, 0, 0, 0, 0]].concat();
    let many = format!("GET / HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(65));
    for (row, request, status, expected) in [
        ("no sub-protocol", REQUEST.replace("xmpp", "chat").into_bytes(), 400, "xmpp"),
        ("a frame before the response", early, 400, "wait"),
        ("not HTTP", b"EHLO a.example\r\n\r\n".to_vec(), 400, "not HTTP"),
        ("no end", vec![b'x'; 64 * 1024], 431, "too long"),
        ("too many headers", many.into_bytes(), 400, "not HTTP"),
    ] {
        let (outcome, answer) = knock(&[&request]).await;
        assert!(is_last(&answer, status), "{row}: {answer}");
        let (found, reason) = refusal(outcome);
        assert_eq!(found, Some(status), "{row}");
        assert!(reason.contains(expected), "{row}: {reason}");
    }
}

#[tokio::test]
async fn a_client_that_disconnects_is_not_a_violation() {
    let (outcome, _) = knock(&[b"GET / HT"]).await;
    let error = outcome.unwrap_err();
    assert_eq!(io_kind(&error), Some(ErrorKind::UnexpectedEof), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_silent_client_exceeds_the_time_limit() {
    let (io, _silent) = tokio::io::duplex(64);
    let outcome = server::accept(io, LIMIT, Duration::from_secs(3)).await;
    let error = outcome.unwrap_err();
    assert!(matches!(error, TransportError::TimedOut { stage: Stage::Handshake }), "{error:?}");
}
