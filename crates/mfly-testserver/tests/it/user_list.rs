use crate::client::{Client, alice};
use mfly_testserver::{TestServer, UserProfile};
use serde_json::{Value, json};

fn named(server: &TestServer, id: &str, name: &str) {
    server.user(id).create().unwrap();
    let profile = UserProfile { nick_name: name.into(), ..UserProfile::default() };
    server.user(id).set_profile(profile).unwrap();
}

fn ids(data: &Value) -> Vec<&str> {
    let rows = data["userList"].as_array().unwrap();
    rows.iter().map(|row| row["userId"].as_str().unwrap()).collect()
}

async fn alice_and_others() -> (TestServer, Client) {
    let (server, alice) = alice().await;
    named(&server, "u1", "Bob");
    named(&server, "u2", "Carol");
    named(&server, "u3", "bobby");
    server.user("u4").create().unwrap();
    (server, alice)
}

#[tokio::test]
async fn the_caller_is_left_out_and_every_row_has_all_texts() {
    let (_server, alice) = alice_and_others().await;
    let data =
        alice.get("/contacts/userList?name=&page=1&size=30&metadataKey=&metadataValues=").await;
    let data = data.data();
    assert_eq!(ids(&data), ["u4", "u1", "u3", "u2"]);
    assert_eq!((&data["totalPages"], &data["totalRecords"]), (&json!(1), &json!(4)));
    for row in data["userList"].as_array().unwrap() {
        for member in ["nickName", "email", "mobileNumber", "image", "thumbImage", "status"] {
            assert!(row[member].is_string(), "{member} of {row}");
        }
        assert_eq!((&row["isMuted"], &row["isAdminBlocked"]), (&json!(0), &json!(0)));
    }
}

#[tokio::test]
async fn names_are_searched_in_clear() {
    let (_server, alice) = alice_and_others().await;
    let data = alice.get("/contacts/userList?name=BOB&page=1&size=30").await.data();
    assert_eq!(ids(&data), ["u1", "u3"]);
}

#[tokio::test]
async fn pages_start_at_one_and_end_where_the_users_do() {
    let (_server, alice) = alice_and_others().await;
    let page = async |page: u32| {
        alice.get(&format!("/contacts/userList?name=&page={page}&size=3")).await.data()
    };
    let (first, second, third) = (page(1).await, page(2).await, page(3).await);
    assert_eq!((ids(&first).len(), ids(&second), ids(&third).len()), (3, vec!["u2"], 0));
    assert_eq!((&first["totalPages"], &first["totalRecords"]), (&json!(2), &json!(4)));
}

#[tokio::test]
async fn metadata_filters_by_any_of_the_values() {
    let (_server, alice) = alice_and_others().await;
    let client = alice.without_token();
    for (id, tier) in [("m1", json!("gold")), ("m2", json!(3)), ("m3", json!("lead"))] {
        let (user, _) = client.register(id).await;
        user.put("/users/updateMetaData", &json!({ "tier": tier })).await.data();
    }
    let path = "/contacts/userList?name=&page=1&size=30&metadataKey=tier&metadataValues=gold&metadataValues=3";
    assert_eq!(ids(&alice.get(path).await.data()), ["m1", "m2"]);
}
