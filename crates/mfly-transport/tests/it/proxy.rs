//! Connecting through a proxy.

use crate::proxies::{CREDENTIALS, Kind, ProxyServer};
use crate::setup::{self, LIMIT, PATIENCE, accepted, listen, opened, read_until, tls};
use futures_util::{SinkExt, StreamExt};
use mfly_proto::framing::Frame;
use mfly_transport::{
    Address, Connection, Fault, Options, Proxy, ProxyError, StartTls, Tls, TransportError, connect,
    dial_tcp, server,
};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn proxy(scheme: &str, credentials: &str, address: SocketAddr) -> Proxy {
    format!("{scheme}://{credentials}{address}").parse().unwrap()
}

/// Connects through a proxy to a server that is known to it alone, over each kind of connection.
async fn through(proxy: &Proxy) {
    let host = "server.example";
    let (tls, trust) = tls(host, &[]);
    for scheme in ["wss", "xmpps", "xmpp"] {
        let listener = listen().await;
        let options = Options { proxy: Some(proxy.clone()), ..Options::new(trust.clone()) };
        let port = listener.local_addr().unwrap().port();
        let address: Address = format!("{scheme}://{host}:{port}").parse().unwrap();
        let serving = async {
            let (socket, config) = (accepted(&listener).await, tls.config().clone());
            match scheme {
                "xmpp" => {
                    let stream = server::start_tls(socket, host, config, PATIENCE).await?;
                    Ok(setup::secured(stream, &tls))
                }
                "xmpps" => {
                    let stream = server::secure(socket, config, PATIENCE).await?;
                    Ok(setup::secured(stream, &tls))
                }
                _ => {
                    let stream = server::secure(socket, config, PATIENCE).await?;
                    server::accept(stream, LIMIT, PATIENCE).await
                }
            }
        };
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
async fn every_scheme_goes_through_an_http_proxy_which_looks_the_host_up() {
    let server = ProxyServer::start(Kind::Http, false).await;
    through(&proxy("http", "", server.address)).await;
    let asked = server.asked();
    assert_eq!(asked.len(), 3);
    assert!(asked.iter().all(|target| target.starts_with("server.example:")));
}

#[tokio::test]
async fn every_scheme_goes_through_a_socks_proxy_which_looks_the_host_up() {
    let server = ProxyServer::start(Kind::Socks, false).await;
    through(&proxy("socks5h", "", server.address)).await;
    let asked = server.asked();
    assert_eq!(asked.len(), 3);
    assert!(asked.iter().all(|target| target.starts_with("server.example:")));
}

#[tokio::test]
async fn a_proxy_that_asks_for_them_is_told_name_and_password() {
    let server = ProxyServer::start(Kind::Http, true).await;
    through(&proxy("http", CREDENTIALS, server.address)).await;
    let server = ProxyServer::start(Kind::Socks, true).await;
    through(&proxy("socks5h", CREDENTIALS, server.address)).await;
    // One that does not ask is not told.
    let server = ProxyServer::start(Kind::Socks, false).await;
    through(&proxy("socks5h", CREDENTIALS, server.address)).await;
}

/// Connects to a port of this machine through a proxy, and says why that failed.
async fn failure(proxy: Proxy, host: &str) -> TransportError {
    let listener = listen().await;
    let port = listener.local_addr().unwrap().port();
    dial_tcp(host, port, Some(&proxy), PATIENCE).await.unwrap_err()
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
async fn a_proxy_that_wants_other_credentials_says_so() {
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
async fn a_proxy_that_cannot_reach_the_server_is_worth_another_try() {
    let server = ProxyServer::refusing(Kind::Http).await;
    let reason = refusal(proxy("http", "", server.address)).await;
    assert_eq!(reason, ProxyError::Status(502));
    let server = ProxyServer::refusing(Kind::Socks).await;
    let reason = refusal(proxy("socks5h", "", server.address)).await;
    assert_eq!(reason, ProxyError::Unreachable);
    let error = failure(proxy("socks5h", "", server.address), "server.example").await;
    assert!(error.is_retryable());
    assert_eq!(error.fault(), Fault::Network);
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_named_in_the_error() {
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
async fn a_proxy_of_the_other_kind_is_not_waited_for() {
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

/// What is made of an HTTP proxy that answers like this and leaves.
async fn answered(answer: &[u8]) -> ProxyError {
    let listener = listen().await;
    let address = listener.local_addr().unwrap();
    let answering = async {
        let mut socket = accepted(&listener).await;
        read_until(&mut socket, "\r\n\r\n").await;
        // A client that has seen enough leaves.
        let _ = socket.write_all(answer).await;
    };
    tokio::join!(refusal(proxy("http", "", address)), answering).0
}

#[tokio::test]
async fn an_answer_without_end_or_sense_is_refused() {
    let endless = [b"HTTP/1.1 200 OK\r\nx: ", &[b'x'; 64 * 1024][..]].concat();
    assert_eq!(answered(&endless).await, ProxyError::Protocol);
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "x: y\r\n".repeat(65));
    assert_eq!(answered(many.as_bytes()).await, ProxyError::Protocol);
    assert_eq!(answered(b"220 ready\r\n\r\n").await, ProxyError::Protocol);
    assert_eq!(answered(b"HTTP/1.1 200").await, ProxyError::Closed);
    let forbidden = b"HTTP/1.1 403 Forbidden\r\n\r\n";
    assert_eq!(answered(forbidden).await, ProxyError::NotAllowed);
}

#[tokio::test]
async fn what_follows_the_proxys_answer_belongs_to_the_server() {
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
        let dialling = dial_tcp("server.example", 5222, Some(&proxy), PATIENCE);
        let (socket, ()) = tokio::join!(dialling, answering);
        let mut hello = String::new();
        socket.unwrap().read_to_string(&mut hello).await.unwrap();
        assert_eq!(hello, "hello", "cut at {at}");
    }
}

#[tokio::test]
async fn socks5_looks_the_host_up_here_and_tries_its_addresses() {
    let server = ProxyServer::refusing(Kind::Socks).await;
    let error = failure(proxy("socks5", "", server.address), "localhost").await;
    assert!(matches!(error, TransportError::Proxy { .. }), "{error:?}");
    let asked = server.asked();
    assert!(!asked.is_empty());
    for target in asked {
        let address: SocketAddr = target.parse().unwrap();
        assert!(address.ip().is_loopback());
    }
    // A name that only the proxy could know.
    let error = failure(proxy("socks5", "", server.address), "a.invalid").await;
    assert!(
        matches!(&error, TransportError::Dial { host, .. } if host == "a.invalid"),
        "{error:?}"
    );
}

#[tokio::test]
async fn an_ip_address_reaches_the_proxy_as_such() {
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
async fn clear_text_goes_through_a_proxy_to_this_machine_only() {
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
