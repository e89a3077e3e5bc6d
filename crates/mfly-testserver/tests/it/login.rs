use crate::client::{start, start_with};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use mfly_testserver::TestServer;
use serde_json::{Value, json};
use std::time::Duration;

#[tokio::test]
async fn a_login_gives_a_token_that_is_a_jwt_with_its_expiry() {
    let (_server, client) = start().await;
    let (_, registration) = client.register("alice").await;
    let data = client.log_in(&registration).await.data();
    let token = data["token"].as_str().unwrap();
    let [_, payload, _] = token.split('.').collect::<Vec<_>>()[..] else { panic!("{token}") };
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap();
    assert!(claims["exp"].as_u64().unwrap() > 1_700_000_000, "{claims}");
    assert_eq!(client.with_token(token).get("/users/muted").await.statuses(), (200, 200));
}

#[tokio::test]
async fn wrong_credentials_are_http_200_with_400_inside() {
    let (_server, client) = start().await;
    let (_, registration) = client.register("alice").await;
    let sealed = client.sealed(&registration.password);
    let plain = registration.password.expose();
    for (username, password) in [("alice", "wrong"), ("alice", plain), ("nobody", sealed.as_str())]
    {
        let body = json!({ "username": username, "password": password, "type": "web" });
        let reply = client.post("/login", &body).await;
        assert_eq!(reply.statuses(), (200, 400), "{username}");
        assert_eq!(reply.message(), "Invalid Credentials");
    }
}

#[tokio::test]
async fn an_admin_blocked_user_is_http_200_with_403_inside() {
    let (server, client) = start().await;
    let (alice, registration) = client.register("alice").await;
    server.user("alice").admin_block(true).unwrap();
    assert_eq!(client.log_in(&registration).await.statuses(), (200, 403));
    assert_eq!(alice.get("/users/muted").await.http, 401);
}

#[tokio::test]
async fn a_token_expires_and_a_login_renews_it() {
    let (server, client) = start_with(TestServer::builder().token_lifetime(Duration::ZERO)).await;
    let (alice, _) = client.register("alice").await;
    let reply = alice.get("/users/muted").await;
    assert_eq!((reply.statuses(), reply.message()), ((401, 401), "Token Expired".to_owned()));
    drop(server);

    let (server, client) = start().await;
    let (alice, registration) = client.register("alice").await;
    server.user("alice").expire_tokens().unwrap();
    assert_eq!(alice.get("/users/muted").await.http, 401);
    let data = client.log_in(&registration).await.data();
    let renewed = client.with_token(data["token"].as_str().unwrap());
    assert_eq!(renewed.get("/users/muted").await.http, 200);
}

#[tokio::test]
async fn a_missing_or_nonsensical_token_is_http_401() {
    let (_server, client) = start().await;
    for path in ["/users/muted", "/chat/recent-chats", "/chat/chat-history", "/group/groupList"] {
        assert_eq!(client.get(path).await.statuses(), (401, 401), "{path}");
    }
    let body = json!({ "title": "T", "description": "D" });
    assert_eq!(client.post("/moderation/feedback", &body).await.http, 401);
    for token in ["[object Object]", "undefined", "a.b.c"] {
        assert_eq!(client.with_token(token).get("/users/muted").await.http, 401, "{token}");
    }
}
