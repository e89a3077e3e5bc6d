//! REST requests through a proxy.

use crate::hyper::{OK, certificate, read_request, request};
use crate::proxies::{CREDENTIALS, Kind, ProxyServer};
use http::Method;
use mfly_api::http::{HttpBackend, HttpError, ResponseLimits};
use mfly_api::hyper::{HyperBackend, Timeouts};
use mfly_transport::{Proxy, ProxyError, Tls, TransportError};
use std::error::Error;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

/// A host name that only the proxies resolve.
const HOST: &str = "api.example";

fn proxy(scheme: &str, credentials: &str, server: &ProxyServer) -> Proxy {
    format!("{scheme}://{credentials}{}", server.address).parse().unwrap()
}

/// A server that responds to one request in clear text and to one over TLS: its port, and the
/// client's trust.
async fn api() -> (u16, Tls) {
    let (tls, trust) = certificate(HOST);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        read_request(&mut socket).await;
        socket.write_all(OK).await.unwrap();
        let (socket, _) = listener.accept().await.unwrap();
        let mut socket = TlsAcceptor::from(tls.config().clone()).accept(socket).await.unwrap();
        read_request(&mut socket).await;
        socket.write_all(OK).await.unwrap();
    });
    (port, trust)
}

#[tokio::test]
async fn requests_go_through_proxies_of_every_kind() {
    for (scheme, kind) in [("http", Kind::Http), ("socks5h", Kind::Socks)] {
        for authenticates in [false, true] {
            let server = ProxyServer::start(kind, authenticates).await;
            let (port, tls) = api().await;
            let proxy = proxy(scheme, CREDENTIALS, &server);
            let backend = HyperBackend::with_proxy(&tls, Timeouts::default(), Some(proxy));
            for scheme in ["http", "https"] {
                let url = format!("{scheme}://{HOST}:{port}/x");
                let sent = request(Method::GET, &url, b"");
                let answer = backend.send(sent, ResponseLimits::JSON).await.unwrap();
                assert_eq!(answer.body(), "hi");
            }
            let target = format!("{HOST}:{port}");
            assert_eq!(server.asked(), [target.clone(), target]);
        }
    }
}

/// The reason and the port of a proxy's refusal, from the causes of the error.
async fn refusal(proxy: Proxy, url: &str) -> (ProxyError, u16) {
    let backend = HyperBackend::with_proxy(&Tls::platform(), Timeouts::default(), Some(proxy));
    let sent = request(Method::GET, url, b"");
    let error = backend.send(sent, ResponseLimits::JSON).await.unwrap_err();
    assert!(matches!(error, HttpError::Connect { .. }), "{error:?}");
    assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
    let mut cause: Option<&(dyn Error + 'static)> = Some(&error);
    while let Some(error) = cause {
        if let Some(TransportError::Proxy { reason, port, .. }) = error.downcast_ref() {
            return (*reason, *port);
        }
        cause = error.source();
    }
    panic!("the proxy is not among the causes");
}

#[tokio::test]
async fn a_proxys_refusal_is_the_cause_of_a_connect_error() {
    let server = ProxyServer::start(Kind::Http, true).await;
    let proxied = proxy("http", "alice:s3cret@", &server);
    let (reason, port) = refusal(proxied, "http://api.example/x").await;
    assert_eq!((reason, port), (ProxyError::Authentication, 80));
    let server = ProxyServer::refusing(Kind::Socks).await;
    let proxied = proxy("socks5h", "alice:s3cret@", &server);
    let (reason, port) = refusal(proxied, "https://api.example/x").await;
    assert_eq!((reason, port), (ProxyError::Unreachable, 443));
}
