//! STARTTLS and direct TLS, against a real TLS client.

use crate::client::{DEADLINE, until};
use crate::tcp::HEADER;
use crate::xmpp::{Xmpp, roots};
use mfly_testserver::TestServer;
use mfly_transport::{Options, StartTlsError, TransportError, connect};
use rustls_pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

const STARTTLS: &str = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";

async fn dial(server: &TestServer) -> TcpStream {
    TcpStream::connect(server.tcp_listen_address().unwrap()).await.unwrap()
}

/// Reads a connection until it ends or breaks.
async fn rest(socket: &mut TcpStream) -> String {
    let mut said = Vec::new();
    let reading = async { while matches!(socket.read_buf(&mut said).await, Ok(1..)) {} };
    tokio::time::timeout(DEADLINE, reading).await.unwrap();
    String::from_utf8_lossy(&said).into_owned()
}

/// Reads up to `<proceed/>`.
async fn proceed(socket: &mut TcpStream) {
    until(socket, "<proceed xmlns=\"urn:ietf:params:xml:ns:xmpp-tls\"/>").await;
}

async fn refusal(server: &TestServer) -> TransportError {
    let address = server.tcp_address().unwrap().parse().unwrap();
    connect(&address, &Options::new(roots(server))).await.unwrap_err()
}

fn reason(error: TransportError) -> StartTlsError {
    match error {
        TransportError::StartTls { reason, .. } => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_client_is_secured_and_both_sides_see_the_same_channel() {
    let server = TestServer::builder().scram(true).start().await.unwrap();
    for url in [server.tcp_address().unwrap(), server.tcps_address().unwrap()] {
        let mut stream = Xmpp::dial(&server, &url).await;
        let security = stream.connection().security().unwrap().clone();
        let alpn = url.starts_with("xmpps").then(|| b"xmpp-client".to_vec());
        assert_eq!(security.alpn, alpn);
        assert!(security.channel_bindings.tls_exporter.is_some());
        let features = stream.open().await;
        assert!(features.contains("SCRAM-SHA-512-PLUS"), "{features}");
    }
}

#[tokio::test]
async fn text_after_the_starttls_request_is_refused_with_a_stream_error() {
    let server = TestServer::start().await.unwrap();
    for injected in ["<presence/>", "x", " <", "\n<presence/>", "</stream:stream>", "\u{16}\u{3}"] {
        let mut socket = dial(&server).await;
        let whole = format!("{HEADER}{STARTTLS}{injected}");
        socket.write_all(whole.as_bytes()).await.unwrap();
        let said = rest(&mut socket).await;
        assert!(said.contains("<policy-violation "), "{injected:?}: {said}");
        assert!(said.ends_with("</stream:error></stream:stream>"), "{said}");
        assert_eq!(said.matches("<stream:stream ").count(), 1, "{said}");
        assert!(!said.contains("<proceed"), "{said}");
    }
    let frames = server.journal().frames();
    assert!(!frames.iter().any(|frame| frame.text.contains("<presence")), "{frames:?}");
}

#[tokio::test]
async fn a_client_may_write_white_space_between_its_request_and_tls() {
    let server = TestServer::start().await.unwrap();
    for (before, after) in [("\n", ""), (" \t\r\n", ""), ("", "\n"), ("\n", "\r\n")] {
        let mut socket = dial(&server).await;
        let whole = format!("{HEADER}{STARTTLS}{before}");
        socket.write_all(whole.as_bytes()).await.unwrap();
        proceed(&mut socket).await;
        socket.write_all(after.as_bytes()).await.unwrap();
        let connector = TlsConnector::from(roots(&server).client_config(&[]));
        let name = ServerName::try_from("localhost").unwrap();
        let mut secured = connector.connect(name, socket).await.unwrap();
        secured.write_all(HEADER.as_bytes()).await.unwrap();
        let said = until(&mut secured, "</stream:features>").await;
        assert!(said.contains("<mechanism>PLAIN</mechanism>"), "{said}");
    }
}

#[tokio::test]
async fn bytes_that_are_no_tls_end_the_connection_silently() {
    let server = TestServer::start().await.unwrap();
    let mut socket = dial(&server).await;
    socket.write_all(format!("{HEADER}{STARTTLS}").as_bytes()).await.unwrap();
    proceed(&mut socket).await;
    socket.write_all(b"<presence/><presence/>").await.unwrap();
    assert!(!rest(&mut socket).await.contains("stream"));
}

#[tokio::test]
async fn direct_tls_refuses_another_protocol_and_takes_a_client_that_names_none() {
    let server = TestServer::start().await.unwrap();
    let tls = roots(&server);
    for (alpn, is_taken) in
        [(&[b"xmpp-client".as_slice()][..], true), (&[], true), (&[b"http/1.1"], false)]
    {
        let socket = TcpStream::connect(server.tcps_listen_address().unwrap()).await.unwrap();
        let connector = TlsConnector::from(tls.client_config(alpn));
        let name = ServerName::try_from("localhost").unwrap();
        let secured = connector.connect(name, socket).await;
        assert_eq!(secured.is_ok(), is_taken, "{alpn:?}");
    }
}

#[tokio::test]
async fn starttls_can_be_withheld_refused_and_injected_into_for_one_connection() {
    let server = TestServer::start().await.unwrap();
    server.fault().next_connection().withhold_start_tls();
    assert_eq!(reason(refusal(&server).await), StartTlsError::NotOffered);
    server.fault().next_connection().refuse_start_tls();
    assert_eq!(reason(refusal(&server).await), StartTlsError::Refused);
    server.fault().next_connection().inject_after_proceed("<message/>");
    assert_eq!(reason(refusal(&server).await), StartTlsError::Injected);
    Xmpp::dial(&server, &server.tcp_address().unwrap()).await.open().await;
}
