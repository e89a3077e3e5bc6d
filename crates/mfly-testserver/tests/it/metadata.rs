use crate::client::alice;
use serde_json::{Value, json};

#[tokio::test]
async fn metadata_keeps_text_numbers_and_booleans() {
    let (_server, alice) = alice().await;
    let pairs = json!({ "tier": "gold", "level": 3, "vip": true });
    let updated = alice.put("/users/updateMetaData", &pairs).await.data();
    assert_eq!(updated, json!({ "metaData": pairs }));
    assert_eq!(alice.get("/users/getMetaData").await.data(), json!({ "metaData": pairs }));
    assert_eq!(
        alice.put("/users/updateMetaData", &Value::Null).await.data(),
        json!({"metaData": {}})
    );
    assert_eq!(alice.get("/users/getMetaData").await.data(), json!({ "metaData": {} }));
}

#[tokio::test]
async fn a_fourth_pair_or_a_nested_value_is_refused() {
    let (_server, alice) = alice().await;
    for pairs in [json!({ "a": 1, "b": 2, "c": 3, "d": 4 }), json!({ "a": [] }), json!([])] {
        let reply = alice.put("/users/updateMetaData", &pairs).await;
        assert_eq!(reply.statuses(), (200, 400), "{pairs}");
    }
}
