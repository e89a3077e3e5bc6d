//! Servers that refuse or violate the WebSocket handshake.

use crate::setup::{address, io_kind, listen};
use http::{HeaderName, HeaderValue, Request, Response, StatusCode, Version, header};
use mfly_transport::{
    Connection, Fault, HandshakeProblem, Options, TransportError, connect, server,
};
use std::io::ErrorKind;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Reads the head of a request as text.
pub(crate) async fn request(listener: &TcpListener) -> (TcpStream, String) {
    let (mut socket, _) = listener.accept().await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(socket.read_u8().await.unwrap());
    }
    (socket, String::from_utf8(head).unwrap())
}

/// The correct response to a request.
pub(crate) fn response(head: &str) -> Response<()> {
    let mut request = Request::builder().version(Version::HTTP_11).uri("/");
    for line in head.lines().skip(1) {
        if let Some((name, value)) = line.split_once(": ") {
            request = request.header(name, value);
        }
    }
    server::upgrade(&request.body(()).unwrap().into_parts().0).unwrap()
}

pub(crate) fn encode(response: &Response<()>) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {}\r\n", response.status());
    for (name, value) in response.headers() {
        head += &format!("{name}: {}\r\n", value.to_str().unwrap());
    }
    (head + "\r\n").into_bytes()
}

/// Connects to a server that changes the correct response by `reply`, sends it and disconnects.
async fn visit(
    reply: impl FnOnce(Response<()>) -> Vec<u8> + Send + 'static,
) -> Result<Connection, TransportError> {
    let listener = listen().await;
    let address = address("ws", &listener);
    tokio::spawn(async move {
        let (mut socket, head) = request(&listener).await;
        // The client may disconnect before the end.
        let _ = socket.write_all(&reply(response(&head))).await;
    });
    connect(&address, &Options::default()).await
}

/// The reason why a response with one changed or removed header is refused.
async fn with(name: HeaderName, value: Option<&'static str>) -> String {
    let outcome = visit(move |mut response| {
        match value {
            Some(value) => {
                drop(response.headers_mut().insert(name, HeaderValue::from_static(value)))
            }
            None => drop(response.headers_mut().remove(name)),
        }
        encode(&response)
    });
    let error = outcome.await.unwrap_err();
    let is_sub_protocol = error.handshake_problem() == Some(HandshakeProblem::SubProtocol);
    match error {
        TransportError::Handshake { status: None, reason, .. } => {
            assert_eq!(is_sub_protocol, reason.contains("sub-protocol"));
            reason.into_owned()
        }
        other => panic!("not about the handshake: {other:?}"),
    }
}

#[tokio::test]
async fn a_response_is_checked_header_by_header() {
    assert!(visit(|response| encode(&response)).await.is_ok());
    for (name, value, reason) in [
        (header::SEC_WEBSOCKET_PROTOCOL, Some("chat"), "another"),
        (header::SEC_WEBSOCKET_PROTOCOL, None, "did not choose"),
        (header::UPGRADE, Some("h2c"), "upgrade"),
        (header::CONNECTION, None, "upgrade"),
        (
            header::SEC_WEBSOCKET_ACCEPT,
            Some("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="),
            "Sec-WebSocket-Accept",
        ),
        (header::SEC_WEBSOCKET_EXTENSIONS, Some("permessage-deflate"), "extension"),
    ] {
        let refused = with(name.clone(), value).await;
        assert!(refused.contains(reason), "{name} {value:?}: {refused}");
    }
}

#[tokio::test]
async fn an_http_refusal_keeps_its_status() {
    for (refusal, is_retryable) in [(404, false), (503, true)] {
        let outcome = visit(move |mut response| {
            *response.status_mut() = StatusCode::from_u16(refusal).unwrap();
            encode(&response)
        });
        let error = outcome.await.unwrap_err();
        assert_eq!(error.is_retryable(), is_retryable);
        assert_eq!(error.fault(), Fault::Peer);
        assert_eq!(error.handshake_problem(), Some(HandshakeProblem::Status(refusal)), "{error:?}");
    }
}

#[tokio::test]
async fn an_endless_response_or_another_protocol_is_refused_at_once() {
    let endless = [b"HTTP/1.1 101 x\r\nx: ", &[b'x'; 1024 * 1024][..]].concat();
    for reply in [endless, b"220 mail.example ESMTP\r\n\r\n".to_vec()] {
        let error = visit(move |_| reply).await.unwrap_err();
        assert!(matches!(error, TransportError::Handshake { status: None, .. }), "{error:?}");
    }
}

#[tokio::test]
async fn a_disconnect_during_the_handshake_is_retryable() {
    for reply in [&b""[..], b"HTTP/1.1 101 Swi"] {
        let error = visit(move |_| reply.to_vec()).await.unwrap_err();
        assert_eq!(io_kind(&error), Some(ErrorKind::UnexpectedEof), "{error:?}");
        assert!(error.is_retryable());
    }
}

#[tokio::test]
async fn the_request_names_the_host_the_path_and_the_sub_protocol() {
    let listener = listen().await;
    let port = listener.local_addr().unwrap().port();
    let address = format!("ws://127.0.0.1:{port}/websocket?v=1").parse().unwrap();
    tokio::spawn(async move { connect(&address, &Options::default()).await });
    let (_socket, head) = request(&listener).await;
    assert!(head.starts_with("GET /websocket?v=1 HTTP/1.1\r\n"), "{head}");
    assert!(head.contains(&format!("Host: 127.0.0.1:{port}\r\n")), "{head}");
    assert!(head.contains("sec-websocket-protocol: xmpp\r\n"), "{head}");
    assert!(!head.to_lowercase().contains("extensions"), "{head}");
}

#[tokio::test]
async fn a_closed_port_is_named_in_the_error() {
    let listener = listen().await;
    let address = address("ws", &listener);
    drop(listener);
    let error = connect(&address, &Options::default()).await.unwrap_err();
    assert_eq!(error.fault(), Fault::Network);
    assert!(
        matches!(&error, TransportError::Dial { host, port, source }
            if host == "127.0.0.1" && *port == address.port()
                && source.kind() == ErrorKind::ConnectionRefused),
        "{error:?}"
    );
}

#[tokio::test]
async fn cleartext_to_another_machine_is_refused_unless_allowed() {
    // 0.0.0.0 is not a loopback address, but reaches this machine only.
    let address = "ws://0.0.0.0:9/websocket".parse().unwrap();
    let mut options = Options::default();
    let error = connect(&address, &options).await.unwrap_err();
    assert!(
        matches!(&error, TransportError::Address(argument) if argument.reason.starts_with("scheme")),
        "{error:?}"
    );
    assert_eq!(error.fault(), Fault::Caller);
    options.allow_cleartext = true;
    options.timeouts.dial = std::time::Duration::ZERO;
    let error = connect(&address, &options).await.unwrap_err();
    assert_eq!(error.fault(), Fault::Network, "{error:?}");
}

#[test]
fn a_connection_can_move_between_tasks() {
    fn movable<T: Send + Unpin + 'static>() {}
    movable::<Connection>();
    fn future_is_send<T: Send>(_: T) {}
    let (address, options) = ("ws://localhost".parse().unwrap(), Options::default());
    future_is_send(connect(&address, &options));
}

#[tokio::test]
async fn the_delay_that_a_busy_server_requests_is_in_the_error() {
    for (headers, expected) in [
        ("Retry-After: 120\r\n", Some(120)),
        (
            "Date: Wed, 21 Oct 2026 07:28:00 GMT\r\nretry-after: Wed, 21 Oct 2026 07:29:30 GMT\r\n",
            Some(90),
        ),
        ("Retry-After: soon\r\n", None),
        ("", None),
    ] {
        for status in ["503 Service Unavailable", "429 Too Many Requests"] {
            let head = format!("HTTP/1.1 {status}\r\n{headers}Content-Length: 4\r\n\r\nbusy");
            let error = visit(move |_| head.into_bytes()).await.unwrap_err();
            let asked = error.retry_after().map(|asked| asked.as_secs());
            assert_eq!(asked, expected, "{headers}");
            assert!(error.is_retryable());
        }
    }
}
