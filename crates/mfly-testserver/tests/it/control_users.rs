use crate::client::{Client, Reply, start_with};
use crate::control_state::controlled;
use crate::xmpp::Xmpp;
use mfly_proto::framing::Framing;
use mfly_testserver::TestServer;
use serde_json::{Value, json};

/// A server on a trial plan, whose passwords are not encrypted, and its control API.
async fn start() -> (TestServer, Client, Client) {
    let (server, client) = start_with(controlled().trial(true)).await;
    let control = Client::of_control(&server);
    (server, client, control)
}

async fn online(server: &TestServer, user: &str, password: &str) -> Xmpp {
    let connection = server.connect_in_memory(Framing::WebSocket);
    Xmpp::over(server, connection).log_in(user, password).await
}

fn fields(reply: &Reply) -> (u16, Value) {
    (reply.http, reply.json()["error"]["field"].clone())
}

#[tokio::test]
async fn a_user_is_read_back_as_it_was_created_and_logs_in_with_the_password_of_ones_choice() {
    let (server, client, control) = start().await;
    let asked = json!({
        "id": "alice", "password": "of my choice", "deviceId": "phone",
        "profile": { "nickName": "Alice", "email": "a@x.test", "mobileNumber": "1", "status": "s", "image": "i", "thumbImage": "t" },
        "metadata": { "team": "red" }, "settings": { "archive": true, "muteNotifications": true },
        "blocks": ["bob"], "contacts": ["carol"], "mutedUsers": ["dave"],
    });
    let created = control.control("POST", "/users", Some(&asked)).await;
    assert_eq!(created.http, 201, "{created:?}");
    assert_eq!(created.json()["registration"]["password"], "of my choice");
    let read = control.control("GET", "/users/alice", None).await.json();
    for member in ["id", "profile", "metadata", "settings", "blocks", "contacts", "mutedUsers"] {
        assert_eq!(read[member], asked[member], "{member}");
    }
    assert!(!read.to_string().contains("of my choice"));
    let body = json!({ "username": "alice", "password": "of my choice", "type": "web" });
    assert_eq!(client.post("/login", &body).await.statuses(), (200, 200));
    online(&server, "alice", "of my choice").await;
    assert_eq!(control.control("POST", "/users", Some(&asked)).await.http, 409);
}

#[tokio::test]
async fn a_change_of_blocks_has_the_effects_of_a_block_and_other_members_stay() {
    let (server, _, control) = start().await;
    for id in ["alice", "bob"] {
        let user = json!({ "id": id, "password": "secret", "profile": { "nickName": id } });
        control.control("POST", "/users", Some(&user)).await;
    }
    let mut alice = online(&server, "alice", "secret").await;
    let mut bob = online(&server, "bob", "secret").await;
    let changes = json!({ "blocks": ["bob"], "profile": { "status": "away" } });
    let changed = control.control("PATCH", "/users/alice", Some(&changes)).await.json();
    assert_eq!(
        (&changed["profile"]["nickName"], &changed["profile"]["status"]),
        (&json!("alice"), &json!("away"))
    );
    alice.expect("urn:xmpp:blocking").await;
    bob.expect("block_user").await;
    assert_eq!(
        control.control("GET", "/users/bob", None).await.json()["blockedBy"],
        json!(["alice"])
    );
    let changes = json!({ "blocks": [] });
    control.control("PATCH", "/users/alice", Some(&changes)).await;
    bob.expect("unblock_user").await;
}

#[tokio::test]
async fn sessions_are_listed_and_ended_and_devices_logged_out() {
    let (server, client, control) = start().await;
    let user = json!({ "id": "alice", "password": "secret" });
    control.control("POST", "/users", Some(&user)).await;
    let (mut one, mut two) =
        (online(&server, "alice", "secret").await, online(&server, "alice", "secret").await);
    let sessions = control.control("GET", "/sessions?user=alice", None).await.json();
    let number = |index: usize| sessions["sessions"][index]["id"].as_u64().unwrap();
    let end = format!("/sessions/{}", number(0));
    assert_eq!(control.control("DELETE", &end, None).await.http, 204);
    one.expect("stream:error").await;
    let cut = format!("/sessions/{}?how=cut", number(1));
    assert_eq!(control.control("DELETE", &cut, None).await.http, 204);
    assert!(two.is_cut().await);
    assert_eq!(control.control("DELETE", &end, None).await.http, 404);
    assert_eq!(control.control("DELETE", "/users/alice/registrations", None).await.http, 204);
    let body = json!({ "username": "alice", "password": "secret", "type": "web" });
    assert_eq!(client.post("/login", &body).await.statuses(), (200, 400));
}

#[tokio::test]
async fn a_fault_of_one_user_hits_that_users_requests_alone_and_as_often_as_asked() {
    let (_server, client, control) = start().await;
    for id in ["alice", "bob"] {
        let user = json!({ "id": id, "password": "secret" });
        control.control("POST", "/users", Some(&user)).await;
    }
    let fault = json!({ "on": "request", "path": "/login", "user": "alice", "times": 2, "fault": { "kind": "status", "status": 503 } });
    let made = control.control("POST", "/faults", Some(&fault)).await;
    assert_eq!((made.http, &made.json()["timesLeft"]), (201, &json!(2)));
    let log_in = async |id: &str| {
        let body = json!({ "username": id, "password": "secret", "type": "web" });
        client.post("/login", &body).await.http
    };
    assert_eq!([log_in("bob").await, log_in("alice").await], [200, 503]);
    let listed = control.control("GET", "/faults", None).await.json();
    assert_eq!(listed["faults"][0]["timesLeft"], 1);
    assert_eq!(control.control("DELETE", "/faults", None).await.json(), json!({ "removed": 1 }));
    assert_eq!(log_in("alice").await, 200);
}

#[tokio::test]
async fn what_does_not_exist_or_cannot_be_is_refused_with_its_field() {
    let (_server, _, control) = start().await;
    for (method, path, body, expected) in [
        ("GET", "/users/nobody", None, (404, "user")),
        ("GET", "/users?limit=0", None, (400, "limit")),
        ("GET", "/users?lmit=1", None, (400, "lmit")),
        ("DELETE", "/users/nobody", None, (404, "user")),
        ("POST", "/users", Some(json!({ "id": "a b" })), (400, "id")),
        ("POST", "/users", Some(json!({ "id": "a", "blocks": ["a b"] })), (400, "blocks")),
        (
            "POST",
            "/users",
            Some(json!({ "id": "a", "profile": { "nickName": 1 } })),
            (400, "profile.nickName"),
        ),
        ("POST", "/standard-users", Some(json!({ "name": "ann" })), (400, "body")),
        ("POST", "/qr/unknown/approve", Some(json!({ "user": "nobody" })), (404, "user")),
        ("DELETE", "/sessions/x", None, (400, "session")),
        ("GET", "/faults/7", None, (404, "fault")),
        ("GET", "/journal/7", None, (404, "entry")),
        ("GET", "/journal?kind=stanza", None, (400, "kind")),
        ("POST", "/journal/wait", Some(json!({ "count": 0 })), (400, "count")),
    ] {
        let refused = control.control(method, path, body.as_ref()).await;
        assert_eq!(
            fields(&refused),
            (expected.0, json!(expected.1)),
            "{method} {path} {refused:?}"
        );
    }
}
