use crate::client::{Client, Reply, alice, exchange, start, upload_in};
use serde_json::json;
use tokio::net::TcpStream;

fn head(method: &str, target: &str, hosts: &[&str], more: &str) -> String {
    let hosts: String = hosts.iter().map(|host| format!("Host: {host}\r\n")).collect();
    format!("{method} {target} HTTP/1.1\r\n{hosts}Connection: close\r\n{more}\r\n")
}

async fn send(client: &Client, head: &str, body: &[u8]) -> Reply {
    let mut socket = TcpStream::connect(client.address()).await.unwrap();
    exchange(&mut socket, head.as_bytes(), body).await
}

/// The upload address for a client that sends these `Host` headers.
async fn upload_url(client: &Client, target: &str, hosts: &[&str]) -> String {
    let body = upload_in(1).to_string();
    let token = client.token.as_deref().unwrap();
    let more = format!("Authorization: {token}\r\nContent-Length: {}\r\n", body.len());
    let reply = send(client, &head("POST", target, hosts, &more), body.as_bytes()).await;
    let url = reply.data()["uploadUrls"][0].as_str().map(str::to_owned);
    url.unwrap()
}

#[tokio::test]
async fn a_preflight_allows_what_the_page_asks_for() {
    let (_server, client) = start().await;
    let headers = [
        ("origin", "http://app.example.test"),
        ("access-control-request-method", "PUT"),
        ("access-control-request-headers", "authorization,x-custom"),
        ("access-control-request-private-network", "true"),
    ];
    let reply = client.send("OPTIONS", "/api/v1/users/updateMetaData", &headers, b"").await;
    assert_eq!(reply.http, 204);
    assert!(reply.header("access-control-allow-methods").unwrap().contains("PUT"));
    let allowed = reply.header("access-control-allow-headers");
    assert_eq!(allowed, Some("authorization,x-custom"));
    assert_eq!(reply.header("access-control-allow-private-network"), Some("true"));
}

#[tokio::test]
async fn an_unknown_path_is_404_and_a_wrong_method_405_with_an_envelope() {
    let (_server, client) = start().await;
    // The official SDK asks for the other two.
    for path in ["/nowhere", "/users/calls/getRoomDetails?roomLink=x", "/chat/topics"] {
        assert_eq!(client.get(path).await.statuses(), (404, 404), "{path}");
    }
    assert_eq!(client.get("/login").await.statuses(), (405, 405));
}

#[tokio::test]
async fn a_body_above_the_limit_is_413() {
    let (_server, client) = start().await;
    let body = json!({ "username": "x".repeat(300 * 1024) });
    assert_eq!(client.post("/login", &body).await.statuses(), (413, 413));
}

#[tokio::test]
async fn addresses_in_answers_follow_the_host_that_the_client_used() {
    let (_server, alice) = alice().await;
    let path = "/media/upload";
    for host in ["127.0.0.1:1", "chat_server:8117", "[::1]:8117", "localhost"] {
        let url = upload_url(&alice, &format!("/api/v1{path}"), &[host]).await;
        assert!(url.starts_with(&format!("http://{host}/media-store/")), "{url}");
    }
    // A full URI takes precedence over the header, and the header of a proxy is ignored.
    let target = format!("http://chat_server:8117/api/v1{path}");
    let url = upload_url(&alice, &target, &["other\r\nX-Forwarded-Host: third"]).await;
    assert!(url.starts_with("http://chat_server:8117/"), "{url}");
}

#[tokio::test]
async fn a_request_without_a_host_or_with_two_or_with_none_that_can_be_one_is_refused() {
    let (server, client) = start().await;
    for hosts in [&[][..], &["a", "b"], &["a", "a"], &["a b"], &["a@b"], &["a/b"]] {
        for target in ["/api/v1/login", "/websocket", "/socket.io/", "/nowhere"] {
            for method in ["GET", "OPTIONS"] {
                let head = head(method, target, hosts, "");
                let reply = send(&client, &head, b"").await;
                assert_eq!(reply.statuses(), (400, 400), "{head}");
                assert!(reply.message().contains("Host"), "{reply:?}");
            }
        }
    }
    let seen = server.journal().requests();
    assert!(seen.iter().all(|entry| entry.http_status == 400) && !seen.is_empty());
    // HTTP 1.0 has no such header.
    let old = send(&client, "GET /licence.js HTTP/1.0\r\n\r\n", b"").await;
    assert_eq!(old.http, 200);
}
