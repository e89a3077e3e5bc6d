use crate::client::alice;
use serde_json::json;

#[tokio::test]
async fn the_requests_of_an_apps_start_up_are_answered() {
    let (_server, alice) = alice().await;
    let recent = alice.get("/chat/recent-chats?size=20").await.data();
    assert_eq!(recent, json!({ "chatList": [] }));
    let path = "/chat/chat-history?chatType=singlechat&participant=bob&skipDeleted=true&size=20";
    assert_eq!(
        alice.get(path).await.data(),
        json!({ "chatList": [], "totalPages": 1, "totalCount": 0, "totalRecords": 0 })
    );
    let groups = alice.get("/group/groupList?licenseKey=k&size=1000").await.data();
    assert_eq!(groups, json!({ "groupsList": [] }));
    let calls = alice.get("/users/callLogs?page=1&size=20").await.data();
    assert_eq!(calls["callLogs"], json!([]));
}
