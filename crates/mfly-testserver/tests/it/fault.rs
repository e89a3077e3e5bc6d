use crate::client::{DEADLINE, alice, start};
use crate::xmpp::Xmpp;
use mfly_testserver::{StreamCondition, TestServer};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::test]
async fn refusals_hit_the_next_requests_to_their_path_and_no_others() {
    let (server, alice) = alice().await;
    server.fault().request("/users/muted").times(2).http_status(503);
    server.fault().request("/users/muted").refuse(409, "Busy");
    server.fault().request("/users/muted").expired_token();
    server.fault().request("/users/muted").garbage("<html>");
    assert_eq!(alice.get("/chat/recent-chats").await.http, 200);
    for _ in 0..2 {
        assert_eq!(alice.get("/users/muted").await.statuses(), (503, 503));
    }
    assert_eq!(alice.get("/users/muted").await.statuses(), (200, 409));
    assert_eq!(alice.get("/users/muted").await.statuses(), (401, 401));
    assert_eq!(alice.get("/users/muted").await.body, b"<html>");
    assert_eq!(alice.get("/users/muted").await.statuses(), (200, 200));
}

#[tokio::test]
async fn a_delayed_request_is_answered_as_usual() {
    let (server, alice) = alice().await;
    let delay = Duration::from_millis(50);
    server.fault().request("/users/muted").delay(delay);
    let asked = std::time::Instant::now();
    assert_eq!(alice.get("/users/muted").await.statuses(), (200, 200));
    assert!(asked.elapsed() >= delay);
}

#[tokio::test]
async fn faults_that_were_cleared_do_not_happen() {
    let (server, alice) = alice().await;
    server.fault().request("/users/muted").http_status(500);
    server.fault().clear();
    assert_eq!(alice.get("/users/muted").await.http, 200);
}

#[tokio::test]
async fn a_cut_request_gets_no_answer() {
    let (server, _) = start().await;
    server.fault().request("/users/muted").cut();
    let mut socket = TcpStream::connect(server.listen_address()).await.unwrap();
    socket.write_all(b"GET /api/v1/users/muted HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    let read = tokio::time::timeout(DEADLINE, socket.read_to_end(&mut answer)).await.unwrap();
    assert!(read.is_err() || answer.is_empty());
    assert_eq!(server.journal().requests_to("/users/muted")[0].http_status, 0);
}

#[tokio::test]
async fn a_request_in_silence_ends_with_the_server() {
    let (server, client) = start().await;
    server.fault().request("/login").silence();
    let mut socket = TcpStream::connect(server.listen_address()).await.unwrap();
    let head = b"POST /api/v1/login HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n";
    socket.write_all(head).await.unwrap();
    // Other requests are served meanwhile.
    assert_eq!(client.get("/users/muted").await.http, 401);
    tokio::time::timeout(DEADLINE, server.shutdown()).await.unwrap();
    let mut answer = Vec::new();
    let read = socket.read_to_end(&mut answer).await;
    assert!(read.is_err() || answer.is_empty());
}

#[tokio::test]
async fn a_users_connections_can_be_cut() {
    let (server, _) = start().await;
    let mut alice = Xmpp::register(&server, "alice").await;
    assert_eq!(server.fault().connections_of("alice").cut(), 1);
    assert!(alice.is_cut().await);
    assert!(server.user("alice").sessions().is_empty());
    assert_eq!(server.fault().connections_of("alice").cut(), 0);
}

#[tokio::test]
async fn a_users_connections_can_be_sent_garbage() {
    let (server, _) = start().await;
    let mut alice = Xmpp::register(&server, "alice").await;
    assert_eq!(server.fault().connections_of("alice").send("<not xml"), 1);
    assert_eq!(alice.next().await.as_deref(), Some("<not xml"));
}

#[tokio::test]
async fn a_users_connections_can_end_with_a_stream_error() {
    let (server, _) = start().await;
    let mut alice = Xmpp::register(&server, "alice").await;
    server.fault().connections_of("alice").close_with(StreamCondition::PolicyViolation);
    assert!(alice.next().await.unwrap().contains("policy-violation"));
    assert!(alice.next().await.unwrap().starts_with("<close "));
    assert_eq!(alice.next().await, None);
}

#[tokio::test]
async fn a_silenced_connection_answers_nothing_while_others_are_served() {
    let (server, _) = start().await;
    let mut alice = Xmpp::register(&server, "alice").await;
    server.fault().connections_of("alice").silence();
    server.journal().clear();
    alice.send("<iq id=\"p1\" type=\"get\"><ping xmlns=\"urn:xmpp:ping\"/></iq>").await;
    // The login of another user succeeds meanwhile.
    let mut bob = Xmpp::register(&server, "bob").await;
    bob.send("<iq id=\"p2\" type=\"get\"><ping xmlns=\"urn:xmpp:ping\"/></iq>").await;
    bob.expect("p2").await;
    assert!(server.journal().frames_from("alice").is_empty());
    drop(bob);
    tokio::time::timeout(DEADLINE, server.shutdown()).await.unwrap();
}

/// The addresses whose connections can have faults before the first frame.
fn ways(server: &TestServer) -> [String; 2] {
    [server.websocket_url(), server.tcp_address().unwrap()]
}

async fn cleartext() -> TestServer {
    let builder = TestServer::builder().tls(false).tcp_cleartext(true);
    builder.start().await.unwrap()
}

#[tokio::test]
async fn the_next_connection_can_be_delayed_and_is_then_served() {
    let server = cleartext().await;
    for url in ways(&server) {
        let delay = Duration::from_millis(50);
        server.fault().next_connection().delay(delay);
        let dialled = std::time::Instant::now();
        // The client sends the first frame.
        let mut stream = Xmpp::dial(&server, &url).await;
        assert!(stream.open().await.contains("PLAIN"));
        assert!(dialled.elapsed() >= delay, "{url}");
    }
}

#[tokio::test]
async fn the_next_connections_can_be_cut_or_sent_garbage() {
    let server = TestServer::start().await.unwrap();
    let address = server.tcp_listen_address().unwrap();
    for garbage in ["", "HTTP/1.1 400 Bad Request\r\n\r\n"] {
        match garbage {
            "" => server.fault().next_connection().cut(),
            text => server.fault().next_connection().garbage(text),
        }
        let mut socket = TcpStream::connect(address).await.unwrap();
        // The server goes on when the client leaves.
        socket.shutdown().await.unwrap();
        let mut said = String::new();
        let read = socket.read_to_string(&mut said);
        tokio::time::timeout(DEADLINE, read).await.unwrap().unwrap();
        assert_eq!(said, garbage);
    }
    let url = server.tcp_address().unwrap();
    assert!(Xmpp::dial(&server, &url).await.open().await.contains("PLAIN"));
}

#[tokio::test]
async fn a_connection_in_silence_ends_with_the_server() {
    let server = cleartext().await;
    server.fault().next_connection().times(2).silence();
    let mut silent = Vec::new();
    for url in ways(&server) {
        let mut stream = Xmpp::dial(&server, &url).await;
        stream.send("<presence xmlns='jabber:client'/>").await;
        silent.push(stream);
    }
    let mut served = Xmpp::dial(&server, &server.tcp_address().unwrap()).await;
    assert!(served.open().await.contains("PLAIN"));
    drop(served);
    let stopped = tokio::time::timeout(DEADLINE, server.shutdown()).await;
    stopped.unwrap();
    for mut stream in silent {
        assert!(stream.is_cut().await);
    }
}

#[tokio::test]
async fn faults_of_connections_that_were_cleared_do_not_happen() {
    let server = cleartext().await;
    server.fault().next_connection().times(9).cut();
    server.fault().clear();
    let url = server.tcp_address().unwrap();
    assert!(Xmpp::dial(&server, &url).await.open().await.contains("PLAIN"));
}

#[tokio::test]
async fn a_silenced_connection_over_tcp_stays_open_without_answers() {
    let server = cleartext().await;
    server.standard_user("u1", "secret").unwrap();
    let url = server.tcp_address().unwrap();
    let mut stream = Xmpp::connect_to(&server, &url, "u1", "secret").await;
    assert_eq!(server.fault().connections_of("u1").silence(), 1);
    stream
        .send("<iq id='p' type='get' xmlns='jabber:client'><ping xmlns='urn:xmpp:ping'/></iq>")
        .await;
    // The session still exists: only its connection is silent.
    let mut witness = Xmpp::connect_to(&server, &url, "u1", "secret").await;
    witness.settle().await;
    assert_eq!(server.fault().connections_of("u1").close_with(StreamCondition::Reset), 2);
    assert!(witness.next().await.unwrap().contains("<reset "));
    assert_eq!(witness.next().await.unwrap(), "</stream:stream>");
    assert_eq!(witness.next().await, None);
}
