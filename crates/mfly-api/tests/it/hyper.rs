//! The built-in HTTP client against raw sockets.

use bytes::Bytes;
use http::{Method, Request, Response};
use mfly_api::http::{HttpBackend, HttpError, Progress, ResponseLimits};
use mfly_api::hyper::{HyperBackend, Timeouts};
use mfly_transport::{ServerTls, Tls};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// A response with the body `hi`.
pub(crate) const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi";

async fn listen() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/x", listener.local_addr().unwrap());
    (listener, url)
}

pub(crate) fn backend() -> HyperBackend {
    HyperBackend::new(&Tls::platform(), Timeouts::default())
}

pub(crate) fn request(method: Method, url: &str, body: &'static [u8]) -> Request<Bytes> {
    Request::builder().method(method).uri(url).body(Bytes::from_static(body)).unwrap()
}

async fn get(
    backend: &HyperBackend,
    url: &str,
    limits: ResponseLimits,
) -> Result<Response<Bytes>, HttpError> {
    backend.send(request(Method::GET, url, b""), limits).await
}

/// Reads the head of a request and its announced body.
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

/// A server that reads one request, sends a response, closes the connection, and returns the
/// request.
async fn respond(response: &[u8]) -> (String, JoinHandle<String>) {
    let (listener, url) = listen().await;
    let response = response.to_vec();
    let server = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let text = read_request(&mut socket).await;
        let _ = socket.write_all(&response).await;
        text
    });
    (url, server)
}

fn limits(max_bytes: usize) -> ResponseLimits {
    let mut limits = ResponseLimits::JSON;
    limits.max_bytes = max_bytes;
    limits
}

#[tokio::test]
async fn a_request_is_sent_and_its_response_read() {
    let (url, server) = respond(OK).await;
    let sent = request(Method::POST, &url, b"body");
    let response = backend().send(sent, ResponseLimits::JSON).await.unwrap();
    assert_eq!((response.status().as_u16(), &response.body()[..]), (200, &b"hi"[..]));
    let text = server.await.unwrap();
    assert!(text.starts_with("POST /x HTTP/1.1\r\n") && text.ends_with("\r\n\r\nbody"), "{text}");
}

#[tokio::test]
async fn a_response_must_be_complete_and_within_the_limit() {
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let too_large = |error: &_| matches!(error, HttpError::TooLarge { .. });
    let closed = |error: &_| matches!(error, HttpError::Closed { .. });
    type Expected = Option<fn(&HttpError) -> bool>;
    let rows: [(&str, String, usize, Expected); 6] = [
        ("exactly the limit", String::from_utf8(OK.to_vec()).unwrap(), 2, None),
        (
            "announced above the limit",
            "HTTP/1.1 200 OK\r\ncontent-length: 9000000000\r\n\r\n".to_owned(),
            10,
            Some(too_large),
        ),
        (
            "above the limit without announcement",
            format!("{chunked}8\r\n12345678\r\n3\r\n9ab\r\n0\r\n\r\n"),
            10,
            Some(too_large),
        ),
        (
            "shorter than announced",
            "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab".to_owned(),
            10,
            Some(closed),
        ),
        ("ends within a chunk", format!("{chunked}5\r\nab"), 10, Some(closed)),
        ("ends before the last chunk", format!("{chunked}2\r\nab\r\n"), 10, Some(closed)),
    ];
    for (row, response, limit, expected) in rows {
        let (url, server) = respond(response.as_bytes()).await;
        match (get(&backend(), &url, limits(limit)).await, expected) {
            (Ok(response), None) => assert_eq!(response.body(), "hi", "{row}"),
            (Err(error), Some(is_expected)) => assert!(is_expected(&error), "{row}: {error:?}"),
            (result, _) => panic!("{row}: {result:?}"),
        }
        server.await.unwrap();
    }
}

#[tokio::test]
async fn a_server_that_stops_responding_runs_into_the_time_limit() {
    for response in [&b""[..], b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab"] {
        let (listener, url) = listen().await;
        let mut limits = ResponseLimits::JSON;
        limits.timeout = Some(Duration::from_secs(3));
        let call = tokio::spawn(async move { get(&backend(), &url, limits).await });
        let (mut socket, _) = listener.accept().await.unwrap();
        read_request(&mut socket).await;
        socket.write_all(response).await.unwrap();
        tokio::time::pause();
        let start = tokio::time::Instant::now();
        assert!(matches!(call.await.unwrap(), Err(HttpError::TimedOut)));
        assert!(start.elapsed() <= Duration::from_secs(4));
        tokio::time::resume();
    }
}

/// A server that responds to the first request, reads the second and closes the connection, and
/// responds to a third request on a new connection.
async fn closing_server(listener: TcpListener) {
    let (mut socket, _) = listener.accept().await.unwrap();
    read_request(&mut socket).await;
    socket.write_all(OK).await.unwrap();
    read_request(&mut socket).await;
    drop(socket);
    let (mut socket, _) = listener.accept().await.unwrap();
    read_request(&mut socket).await;
    socket.write_all(OK).await.unwrap();
}

#[tokio::test]
async fn only_an_idempotent_request_is_repeated_after_the_connection_closed_under_it() {
    for (method, is_repeated) in [(Method::GET, true), (Method::POST, false)] {
        let (listener, url) = listen().await;
        let server = tokio::spawn(closing_server(listener));
        let backend = backend();
        let send = || backend.send(request(method.clone(), &url, b"{}"), ResponseLimits::JSON);
        send().await.unwrap();
        let result = send().await;
        if is_repeated {
            assert_eq!(result.unwrap().body(), "hi");
            server.await.unwrap();
        } else {
            assert!(matches!(result, Err(HttpError::Closed { .. })), "{result:?}");
            assert!(!server.is_finished());
            server.abort();
        }
    }
}

#[tokio::test]
async fn a_closed_port_is_a_connect_error() {
    let (listener, url) = listen().await;
    drop(listener);
    let result = get(&backend(), &url, ResponseLimits::JSON).await;
    assert!(matches!(result, Err(HttpError::Connect { .. })), "{result:?}");
}

#[tokio::test]
async fn progress_is_reported_up_to_the_whole_body() {
    let (url, server) = respond(OK).await;
    let reports: Arc<Mutex<Vec<(u64, u64)>>> = Arc::default();
    let seen = reports.clone();
    let mut sent = request(Method::PUT, &url, &[b'x'; 200_000]);
    sent.extensions_mut()
        .insert(Progress::new(move |sent, total| seen.lock().unwrap().push((sent, total))));
    backend().send(sent, ResponseLimits::JSON).await.unwrap();
    server.await.unwrap();
    let expected = [65_536, 131_072, 196_608, 200_000].map(|sent| (sent, 200_000));
    assert_eq!(*reports.lock().unwrap(), expected);
}

/// A self-signed certificate for a host, and a client's settings that trust it.
pub(crate) fn certificate(host: &str) -> (ServerTls, Tls) {
    let certificate = rcgen::generate_simple_self_signed([host.to_owned()]).unwrap();
    let (pem, key) = (certificate.cert.pem(), certificate.signing_key.serialize_pem());
    let server = ServerTls::new(pem.as_bytes(), key.as_bytes(), &[]).unwrap();
    (server, Tls::custom(pem.as_bytes()).unwrap())
}

#[tokio::test]
async fn https_trusts_the_configured_roots_and_sends_nothing_to_other_servers() {
    let (tls, trusting) = certificate("127.0.0.1");
    let (_, distrusting) = certificate("127.0.0.1");
    for (trust, is_trusted) in [(trusting, true), (distrusting, false)] {
        let (listener, url) = listen().await;
        let acceptor = TlsAcceptor::from(tls.config().clone());
        let server = tokio::spawn(async move {
            let (socket, _) = listener.accept().await.unwrap();
            let mut socket = acceptor.accept(socket).await.ok()?;
            let text = read_request(&mut socket).await;
            socket.write_all(OK).await.unwrap();
            Some(text)
        });
        let backend = HyperBackend::new(&trust, Timeouts::default());
        let result = get(&backend, &url.replace("http:", "https:"), ResponseLimits::JSON).await;
        let received = server.await.unwrap();
        if is_trusted {
            assert_eq!(result.unwrap().body(), "hi");
            assert!(received.unwrap().starts_with("GET /x HTTP/1.1\r\n"));
        } else {
            assert!(matches!(result, Err(HttpError::Connect { .. })), "{result:?}");
            assert_eq!(received, None);
        }
    }
}
