use crate::client::start;
use serde_json::json;

#[tokio::test]
async fn every_answer_may_be_read_from_another_origin() {
    let (_server, client) = start().await;
    for path in ["/users/muted", "/nowhere", "/login"] {
        let reply = client.get(path).await;
        assert_eq!(
            reply.header("access-control-allow-origin"),
            Some("*"),
            "{path}"
        );
    }
    let websocket = client.send("GET", "/websocket", &[], b"").await;
    assert_eq!(websocket.http, 426);
    assert_eq!(websocket.header("access-control-allow-origin"), Some("*"));
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
    let reply = client
        .send("OPTIONS", "/api/v1/users/updateMetaData", &headers, b"")
        .await;
    assert_eq!(reply.http, 204);
    assert!(
        reply
            .header("access-control-allow-methods")
            .unwrap()
            .contains("PUT")
    );
    let allowed = reply.header("access-control-allow-headers");
    assert_eq!(allowed, Some("authorization,x-custom"));
    assert_eq!(
        reply.header("access-control-allow-private-network"),
        Some("true")
    );
}

#[tokio::test]
async fn an_unknown_path_is_404_and_a_wrong_method_405_with_an_envelope() {
    let (_server, client) = start().await;
    assert_eq!(client.get("/nowhere").await.statuses(), (404, 404));
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
    let (_server, client) = start().await;
    let (alice, _) = client.register("alice").await;
    let body = json!({
        "contentType": "a/b", "extension": "b", "parts": 1,
        "messageId": "m", "toUser": "bob", "type": "chat"
    });
    let data = alice.post("/media/upload", &body).await.data();
    let url = data["uploadUrls"][0].as_str().unwrap();
    assert!(url.starts_with("http://127.0.0.1:"), "{url}");
}
