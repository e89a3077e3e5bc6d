use crate::client::alice;
use serde_json::json;

#[tokio::test]
async fn muted_chats_show_in_both_lists_until_they_are_unmuted() {
    let (server, alice) = alice().await;
    server.user("bob").create().unwrap();
    let mut body =
        json!({ "muteSetting": false, "action": 1, "userIds": ["bob"], "groupIds": ["grp"] });
    assert_eq!(alice.post("/users/mute", &body).await.statuses(), (200, 200));
    assert_eq!(
        alice.get("/users/muted").await.data(),
        json!({
            "muteSettingStatus": 0,
            "mutedChats": [
                { "chatId": "bob", "chatType": "chat" },
                { "chatId": "grp", "chatType": "groupchat" }
            ]
        })
    );
    let list = alice.get("/contacts/userList").await.data();
    assert_eq!(list["userList"][0]["isMuted"], 1);
    body["action"] = 0.into();
    alice.post("/users/mute", &body).await;
    assert_eq!(alice.get("/users/muted").await.data()["mutedChats"], json!([]));
}

#[tokio::test]
async fn the_setting_mutes_everything() {
    let (_server, alice) = alice().await;
    for action in [1, 0] {
        let body = json!({ "muteSetting": true, "action": action, "userIds": [], "groupIds": [] });
        alice.post("/users/mute", &body).await;
        assert_eq!(alice.get("/users/muted").await.data()["muteSettingStatus"], action);
    }
}
