use crate::client::{start, start_with};
use mfly_proto::cipher::RequestCipher;
use mfly_proto::secret::LicenceKey;
use mfly_testserver::TestServer;
use serde_json::json;

#[tokio::test]
async fn a_registration_returns_what_a_client_needs_to_connect() {
    let (server, client) = start().await;
    let (_, registration) = client.register("alice_01").await;
    assert_eq!(registration.username.as_str(), "alice_01");
    assert!(registration.token.is_some() && !registration.is_profile_updated);
    let config = registration.config.unwrap();
    assert_eq!(config.xmpp_host.as_deref(), Some("localhost"));
    assert_eq!(config.xmpp_port_web, Some(server.listen_address().port()));
    assert!(config.iv.is_some() && config.iv_profile.is_some());
}

#[tokio::test]
async fn the_session_limit_refuses_another_device_in_the_body() {
    let (_server, client) = start_with(TestServer::builder().session_limit(1)).await;
    client.register("alice").await;
    let reply = client.register_with(&client.register_data("alice", "second", false)).await;
    assert_eq!(reply.statuses(), (200, 405));
    assert_eq!(reply.message(), "You have reached maximum sessions allowed.");
}

#[tokio::test]
async fn a_forced_registration_ends_the_oldest_device() {
    let (_server, client) = start_with(TestServer::builder().session_limit(1)).await;
    let (first, registration) = client.register("alice").await;
    let second = client.register_with(&client.register_data("alice", "second", true)).await;
    client.open_registration(&second);
    assert_eq!(first.get("/users/muted").await.http, 401);
    let login = client.log_in(&registration).await;
    assert_eq!((login.statuses(), login.message()), ((200, 400), "Invalid Credentials".to_owned()));
}

#[tokio::test]
async fn an_admin_blocked_user_cannot_register() {
    let (server, client) = start().await;
    client.register("alice").await;
    server.user("alice").admin_block(true).unwrap();
    let reply = client.register_with(&client.register_data("alice", "second", true)).await;
    assert_eq!(reply.statuses(), (200, 403));
}

#[tokio::test]
async fn all_invalid_sealed_data_has_one_answer() {
    let (_server, client) = start().await;
    let good = client.register_data("alice", "d", true);
    let sealed = client.cipher().seal(&good.to_string());
    let mut other_inside = good.clone();
    other_inside["licenseKey"] = "AnotherLicenceKey".into();
    let mut none_inside = good.clone();
    none_inside.as_object_mut().unwrap().remove("licenseKey");
    let other = LicenceKey::new("AnotherLicenceKey").unwrap();
    let own = client.cipher();
    let wrong = [
        String::new(),
        "bm90IHNlYWxlZCBhdCBhbGwhIQ==".to_owned(),
        "?".to_owned(),
        sealed[..sealed.len() / 2].to_owned(),
        sealed[4..].to_owned(),
        format!("{sealed}AAAA"),
        RequestCipher::new(&other).seal(&good.to_string()),
        // These have the right padding.
        own.seal(""),
        own.seal("not JSON"),
        own.seal(&good.to_string()[1..]),
        own.seal("[]"),
        own.seal("{}"),
        own.seal(r#"{"licenseKey":"AnotherLicenceKey"}"#),
        own.seal(&none_inside.to_string()),
        own.seal(&other_inside.to_string()),
    ];
    for data in wrong {
        let reply = client.post("/register", &json!({ "registerData": data })).await;
        let expected = json!({ "status": 400, "message": "Invalid License key" });
        assert_eq!((reply.http, reply.json()), (200, expected), "{data}");
    }
}

#[tokio::test]
async fn an_identifier_outside_the_alphabet_is_refused() {
    let (_server, client) = start().await;
    for identifier in ["", "Alice", "a b", "a@b"] {
        let reply = client.register_with(&client.register_data(identifier, "d", true)).await;
        assert_eq!(reply.statuses(), (200, 400), "{identifier}");
    }
}

#[tokio::test]
async fn a_trial_plan_registers_plainly_and_answers_sealed() {
    let (_server, client) = start_with(TestServer::builder().trial(true)).await;
    let mut data = client.register_data("alice", "d", true);
    data["mobileNumber"] = "alice".into();
    let registration = client.open_registration(&client.post("/sandbox/register", &data).await);
    let own = client.with_token(registration.token.as_ref().unwrap().expose());
    assert!(own.get("/users/config").await.data().is_string(), "sealed");
    let body = json!({
        "username": "alice", "password": registration.password.expose(), "type": "web"
    });
    assert!(client.post("/login", &body).await.data()["token"].is_string());
    let live = client.register_with(&client.register_data("bob", "d", true)).await;
    assert_eq!(live.statuses(), (200, 400));
    data["licenseKey"] = "AnotherLicenceKey".into();
    assert_eq!(client.post("/sandbox/register", &data).await.message(), "Invalid License key");
}

#[tokio::test]
async fn the_example_of_the_platforms_documentation_is_enough() {
    let (_server, client) = start_with(TestServer::builder().trial(true)).await;
    let key = client.register_data("x", "y", true)["licenseKey"].clone();
    let data = json!({ "deviceType": "web", "licenseKey": key, "userIdentifier": 4915550100_u64 });
    let registration = client.open_registration(&client.post("/sandbox/register", &data).await);
    assert_eq!(registration.username.as_str(), "4915550100");
}

#[tokio::test]
async fn metadata_of_a_registration_is_kept() {
    let (_server, client) = start().await;
    let mut data = client.register_data("alice", "d", true);
    data["metaData"] = json!({ "tier": "gold" });
    let registration = client.open_registration(&client.register_with(&data).await);
    let alice = client.with_token(registration.token.unwrap().expose());
    assert_eq!(alice.get("/users/getMetaData").await.data(), json!({"metaData": {"tier": "gold"}}));
}

#[tokio::test]
async fn a_body_that_is_not_json_is_refused_inside_the_envelope() {
    let (_server, client) = start().await;
    let reply = client.send("POST", "/api/v1/register", &[], b"{").await;
    assert_eq!(reply.statuses(), (200, 400));
}
