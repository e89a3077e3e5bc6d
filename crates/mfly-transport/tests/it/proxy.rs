//! Connections through a proxy.

use crate::proxies::{CREDENTIALS, Kind, ProxyServer};
use crate::setup::{self, TIME_LIMIT, accepted, listen, opened, read_until, tls};
use futures_util::{SinkExt, StreamExt};
use mfly_proto::framing::Frame;
use mfly_transport::{
    Address, Connection, Fault, Options, Proxy, ProxyError, StartTls, Tls, TransportError, connect,
    dial_tcp,
};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn proxy(scheme: &str, credentials: &str, address: SocketAddr) -> Proxy {
    format!("{scheme}://{credentials}{address}").parse().unwrap()
}

/// Connects through a proxy to a server whose name only the proxy resolves, by each scheme.
async fn through(proxy: &Proxy) {
    let host = "server.example";
    let (tls, trust) = tls(host, &[]);
    for scheme in ["wss", "xmpps", "xmpp"] {
        let listener = listen().await;
        let options = Options { proxy: Some(proxy.clone()), ..Options::new(trust.clone()) };
        let port = listener.local_addr().unwrap().port();
        let address: Address = format!("{scheme}://{host}:{port}").parse().unwrap();
        let serving = setup::serve(&listener, scheme, &tls, host);
        let (client, server) = tokio::join!(connect(&address, &options), serving);
        let mut ends: (Connection, Connection) = (client.unwrap(), server.unwrap());
        if scheme != "wss" {
            ends = opened(ends).await;
        }
        ends.0.send(Frame::from("<a/>")).await.unwrap();
        assert_eq!(ends.1.next().await.unwrap().unwrap().as_str(), "<a/>");
    }
}

#[tokio::test]
async fn every_scheme_goes_through_a_proxy_that_resolves_the_host() {
    for (scheme, kind) in [("http", Kind::Http), ("socks5h", Kind::Socks)] {
        for (authenticates, credentials) in [(false, ""), (true, CREDENTIALS), (false, CREDENTIALS)]
        {
            let server = ProxyServer::start(kind, authenticates).await;
            through(&proxy(scheme, credentials, server.address)).await;
            let asked = server.asked();
            assert_eq!(asked.len(), 3);
            assert!(asked.iter().all(|target| target.starts_with("server.example:")));
        }
    }
}

/// The error of connecting to a port of this machine through a proxy.
async fn failure(proxy: Proxy, host: &str) -> TransportError {
    let listener = listen().await;
    let port = listener.local_addr().unwrap().port();
    dial_tcp(host, port, Some(&proxy), TIME_LIMIT).await.unwrap_err()
}

async fn refusal(proxy: Proxy) -> ProxyError {
    let name = proxy.to_string();
    let error = failure(proxy, "server.example").await;
    assert!(!format!("{error:?} {error}").contains("s3cret"), "{error:?}");
    match error {
        TransportError::Proxy { proxy, host, reason, .. } => {
            assert_eq!((proxy, &*host), (name, "server.example"));
            reason
        }
        other => panic!("not about the proxy: {other:?}"),
    }
}

#[tokio::test]
async fn a_proxy_that_refuses_the_credentials_is_an_error() {
    for (scheme, kind) in [("http", Kind::Http), ("socks5h", Kind::Socks)] {
        let server = ProxyServer::start(kind, true).await;
        for credentials in ["", "alice@", "alice:s3cret@", "bob:s3cret%3A%40@"] {
            let reason = refusal(proxy(scheme, credentials, server.address)).await;
            assert_eq!(reason, ProxyError::Authentication, "{scheme} {credentials}");
        }
        assert!(server.asked().is_empty());
    }
    let server = ProxyServer::start(Kind::Http, true).await;
    let error = failure(proxy("http", "", server.address), "server.example").await;
    assert!(!error.is_retryable());
    assert_eq!(error.fault(), Fault::Caller);
}

#[tokio::test]
async fn a_proxy_that_cannot_reach_the_server_is_a_retryable_network_error() {
    for (scheme, kind, expected) in [
        ("http", Kind::Http, ProxyError::Status(502)),
        ("socks5h", Kind::Socks, ProxyError::Unreachable),
    ] {
        let server = ProxyServer::refusing(kind).await;
        assert_eq!(refusal(proxy(scheme, "", server.address)).await, expected);
        let error = failure(proxy(scheme, "", server.address), "server.example").await;
        assert_eq!((error.is_retryable(), error.fault()), (true, Fault::Network));
    }
}

#[tokio::test]
async fn an_unreachable_proxy_is_named_in_the_error() {
    let listener = listen().await;
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = failure(proxy("http", CREDENTIALS, address), "server.example").await;
    let expected = address.port();
    assert!(
        matches!(&error, TransportError::Dial { host, port, .. }
            if host == "127.0.0.1" && *port == expected),
        "{error:?}"
    );
}

#[tokio::test]
async fn a_proxy_of_the_other_protocol_is_detected_at_once() {
    let listener = listen().await;
    let address = listener.local_addr().unwrap();
    for (scheme, answer) in [
        ("socks5h", &b"HTTP/1.1 400 Bad Request\r\n\r\n"[..]),
        ("http", &[5, 0xff, b'\r', b'\n', b'\r', b'\n'][..]),
    ] {
        let answering = async {
            let mut socket = accepted(&listener).await;
            socket.write_all(answer).await.unwrap();
            let _ = socket.read_to_end(&mut Vec::new()).await;
        };
        let (reason, ()) = tokio::join!(refusal(proxy(scheme, "", address)), answering);
        assert_eq!(reason, ProxyError::Protocol, "{scheme}");
    }
}

/// The error for a response of an HTTP proxy.
async fn answered(answer: &[u8]) -> ProxyError {
    let listener = listen().await;
    let address = listener.local_addr().unwrap();
    let answering = async {
        let mut socket = accepted(&listener).await;
        read_until(&mut socket, "\r\n\r\n").await;
        // The client may disconnect before the end.
        let _ = socket.write_all(answer).await;
    };
    tokio::join!(refusal(proxy("http", "", address)), answering).0
}

#[tokio::test]
async fn an_invalid_response_is_refused() {
    let endless = [b"HTTP/1.1 200 OK\r\nx: ", &[b'x'; 64 * 1024][..]].concat();
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "x: y\r\n".repeat(65));
    for (response, expected) in [
        (&endless[..], ProxyError::Protocol),
        (many.as_bytes(), ProxyError::Protocol),
        (b"220 ready\r\n\r\n", ProxyError::Protocol),
        (b"HTTP/1.1 200", ProxyError::Closed),
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", ProxyError::NotAllowed),
    ] {
        assert_eq!(answered(response).await, expected, "{} bytes", response.len());
    }
}

#[tokio::test]
async fn bytes_after_the_proxys_response_belong_to_the_server() {
    let head = b"HTTP/1.1 200 OK\r\nServer: x\r\n\r\n";
    for at in 1..=head.len() {
        let listener = listen().await;
        let address = listener.local_addr().unwrap();
        let answering = async {
            let mut socket = accepted(&listener).await;
            socket.set_nodelay(true).unwrap();
            read_until(&mut socket, "\r\n\r\n").await;
            let (first, second) = head.split_at(at);
            socket.write_all(first).await.unwrap();
            tokio::task::yield_now().await;
            socket.write_all(&[second, b"hello"].concat()).await.unwrap();
        };
        let proxy = proxy("http", "", address);
        let dialling = dial_tcp("server.example", 5222, Some(&proxy), TIME_LIMIT);
        let (socket, ()) = tokio::join!(dialling, answering);
        let mut hello = String::new();
        socket.unwrap().read_to_string(&mut hello).await.unwrap();
        assert_eq!(hello, "hello", "cut at {at}");
    }
}

#[tokio::test]
async fn socks5_resolves_the_host_on_this_machine_and_tries_its_addresses() {
    let server = ProxyServer::refusing(Kind::Socks).await;
    let error = failure(proxy("socks5", "", server.address), "localhost").await;
    assert!(matches!(error, TransportError::Proxy { .. }), "{error:?}");
    let asked = server.asked();
    assert!(!asked.is_empty());
    for target in asked {
        let address: SocketAddr = target.parse().unwrap();
        assert!(address.ip().is_loopback());
    }
    // A name that this machine cannot resolve.
    let error = failure(proxy("socks5", "", server.address), "a.invalid").await;
    assert!(
        matches!(&error, TransportError::Dial { host, .. } if host == "a.invalid"),
        "{error:?}"
    );
}

#[tokio::test]
async fn an_ip_address_is_sent_to_the_proxy() {
    let server = ProxyServer::refusing(Kind::Socks).await;
    failure(proxy("socks5h", "", server.address), "192.0.2.1").await;
    failure(proxy("socks5", "", server.address), "[2001:db8::1]").await;
    let asked = server.asked();
    assert!(asked[0].starts_with("192.0.2.1:"), "{asked:?}");
    assert!(asked[1].starts_with("[2001:db8::1]:"), "{asked:?}");
    let server = ProxyServer::refusing(Kind::Http).await;
    failure(proxy("http", "", server.address), "2001:db8::1").await;
    assert!(server.asked()[0].starts_with("[2001:db8::1]:"));
}

#[tokio::test]
async fn clear_text_through_a_proxy_is_allowed_to_this_machine_only() {
    let server = ProxyServer::start(Kind::Socks, false).await;
    let options = Options {
        proxy: Some(proxy("socks5h", "", server.address)),
        start_tls: StartTls::Disabled,
        ..Options::new(Tls::bundled())
    };
    for address in ["ws://server.example/", "xmpp://server.example", "xmpp://192.0.2.1"] {
        let error = connect(&address.parse().unwrap(), &options).await.unwrap_err();
        assert!(matches!(error, TransportError::Address(_)), "{error:?}");
    }
    assert!(server.asked().is_empty());
    let listener = listen().await;
    let address = setup::tcp_address("xmpp", &listener);
    assert!(connect(&address, &options).await.is_ok());
}
