//! The default HTTP client, against raw sockets.

use bytes::Bytes;
use http::{Method, Request};
use mfly_api::http::{HttpBackend, HttpError, Progress, ResponseLimits};
use mfly_api::hyper::{HyperBackend, Timeouts};
use mfly_transport::Tls;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/x", listener.local_addr().unwrap());
    (listener, url)
}

fn backend() -> HyperBackend {
    HyperBackend::new(&Tls::platform(), Timeouts::default())
}

pub(crate) fn request(method: Method, url: &str, body: Bytes) -> Request<Bytes> {
    Request::builder().method(method).uri(url).body(body).unwrap()
}

/// Reads a request's head and as much of its body as it announces.
pub(crate) async fn read_request(socket: &mut (impl AsyncRead + Unpin)) -> String {
    let mut text = Vec::new();
    loop {
        let head_end = text.windows(4).position(|four| four == b"\r\n\r\n");
        if let Some(end) = head_end {
            let head = String::from_utf8_lossy(&text[..end]).to_lowercase();
            let length = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok())
                .unwrap_or(0);
            if text.len() >= end + 4 + length {
                return String::from_utf8_lossy(&text).into_owned();
            }
        }
        assert_ne!(socket.read_buf(&mut text).await.unwrap(), 0, "closed within a request");
    }
}

pub(crate) const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";

#[tokio::test]
async fn a_request_is_sent_and_its_answer_read() {
    let (listener, url) = listen().await;
    let server = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let text = read_request(&mut socket).await;
        socket.write_all(OK).await.unwrap();
        text
    });
    let sent = request(Method::POST, &url, Bytes::from_static(b"body"));
    let response = backend().send(sent, ResponseLimits::JSON).await.unwrap();
    assert_eq!((response.status().as_u16(), &response.body()[..]), (200, &b"hi"[..]));
    let text = server.await.unwrap();
    assert!(text.starts_with("POST /x HTTP/1.1\r\n") && text.ends_with("\r\n\r\nbody"), "{text}");
}

#[tokio::test]
async fn a_server_that_never_answers_runs_into_the_time_out() {
    let (listener, url) = listen().await;
    let call = tokio::spawn(async move {
        let sent = request(Method::GET, &url, Bytes::new());
        backend().send(sent, ResponseLimits::JSON).await
    });
    let (mut socket, _) = listener.accept().await.unwrap();
    read_request(&mut socket).await;
    tokio::time::pause();
    assert!(matches!(call.await.unwrap(), Err(HttpError::TimedOut)));
}

#[tokio::test]
async fn a_body_that_never_ends_runs_into_the_time_out() {
    let (listener, url) = listen().await;
    let mut limits = ResponseLimits::JSON;
    limits.timeout = Some(Duration::from_secs(3));
    let call = tokio::spawn(async move {
        backend().send(request(Method::GET, &url, Bytes::new()), limits).await
    });
    let (mut socket, _) = listener.accept().await.unwrap();
    read_request(&mut socket).await;
    socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab").await.unwrap();
    tokio::time::pause();
    let start = tokio::time::Instant::now();
    assert!(matches!(call.await.unwrap(), Err(HttpError::TimedOut)));
    assert!(start.elapsed() <= Duration::from_secs(4));
}

#[tokio::test]
async fn an_answer_over_the_limit_is_refused_announced_or_not() {
    let announced = b"HTTP/1.1 200 OK\r\ncontent-length: 9000000000\r\n\r\n".to_vec();
    let mut chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    chunked.extend_from_slice(b"8\r\n12345678\r\n3\r\n9ab\r\n0\r\n\r\n");
    for answer in [announced, chunked] {
        let (listener, url) = listen().await;
        let server = tokio::spawn(async move {
            let (mut socket, _) = listener.accept().await.unwrap();
            read_request(&mut socket).await;
            socket.write_all(&answer).await.unwrap();
            socket
        });
        let mut limits = ResponseLimits::JSON;
        limits.max_bytes = 10;
        let result = backend().send(request(Method::GET, &url, Bytes::new()), limits).await;
        assert!(matches!(result, Err(HttpError::TooLarge { limit: 10 })), "{result:?}");
        server.await.unwrap();
    }
}

#[tokio::test]
async fn an_answer_of_exactly_the_limit_is_accepted() {
    let (listener, url) = listen().await;
    let server = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        read_request(&mut socket).await;
        socket.write_all(OK).await.unwrap();
    });
    let mut limits = ResponseLimits::JSON;
    limits.max_bytes = 2;
    let response = backend().send(request(Method::GET, &url, Bytes::new()), limits).await.unwrap();
    assert_eq!(response.body(), "hi");
    server.await.unwrap();
}

/// A server that answers the first request and then closes the connection on the second, which it
/// has read: the moment at which a pooled connection goes stale. A third request, on a new
/// connection, is answered.
async fn closing_server(listener: TcpListener) -> usize {
    let (mut socket, _) = listener.accept().await.unwrap();
    read_request(&mut socket).await;
    socket.write_all(OK).await.unwrap();
    read_request(&mut socket).await;
    drop(socket);
    let (mut socket, _) = listener.accept().await.unwrap();
    read_request(&mut socket).await;
    socket.write_all(OK).await.unwrap();
    3
}

#[tokio::test]
async fn a_connection_that_closes_under_an_idempotent_request_is_replaced_once() {
    let (listener, url) = listen().await;
    let server = tokio::spawn(closing_server(listener));
    let backend = backend();
    for _ in 0..2 {
        let sent = request(Method::GET, &url, Bytes::new());
        assert_eq!(backend.send(sent, ResponseLimits::JSON).await.unwrap().body(), "hi");
    }
    assert_eq!(server.await.unwrap(), 3);
}

#[tokio::test]
async fn a_request_that_must_not_happen_twice_is_not_sent_again() {
    let (listener, url) = listen().await;
    let server = tokio::spawn(closing_server(listener));
    let backend = backend();
    let post = || request(Method::POST, &url, Bytes::from_static(b"{}"));
    backend.send(post(), ResponseLimits::JSON).await.unwrap();
    let result = backend.send(post(), ResponseLimits::JSON).await;
    assert!(matches!(result, Err(HttpError::Closed { .. })), "{result:?}");
    assert!(!server.is_finished());
    server.abort();
}

#[tokio::test]
async fn a_port_that_nobody_listens_on_is_a_connect_error() {
    let (listener, url) = listen().await;
    drop(listener);
    let result =
        backend().send(request(Method::GET, &url, Bytes::new()), ResponseLimits::JSON).await;
    assert!(matches!(result, Err(HttpError::Connect { .. })), "{result:?}");
}

#[tokio::test]
async fn progress_is_reported_up_to_the_whole_body() {
    let (listener, url) = listen().await;
    let server = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        read_request(&mut socket).await;
        socket.write_all(OK).await.unwrap();
    });
    let reports: Arc<Mutex<Vec<(u64, u64)>>> = Arc::default();
    let seen = reports.clone();
    let mut sent = request(Method::PUT, &url, Bytes::from(vec![b'x'; 200_000]));
    sent.extensions_mut()
        .insert(Progress::new(move |sent, total| seen.lock().unwrap().push((sent, total))));
    backend().send(sent, ResponseLimits::JSON).await.unwrap();
    server.await.unwrap();
    let reports = reports.lock().unwrap();
    assert_eq!(
        *reports,
        [(65_536, 200_000), (131_072, 200_000), (196_608, 200_000), (200_000, 200_000)]
    );
}

/// A certificate for this machine that signs itself, and a server that speaks TLS with it and
/// answers one request.
async fn tls_server() -> (String, String, tokio::task::JoinHandle<Option<String>>) {
    let names = ["127.0.0.1".to_owned()];
    let certificate = rcgen::generate_simple_self_signed(names).unwrap();
    let pem = certificate.cert.pem();
    let key = certificate.signing_key.serialize_pem();
    let config = mfly_transport::server_config(pem.as_bytes(), key.as_bytes(), &[]).unwrap();
    let (listener, url) = listen().await;
    let server = tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        let mut socket = TlsAcceptor::from(config).accept(socket).await.ok()?;
        let text = read_request(&mut socket).await;
        socket.write_all(OK).await.unwrap();
        Some(text)
    });
    (url.replace("http:", "https:"), pem, server)
}

#[tokio::test]
async fn https_is_spoken_with_the_roots_of_the_configuration() {
    let (url, pem, server) = tls_server().await;
    let backend = HyperBackend::new(&Tls::custom(pem.as_bytes()).unwrap(), Timeouts::default());
    let sent = request(Method::GET, &url, Bytes::new());
    assert_eq!(backend.send(sent, ResponseLimits::JSON).await.unwrap().body(), "hi");
    assert!(server.await.unwrap().unwrap().starts_with("GET /x HTTP/1.1\r\n"));
}

#[tokio::test]
async fn a_certificate_from_nowhere_is_a_connect_error_and_sees_no_request() {
    let (url, _, server) = tls_server().await;
    let (_, other, unused) = tls_server().await;
    let backend = HyperBackend::new(&Tls::custom(other.as_bytes()).unwrap(), Timeouts::default());
    let result = backend.send(request(Method::GET, &url, Bytes::new()), ResponseLimits::JSON).await;
    assert!(matches!(result, Err(HttpError::Connect { .. })), "{result:?}");
    assert_eq!(server.await.unwrap(), None);
    unused.abort();
}
