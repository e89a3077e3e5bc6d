//! The trust in servers.

use crate::certificates::Authority;
use crate::setup::{LIMIT, TIME_LIMIT, address, listen, tcp_address};
use futures_util::{SinkExt, StreamExt};
use mfly_proto::framing::Frame;
use mfly_transport::{
    CertificateProblem, CertificateSummary, Connection, Fault, Options, Tls, TlsProblem,
    TransportError, connect, server, server_config,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Connects, with the given trust, to a server with the given certificate that sends one frame.
async fn visit(tls: Tls, (chain, key): (String, String)) -> Result<Connection, TransportError> {
    let listener = listen().await;
    let address = address("wss", &listener);
    // The server accepts only http/1.1, so the client has to offer it.
    let config = server_config(chain.as_bytes(), key.as_bytes(), &[b"http/1.1"]).unwrap();
    tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        let socket = server::secure(socket, config, TIME_LIMIT).await?;
        assert_eq!(socket.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
        let mut connection = server::accept(socket, LIMIT, TIME_LIMIT).await?;
        connection.send(Frame::from("<open/>")).await?;
        connection.next().await.transpose()
    });
    connect(&address, &Options::new(tls)).await
}

#[tokio::test]
async fn a_custom_authority_as_pem_or_der_is_trusted() {
    let authority = Authority::new();
    for roots in [authority.pem().into_bytes(), authority.der()] {
        let tls = Tls::custom(&roots).unwrap();
        let mut connection = visit(tls, authority.issue("127.0.0.1")).await.unwrap();
        assert_eq!(connection.next().await.unwrap().unwrap().as_str(), "<open/>");
    }
}

#[cfg(feature = "platform-roots")]
#[tokio::test]
async fn a_custom_authority_can_be_added_to_the_platforms() {
    let authority = Authority::new();
    let tls = Tls::platform_plus(authority.pem().as_bytes()).unwrap();
    assert!(visit(tls, authority.issue("127.0.0.1")).await.is_ok());
}

#[tokio::test]
async fn a_certificate_problem_is_named() {
    let authority = Authority::new();
    // Both authorities have one name, so that only the signature shows the difference.
    let other = Authority::new();
    let trust = Tls::custom(authority.pem().as_bytes()).unwrap();
    for (tls, certificate, expected) in [
        (trust.clone(), other.issue("127.0.0.1"), CertificateProblem::Untrusted),
        (Tls::bundled(), authority.issue("127.0.0.1"), CertificateProblem::Untrusted),
        (trust.clone(), authority.issue("other.example"), CertificateProblem::WrongName),
        (trust.clone(), authority.issue_expired("127.0.0.1"), CertificateProblem::Expired),
        (trust, authority.issue_not_yet_valid("127.0.0.1"), CertificateProblem::NotYetValid),
    ] {
        let error = visit(tls, certificate).await.unwrap_err();
        assert!(matches!(&error, TransportError::Tls { peer, .. } if peer == "127.0.0.1"));
        assert_eq!((error.fault(), error.is_retryable()), (Fault::Peer, false));
        assert_eq!(error.certificate_problem(), Some(expected), "{error:?}");
    }
}

#[tokio::test]
async fn a_server_without_tls_is_a_tls_failure() {
    let listener = listen().await;
    let address = address("wss", &listener);
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        socket.shutdown().await.unwrap();
        std::future::pending::<()>().await;
    });
    let error = connect(&address, &Options::new(Tls::bundled())).await.unwrap_err();
    assert_eq!(error.tls_problem(), Some(TlsProblem::NotTls), "{error:?}");
    assert_eq!(error.certificate_problem(), None);
}

#[tokio::test]
async fn capturing_returns_every_certificate_and_accepts_none() {
    let authority = Authority::new();
    let (chain, key) = authority.issue_expired("127.0.0.1");
    let (tls, captured) = Tls::capture_only();
    assert!(captured.certificates().is_empty());
    let both = format!("{chain}{}", authority.pem());
    let error = visit(tls.clone(), (both, key)).await.unwrap_err();
    assert_eq!(error.tls_problem(), Some(TlsProblem::Certificate(CertificateProblem::Other)));
    let certificates = captured.certificates();
    assert_eq!(certificates.len(), 2);
    assert_eq!(certificates[1], authority.der());
    let own = CertificateSummary::of(&certificates[0]).unwrap();
    assert_eq!(own.names, ["127.0.0.1"]);
    // A valid certificate is refused as well.
    assert!(visit(tls, authority.issue("127.0.0.1")).await.is_err());
    assert_eq!(captured.certificates().len(), 1);
}

#[tokio::test]
async fn tls_before_1_2_is_refused() {
    let listener = listen().await;
    let address = tcp_address("xmpps", &listener);
    tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        socket.read_buf(&mut Vec::new()).await.unwrap();
        // A server hello of TLS 1.1 (RFC 4346 §7.4.1.3).
        let hello = [&[3, 2][..], &[7; 32], &[0, 0xc0, 0x13, 0]].concat();
        let handshake = [&[2, 0, 0, hello.len() as u8], &hello[..]].concat();
        let record = [&[0x16, 3, 2, 0, handshake.len() as u8], &handshake[..]].concat();
        socket.write_all(&record).await.unwrap();
        let _ = socket.read_to_end(&mut Vec::new()).await;
    });
    let error = connect(&address, &Options::new(Tls::bundled())).await.unwrap_err();
    assert!(
        matches!(&error, TransportError::Tls { source: rustls::Error::PeerIncompatible(_), .. }),
        "{error:?}"
    );
    assert_eq!(error.tls_problem(), Some(TlsProblem::Version));
}

#[test]
fn configurations_differ_in_protocols_and_share_the_rest() {
    let tls = Tls::bundled();
    assert_eq!(tls.client_config(&[b"h2", b"http/1.1"]).alpn_protocols, [&b"h2"[..], b"http/1.1"]);
    assert!(tls.client_config(&[]).alpn_protocols.is_empty());
    assert_eq!(tls.clone().client_config(&[b"h2"]).alpn_protocols, [b"h2"]);
}

#[test]
fn an_invalid_certificate_or_key_is_refused_by_the_name_of_its_argument() {
    let damaged = "-----BEGIN CERTIFICATE-----\nMIIB\n";
    for roots in [&b""[..], b"hello", damaged.as_bytes(), &[0x30, 0x03, 1, 2, 3]] {
        assert_eq!(Tls::custom(roots).unwrap_err().name, "roots");
    }
    let (chain, key) = Authority::new().issue("a.example");
    let only_a_key = Tls::custom(key.as_bytes()).unwrap_err();
    assert_eq!(only_a_key.name, "roots");
    let refused = |chain: &str, key: &str| {
        server_config(chain.as_bytes(), key.as_bytes(), &[]).unwrap_err().name
    };
    assert_eq!(refused("", &key), "chain");
    assert_eq!(refused(&chain, ""), "key");
    assert_eq!(refused(&chain, &chain), "key");
    let (_, key_of_another) = Authority::new().issue("a.example");
    assert_eq!(refused(&chain, &key_of_another), "key");
}
