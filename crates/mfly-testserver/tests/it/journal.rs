use crate::client::{DEADLINE, start};
use crate::xmpp::Xmpp;
use mfly_testserver::Entry;
use serde_json::json;

#[tokio::test]
async fn the_journal_records_requests_and_frames_without_secrets() {
    let (server, client) = start().await;
    let (alice, registration) = client.register("alice").await;
    let token = client.log_in(&registration).await.data()["token"].as_str().unwrap().to_owned();
    alice.get("/group/groupList?licenseKey=secret-in-query").await;
    let sealed = client.sealed(&registration.password);
    let _online = Xmpp::connect(&server, "alice", &sealed).await;
    alice.config("alice").await;

    let journal = server.journal();
    assert_eq!(journal.requests_to("/register")[0].status, Some(200));
    assert_eq!(journal.requests_to("/login")[0].http_status, 200);
    assert_eq!(journal.requests_to("/group/groupList")[0].user.as_deref(), Some("alice"));
    assert!(journal.frames().iter().any(|frame| frame.text.starts_with("<auth ")));
    let all = format!("{:?}", journal.entries());
    for secret in [
        token.as_str(),
        registration.token.as_ref().unwrap().expose(),
        registration.password.expose(),
        &sealed,
        "secret-in-query",
        server.licence_key().expose(),
    ] {
        assert!(!all.contains(secret), "{secret} in {all}");
    }
}

#[tokio::test]
async fn frames_are_recorded_with_user_and_direction() {
    let (server, _) = start().await;
    let mut alice = Xmpp::register(&server, "alice").await;
    alice.send("<iq id=\"p1\" type=\"get\"><ping xmlns=\"urn:xmpp:ping\"/></iq>").await;
    alice.expect("p1").await;
    let journal = server.journal();
    assert!(journal.frames_from("alice").iter().any(|frame| frame.text.contains("urn:xmpp:ping")));
    assert!(journal.frames_to("alice").iter().any(|frame| frame.text.contains("p1")));
    assert!(journal.frames_to("bob").is_empty());
}

#[tokio::test]
async fn a_test_can_wait_for_a_request() {
    let (server, client) = start().await;
    let journal = server.journal();
    let body = json!({ "username": "alice", "password": "x", "type": "web" });
    let (seen, _) =
        tokio::join!(journal.wait_for_request(DEADLINE, "/login"), client.post("/login", &body));
    assert_eq!(seen.unwrap().status, Some(400));
    let is_upgrade = |entry: &Entry| entry.request().is_some_and(|r| r.path == "/websocket");
    assert!(journal.wait_for(std::time::Duration::ZERO, is_upgrade).await.is_err());
}
