use crate::client::{Client, DEADLINE, start};
use crate::xmpp::Xmpp;
use mfly_testserver::{StreamCondition, TestServer};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn online(server: &TestServer, client: &Client) -> Xmpp {
    let (_, registration) = client.register("alice").await;
    Xmpp::connect(server, "alice", &client.sealed(&registration.password)).await
}

#[tokio::test]
async fn refusals_hit_the_next_requests_to_their_path_and_no_others() {
    let (server, client) = start().await;
    let (alice, _) = client.register("alice").await;
    server
        .fault()
        .request("/users/muted")
        .times(2)
        .http_status(503);
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
    let (server, client) = start().await;
    let (alice, _) = client.register("alice").await;
    let delay = Duration::from_millis(50);
    server.fault().request("/users/muted").delay(delay);
    let asked = std::time::Instant::now();
    assert_eq!(alice.get("/users/muted").await.statuses(), (200, 200));
    assert!(asked.elapsed() >= delay);
}

#[tokio::test]
async fn faults_that_were_cleared_do_not_happen() {
    let (server, client) = start().await;
    let (alice, _) = client.register("alice").await;
    server.fault().request("/users/muted").http_status(500);
    server.fault().clear();
    assert_eq!(alice.get("/users/muted").await.http, 200);
}

#[tokio::test]
async fn a_cut_request_gets_no_answer() {
    let (server, _) = start().await;
    server.fault().request("/users/muted").cut();
    let mut socket = TcpStream::connect(server.listen_address()).await.unwrap();
    socket
        .write_all(b"GET /api/v1/users/muted HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    let read = tokio::time::timeout(DEADLINE, socket.read_to_end(&mut answer))
        .await
        .unwrap();
    assert!(read.is_err() || answer.is_empty());
    assert_eq!(
        server.journal().requests_to("/users/muted")[0].http_status,
        0
    );
}

#[tokio::test]
async fn a_request_in_silence_ends_with_the_server() {
    let (server, client) = start().await;
    server.fault().request("/login").silence();
    let mut socket = TcpStream::connect(server.listen_address()).await.unwrap();
    let head = b"POST /api/v1/login HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n";
    socket.write_all(head).await.unwrap();
    // Meanwhile others are served.
    assert_eq!(client.get("/users/muted").await.http, 401);
    tokio::time::timeout(DEADLINE, server.shutdown())
        .await
        .unwrap();
    let mut answer = Vec::new();
    let read = socket.read_to_end(&mut answer).await;
    assert!(read.is_err() || answer.is_empty());
}

#[tokio::test]
async fn a_users_connections_can_be_cut() {
    let (server, client) = start().await;
    let mut alice = online(&server, &client).await;
    assert_eq!(server.fault().connections_of("alice").cut(), 1);
    assert!(alice.is_cut().await);
    assert!(server.user("alice").sessions().is_empty());
    assert_eq!(server.fault().connections_of("alice").cut(), 0);
}

#[tokio::test]
async fn a_users_connections_can_be_sent_garbage() {
    let (server, client) = start().await;
    let mut alice = online(&server, &client).await;
    assert_eq!(server.fault().connections_of("alice").send("<not xml"), 1);
    assert_eq!(alice.next().await.as_deref(), Some("<not xml"));
}

#[tokio::test]
async fn a_users_connections_can_end_with_a_stream_error() {
    let (server, client) = start().await;
    let mut alice = online(&server, &client).await;
    server
        .fault()
        .connections_of("alice")
        .close_with(StreamCondition::PolicyViolation);
    assert!(alice.next().await.unwrap().contains("policy-violation"));
    assert!(alice.next().await.unwrap().starts_with("<close "));
    assert_eq!(alice.next().await, None);
}

#[tokio::test]
async fn a_silenced_connection_answers_nothing_while_others_are_served() {
    let (server, client) = start().await;
    let mut alice = online(&server, &client).await;
    server.fault().connections_of("alice").silence();
    server.journal().clear();
    alice
        .send("<iq id=\"p1\" type=\"get\"><ping xmlns=\"urn:xmpp:ping\"/></iq>")
        .await;
    // A whole login of somebody else goes through meanwhile.
    let (_, bob) = client.register("bob").await;
    let mut bob = Xmpp::connect(&server, "bob", &client.sealed(&bob.password)).await;
    bob.send("<iq id=\"p2\" type=\"get\"><ping xmlns=\"urn:xmpp:ping\"/></iq>")
        .await;
    bob.expect("p2").await;
    assert!(server.journal().frames_from("alice").is_empty());
    drop(bob);
    tokio::time::timeout(DEADLINE, server.shutdown())
        .await
        .unwrap();
}
