use crate::client::{alice, start};
use serde_json::json;

#[tokio::test]
async fn a_deleted_account_is_gone_for_itself_and_for_others() {
    let (server, client) = start().await;
    let (alice, registration) = client.register("alice").await;
    let (bob, _) = client.register("bob").await;
    let body = json!({ "reason": "leaving", "feedback": "" });
    assert_eq!(alice.post("/users/deleteMyAccount", &body).await.statuses(), (200, 200));
    assert!(!server.user("alice").exists());
    // Apps then log out with the invalid token, and try to renew it.
    assert_eq!(alice.get("/logout").await.http, 401);
    assert_eq!(client.log_in(&registration).await.statuses(), (200, 400));
    assert_eq!(client.with_token("[object Object]").get("/logout").await.http, 401);
    let vcard = bob.get("/contacts/vcard?userId=alice").await;
    assert_eq!(vcard.statuses(), (200, 204));
}

#[tokio::test]
async fn registering_again_makes_a_fresh_account() {
    let (server, client) = start().await;
    let (alice, _) = client.register("alice").await;
    alice.put("/users/updateMetaData", &json!({ "tier": "gold" })).await.data();
    server.user("bob").create().unwrap();
    server.user("alice").block("bob").unwrap();
    server.user("alice").delete().unwrap();
    let (again, _) = client.register("alice").await;
    assert_eq!(again.get("/users/getMetaData").await.data(), json!({ "metaData": {} }));
    assert!(!server.user("alice").has_blocked("bob"));
    assert_eq!(alice.get("/users/getMetaData").await.http, 401);
}

#[tokio::test]
async fn a_reason_is_required() {
    let (server, alice) = alice().await;
    let reply = alice.post("/users/deleteMyAccount", &json!({ "reason": "" })).await;
    assert_eq!(reply.statuses(), (200, 400));
    assert_eq!(reply.message(), "reason is not valid or required");
    assert!(server.user("alice").exists());
}
