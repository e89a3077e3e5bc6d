use crate::client::{alice, start_with};
use mfly_testserver::TestServer;
use serde_json::json;

#[tokio::test]
async fn a_registered_user_becomes_a_contact() {
    let (server, client) = start_with(TestServer::builder().contacts_explicit()).await;
    let (alice, _) = client.register("alice").await;
    server.user("bob").create().unwrap();
    let key = server.licence_key();
    let body = json!({ "username": "bob", "licenseKey": key.expose() });
    let reply = alice.post("/contacts/sandbox/syncContacts", &body).await;
    assert_eq!(reply.statuses(), (200, 200));
}

#[tokio::test]
async fn an_unknown_user_or_another_licence_is_refused() {
    let (server, alice) = alice().await;
    server.user("bob").create().unwrap();
    let key = server.licence_key();
    for (user, key) in [("nobody", key.expose()), ("bob", "another")] {
        let body = json!({ "username": user, "licenseKey": key });
        let reply = alice.post("/contacts/sandbox/syncContacts", &body).await;
        assert_eq!(reply.statuses(), (200, 400), "{user}");
    }
}
