//! Early refusals reach clients that send their whole request before they read.

use crate::client::{DEADLINE, start};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// More bytes than the buffers of both ends of a connection.
const LARGE: usize = 16 * 1024 * 1024;

/// The answer to a client that writes everything before it reads, and fails when the connection
/// does.
async fn answer_to(address: SocketAddr, head: &str, body: &[u8]) -> String {
    let mut socket = TcpStream::connect(address).await.unwrap();
    let mut answer = String::new();
    let exchange = async {
        socket.write_all(head.as_bytes()).await.unwrap();
        socket.write_all(body).await.unwrap();
        socket.read_to_string(&mut answer).await.unwrap();
    };
    tokio::time::timeout(DEADLINE, exchange).await.unwrap();
    answer
}

/// Whether an answer has this status and announces the end of the connection.
fn is_last(answer: &str, status: u16) -> bool {
    answer.starts_with(&format!("HTTP/1.1 {status} "))
        && answer.to_ascii_lowercase().contains("\r\nconnection: close\r\n")
}

#[tokio::test]
async fn every_early_answer_is_read_by_a_client_that_first_sends_everything() {
    let (_server, client) = start().await;
    for (request, length, status) in [
        ("POST /nowhere", LARGE, 404),
        ("POST /api/v1/nowhere", LARGE, 404),
        ("PUT /api/v1/login", LARGE, 405),
        ("POST /api/v1/login", 300_000, 413),
        ("POST /api/v1/login", LARGE, 413),
        ("POST /socket.io/?transport=pigeon", LARGE, 400),
        ("POST /socket.io/?transport=polling&EIO=3&sid=x", LARGE, 413),
        ("POST /websocket", LARGE, 405),
    ] {
        let head = format!("{request} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n");
        let answer = answer_to(client.address(), &head, &vec![b'x'; length]).await;
        assert!(is_last(&answer, status), "{request}: {answer}");
    }
}

#[tokio::test]
async fn a_chunked_request_that_is_too_long_is_answered_and_read_to_its_end() {
    let (_server, client) = start().await;
    let head = "POST /api/v1/login HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
    let chunk = format!("{:x}\r\n{}\r\n", 64 * 1024, "x".repeat(64 * 1024));
    let body = format!("{}0\r\n\r\n", chunk.repeat(LARGE / chunk.len()));
    let answer = answer_to(client.address(), head, body.as_bytes()).await;
    assert!(is_last(&answer, 413), "{answer}");
}

#[tokio::test]
async fn text_that_is_no_http_request_is_answered_and_read_to_its_end() {
    let (_server, client) = start().await;
    let long = format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n", "x".repeat(128 * 1024));
    for (head, status) in [("NONSENSE\r\n\r\n", 400), (long.as_str(), 431)] {
        let answer = answer_to(client.address(), head, &vec![b'x'; LARGE]).await;
        assert!(is_last(&answer, status), "{answer}");
    }
}

#[tokio::test]
async fn a_request_that_was_read_whole_leaves_the_connection_open_for_the_next() {
    let (_server, client) = start().await;
    let mut socket = TcpStream::connect(client.address()).await.unwrap();
    let request = "POST /api/v1/login HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}";
    for _ in 0..3 {
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"}") {
            assert!(socket.read_buf(&mut answer).await.unwrap() > 0);
        }
        assert!(answer.starts_with(b"HTTP/1.1 200 "), "{answer:?}");
    }
}
