use crate::client::{Client, start_with};
use crate::xmpp::Xmpp;
use mfly_proto::framing::Framing;
use mfly_testserver::{Builder, StateParts, TestServer};
use serde_json::{Value, json};
use std::path::PathBuf;

/// A server whose control API listens on a free port.
pub(crate) fn controlled() -> Builder {
    TestServer::builder().control_listen("127.0.0.1:0".parse().unwrap())
}

/// A file that is removed when the test ends.
struct StateFile(PathBuf);

impl StateFile {
    fn new(name: &str) -> Self {
        let name = format!("mfly-state-{name}-{}.json", std::process::id());
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for StateFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[tokio::test]
async fn a_restart_with_a_state_file_goes_on_where_it_ended_with_the_passwords_of_before() {
    let file = StateFile::new("restart");
    let (server, client) = start_with(controlled().state_file(&file.0)).await;
    let (alice, registration) = client.register("alice").await;
    alice.put("/users/metadata", &json!({ "metaData": { "team": "red" } })).await;
    server.user("bob").create().unwrap();
    server.user("alice").block("bob").unwrap();
    let whole = StateParts { secrets: true, media: true };
    let before = server.state(whole);
    server.shutdown().await;
    let (server, client) = start_with(controlled().state_file(&file.0)).await;
    assert!(server.state(whole) == before);
    assert!(server.user("alice").has_blocked("bob"));
    // The token of before is not valid, the password is.
    assert_eq!(
        client.with_token(alice.token.as_ref().unwrap()).get("/users/muted").await.http,
        401
    );
    client.log_in(&registration).await.data();
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_can_read_a_state_file_and_it_is_saved_on_demand() {
    use std::os::unix::fs::PermissionsExt as _;
    let file = StateFile::new("demand");
    let (server, _) = start_with(controlled().state_file(&file.0)).await;
    let control = Client::of_control(&server);
    assert_eq!(control.control("POST", "/state/save", None).await.http, 204);
    let mode = std::fs::metadata(&file.0).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let (server, _) = start_with(controlled()).await;
    let refused = Client::of_control(&server).control("POST", "/state/save", None).await;
    assert_eq!(refused.http, 409);
    assert!(refused.json()["error"]["message"].as_str().unwrap().contains("--state"));
}

#[tokio::test]
async fn a_state_file_that_cannot_be_used_is_named_and_stays_as_it_is() {
    let file = StateFile::new("broken");
    for text in ["{", r#"{"version":2}"#, r#"{"version":1,"users":[{"id":"a b"}]}"#] {
        std::fs::write(&file.0, text).unwrap();
        let error = controlled().state_file(&file.0).start().await.unwrap_err().to_string();
        assert!(error.contains(&file.0.display().to_string()), "{error}");
        assert_eq!(std::fs::read_to_string(&file.0).unwrap(), text);
    }
}

#[tokio::test]
async fn a_reset_returns_to_the_seed_or_to_nothing_and_ends_the_sessions() {
    let (server, client) = start_with(controlled()).await;
    server.user("seeded").create().unwrap();
    server.keep_as_seed();
    let (alice, _) = client.register("alice").await;
    server.fault().request("/users/muted").cut();
    let control = Client::of_control(&server);
    let plan = json!({ "features": { "block": false }, "sessionLimit": 1 });
    assert_eq!(control.control("PATCH", "/plan", Some(&plan)).await.http, 200);
    assert_eq!(control.control("POST", "/reset", None).await.http, 204);
    assert!(server.user("seeded").exists() && !server.user("alice").exists());
    assert!(server.plan().includes(mfly_testserver::Feature::Block));
    assert!(server.journal().entries().is_empty());
    assert_eq!(alice.get("/users/muted").await.http, 401);
    let empty = json!({ "to": "empty" });
    assert_eq!(control.control("POST", "/reset", Some(&empty)).await.http, 204);
    assert!(!server.user("seeded").exists());
}

#[tokio::test]
async fn a_state_that_was_read_can_be_put_into_another_server() {
    let (server, client) = start_with(controlled()).await;
    let (_, registration) = client.register("alice").await;
    let control = Client::of_control(&server);
    let shown = control.control("GET", "/state", None).await;
    assert!(!String::from_utf8_lossy(&shown.body).contains(registration.password.expose()));
    let whole = control.control("GET", "/state?secrets=true", None).await.json();
    let (server, client) = start_with(controlled()).await;
    let control = Client::of_control(&server);
    assert_eq!(control.control("PUT", "/state", Some(&whole)).await.http, 204);
    client.log_in(&registration).await.data();
    assert_eq!(control.control("GET", "/state?secrets=true", None).await.json(), whole);
}

#[tokio::test]
async fn a_document_or_a_change_that_cannot_be_used_is_refused_with_its_field() {
    let (server, _) = start_with(controlled()).await;
    let control = Client::of_control(&server);
    let media = json!([{ "token": "t", "owner": "a", "base64": "?" }]);
    for (method, path, body, field) in [
        ("PUT", "/state", json!({ "version": 2 }), "version"),
        ("PUT", "/state", json!({ "version": 1, "users": [{ "id": 1 }] }), "users[0].id"),
        ("PUT", "/state", json!({ "version": 1, "media": media }), "media[0].base64"),
        ("PATCH", "/plan", json!({ "features": { "blok": true } }), "features.blok"),
        ("PATCH", "/plan", json!({ "sessionLimit": 0 }), "sessionLimit"),
        ("PATCH", "/plan", json!({ "tokenLifetimeMs": "1" }), "tokenLifetimeMs"),
        ("POST", "/reset", json!({ "to": "nothing" }), "to"),
        ("POST", "/clock/advance", json!({ "byMs": u64::MAX }), "byMs"),
    ] {
        let refused = control.control(method, path, Some(&body)).await;
        assert_eq!(refused.http, 400, "{path} {body}");
        assert_eq!(refused.json()["error"]["field"], Value::from(field), "{path} {body}");
    }
}

#[tokio::test]
async fn a_token_is_valid_until_the_clock_passes_its_end() {
    let (server, client) = start_with(controlled()).await;
    let control = Client::of_control(&server);
    control.control("POST", "/clock/freeze", None).await;
    let (alice, registration) = client.register("alice").await;
    let advance = json!({ "byMs": 3_599_000 });
    control.control("POST", "/clock/advance", Some(&advance)).await;
    assert_eq!(alice.get("/users/muted").await.http, 200);
    let read =
        control.control("POST", "/clock/advance", Some(&json!({ "byMs": 2000 }))).await.json();
    assert_eq!((&read["frozen"], &read["aheadMs"]), (&json!(true), &json!(3_601_000)));
    assert_eq!(alice.get("/users/muted").await.http, 401);
    client.log_in(&registration).await.data();
    assert_eq!(control.control("POST", "/tokens/expire", None).await.http, 204);
    assert_eq!(alice.get("/users/muted").await.http, 401);
}

/// What the sessions of many users receive for their pings, while `requests` control requests are
/// answered.
async fn answers_beside(requests: usize) -> Vec<Vec<String>> {
    let builder = controlled().contacts_explicit().trial(true);
    let (server, _) = start_with(builder).await;
    let control = Client::of_control(&server);
    let sessions = (0..50).map(async |number| {
        let user = format!("u{number}");
        let password = server.user(&user).register().unwrap().password;
        let connection = server.connect_in_memory(Framing::WebSocket);
        let mut session = Xmpp::over(&server, connection).log_in(&user, password.expose()).await;
        let mut answers = Vec::new();
        for ping in 0..20 {
            session.send(&format!("<iq id=\"p{ping}\" type=\"get\" xmlns=\"jabber:client\"><ping xmlns=\"urn:xmpp:ping\"/></iq>")).await;
            let answer = session.next().await.unwrap();
            let resource = answer.find("@localhost/").zip(answer.find("\" type")).unwrap();
            answers.push(format!("{}{}", &answer[..resource.0], &answer[resource.1..]));
        }
        answers
    });
    let asked = (0..requests).map(async |number| {
        let path = ["/health", "/info", "/clock", "/plan", "/state"][number % 5];
        assert_eq!(control.control("GET", path, None).await.http, 200);
    });
    let (answers, _) = tokio::join!(
        futures_util::future::join_all(sessions),
        futures_util::future::join_all(asked)
    );
    answers
}

#[tokio::test]
async fn control_requests_beside_many_sessions_do_not_change_what_the_platform_answers() {
    let quiet = answers_beside(0).await;
    assert!(quiet.iter().all(|answers| answers.len() == 20));
    assert_eq!(answers_beside(200).await, quiet);
}
