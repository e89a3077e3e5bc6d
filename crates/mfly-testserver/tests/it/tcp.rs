//! XMPP over TCP without TLS, byte by byte.

use crate::client::{Client, DEADLINE, rest, until};
use crate::xmpp::Xmpp;
use mfly_testserver::TestServer;
use std::net::SocketAddr;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

pub(crate) const HEADER: &str = "<?xml version='1.0'?><stream:stream to='localhost' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";
const BIND: &str = "<iq id='b' type='set'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>";

async fn cleartext() -> TestServer {
    let builder = TestServer::builder().tls(false).tcp_cleartext(true);
    let server = builder.start().await.unwrap();
    server.standard_user("u1", "secret").unwrap();
    server
}

fn auth() -> &'static str {
    // NUL "u1" NUL "secret"
    "<auth mechanism='PLAIN' xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>AHUxAHNlY3JldA==</auth>"
}

async fn dial(address: SocketAddr) -> TcpStream {
    let socket = TcpStream::connect(address).await.unwrap();
    socket.set_nodelay(true).unwrap();
    socket
}

/// The answer to a client that sends only this text.
async fn answer_to(server: &TestServer, text: &[u8]) -> String {
    let mut socket = dial(server.tcp_listen_address().unwrap()).await;
    socket.write_all(text).await.unwrap();
    rest(&mut socket).await
}

#[tokio::test]
async fn one_write_can_hold_a_whole_session() {
    let server = cleartext().await;
    let whole = format!("{HEADER}{}{HEADER}{BIND}<presence/></stream:stream>", auth());
    let said = answer_to(&server, whole.as_bytes()).await;
    for part in ["<success ", "<jid>u1@localhost/", "<presence from=\"u1@localhost/"] {
        assert!(said.contains(part), "{part} in {said}");
    }
    assert!(said.ends_with("</stream:stream>"), "{said}");
    assert_eq!(said.matches("<?xml ").count(), 2);
}

#[tokio::test]
async fn a_session_can_arrive_byte_by_byte() {
    let server = cleartext().await;
    let mut socket = dial(server.tcp_listen_address().unwrap()).await;
    let whole = format!(" \n{HEADER}\n{}\n{HEADER} {BIND}\t</stream:stream >", auth());
    for byte in whole.as_bytes() {
        socket.write_all(&[*byte]).await.unwrap();
    }
    let said = rest(&mut socket).await;
    assert!(said.contains("<jid>u1@localhost/"), "{said}");
}

#[tokio::test]
async fn text_that_is_no_stream_is_answered_with_a_stream_error() {
    let server = cleartext().await;
    let long_header = format!("<stream:stream to='{}", "x".repeat(300 * 1024));
    for (text, condition) in [
        ("GET / HTTP/1.1\r\n\r\n", "bad-format"),
        ("<presence/>", "bad-format"),
        ("<!DOCTYPE stream><stream:stream>", "restricted-xml"),
        ("<!-- hello -->", "restricted-xml"),
        ("<?php ?>", "restricted-xml"),
        ("<?xml version='1.0' encoding='latin1'?>", "unsupported-encoding"),
        ("<stream:stream to='localhost' version='1.0' xmlns:stream='urn:x'>", "invalid-namespace"),
        (
            "<stream:stream to='localhost' xmlns:stream='http://etherx.jabber.org/streams'>",
            "unsupported-version",
        ),
        (&long_header, "policy-violation"),
    ] {
        let said = answer_to(&server, text.as_bytes()).await;
        let short: String = text.chars().take(60).collect();
        assert!(said.starts_with("<?xml version='1.0'?><stream:stream "), "{short}: {said}");
        assert!(said.contains(&format!("<{condition} ")), "{short}: {said}");
        assert!(said.ends_with("</stream:error></stream:stream>"), "{short}: {said}");
    }
    let said = answer_to(&server, b"\xff\xfe<").await;
    assert!(said.contains("<unsupported-encoding "), "{said}");
}

#[tokio::test]
async fn half_a_header_is_waited_for_and_an_aborted_one_is_dropped() {
    let server = cleartext().await;
    let mut socket = dial(server.tcp_listen_address().unwrap()).await;
    let (half, other) = HEADER.split_at(40);
    socket.write_all(half.as_bytes()).await.unwrap();
    let mut gone = dial(server.tcp_listen_address().unwrap()).await;
    gone.write_all(half.as_bytes()).await.unwrap();
    drop(gone);
    socket.write_all(other.as_bytes()).await.unwrap();
    assert!(until(&mut socket, "</stream:features>").await.contains("PLAIN"));
    // The server still serves other clients.
    assert!(
        answer_to(&server, format!("{HEADER}</stream:stream>").as_bytes())
            .await
            .ends_with("</stream:stream>")
    );
}

#[tokio::test]
async fn a_stanza_of_the_largest_size_passes_and_a_larger_one_ends_the_stream() {
    let server = cleartext().await;
    let mut socket = dial(server.tcp_listen_address().unwrap()).await;
    let begin = format!("{HEADER}{}{HEADER}{BIND}", auth());
    socket.write_all(begin.as_bytes()).await.unwrap();
    until(&mut socket, "</jid>").await;
    let stanza = |length: usize| {
        let (head, tail) =
            ("<iq id='v' type='set'><vCard xmlns='vcard-temp'><FN>", "</FN></vCard></iq>");
        format!("{head}{}{tail}", "x".repeat(length - head.len() - tail.len()))
    };
    socket.write_all(stanza(200_000).as_bytes()).await.unwrap();
    until(&mut socket, "type=\"result\" xmlns=\"jabber:client\"/>").await;
    socket.write_all(stanza(256 * 1024).as_bytes()).await.unwrap();
    assert!(until(&mut socket, "</iq>").await.contains("policy-violation"));
    socket.write_all(stanza(256 * 1024 + 1).as_bytes()).await.unwrap();
    let said = rest(&mut socket).await;
    assert!(
        said.contains("<policy-violation xmlns=\"urn:ietf:params:xml:ns:xmpp-streams\"/>"),
        "{said}"
    );
}

#[tokio::test]
async fn the_platforms_accounts_use_tcp_too() {
    let server = TestServer::start().await.unwrap();
    let client = Client::of(&server);
    let (_, registration) = client.register("alice").await;
    let password = client.sealed(&registration.password);
    for url in [server.tcp_address().unwrap(), server.tcps_address().unwrap()] {
        let mut alice = Xmpp::connect_to(&server, &url, "alice", &password).await;
        alice.settle().await;
        assert!(server.user("alice").sessions().len() == 1, "{url}");
        drop(alice);
        let is_gone = async {
            while !server.user("alice").sessions().is_empty() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(DEADLINE, is_gone).await.unwrap();
    }
}

#[tokio::test]
async fn ports_are_free_ones_unless_tls_is_off_and_cleartext_is_asked_for() {
    let server = TestServer::start().await.unwrap();
    for (address, scheme) in [(server.tcp_address(), "xmpp"), (server.tcps_address(), "xmpps")] {
        assert!(address.unwrap().starts_with(&format!("{scheme}://localhost:")));
    }
    let server = TestServer::builder().tls(false).start().await.unwrap();
    assert_eq!((server.tcp_address(), server.tcps_address()), (None, None));
    let server = cleartext().await;
    assert!(server.tcp_address().is_some() && server.tcps_address().is_none());
    assert_eq!(server.ca_certificate_pem(), None);
    let any = "127.0.0.1:0".parse().unwrap();
    let server = TestServer::builder().tls(false).tcp_listen(any).start().await.unwrap();
    assert!(server.ca_certificate_pem().is_some() && server.tls_listen_address().is_none());
}

#[tokio::test]
async fn the_journal_shows_a_stream_over_tcp_without_its_secrets() {
    let server = cleartext().await;
    let whole = format!("{HEADER}{}{HEADER}{BIND}<presence/></stream:stream>", auth());
    answer_to(&server, whole.as_bytes()).await;
    let journal = server.journal();
    let frames = journal.frames();
    assert!(frames[0].text.starts_with("<stream:stream to='localhost'"), "{frames:?}");
    assert!(frames.iter().all(|frame| !frame.text.contains("AHUxAHNlY3JldA==")));
    assert!(frames.iter().any(|frame| frame.text.contains("<redacted>")));
    assert_eq!(journal.frames_from("u1")[0].text, "<presence/>");
    assert_eq!(frames.last().unwrap().text, "</stream:stream>");
}
