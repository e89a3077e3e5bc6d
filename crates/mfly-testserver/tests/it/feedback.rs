use crate::client::alice;
use serde_json::json;

#[tokio::test]
async fn feedback_needs_a_title_and_a_description() {
    let (server, alice) = alice().await;
    let good = json!({ "title": "T", "description": "D" });
    assert_eq!(alice.post("/moderation/feedback", &good).await.statuses(), (200, 200));
    let seen = server.journal().requests_to("/moderation/feedback");
    assert_eq!(seen[0].user.as_deref(), Some("alice"));
    assert!(seen[0].body.contains(r#""title":"T""#));
    for (body, name) in [
        (json!({ "title": "", "description": "D" }), "title"),
        (json!({ "title": "T", "description": " " }), "description"),
    ] {
        let reply = alice.post("/moderation/feedback", &body).await;
        assert_eq!(reply.statuses(), (200, 400));
        assert_eq!(reply.message(), format!("{name} is not valid or required"));
    }
}
