use crate::client::{start, start_with};
use mfly_proto::cipher::{LicenceUrlCipher, StorageCipher};
use mfly_testserver::TestServer;

#[tokio::test]
async fn the_look_up_opens_the_sealed_key_and_names_this_server() {
    let (server, client) = start().await;
    let sealed = LicenceUrlCipher::new().seal(server.licence_key().expose());
    let path = format!("/license/details?licenseKey={sealed}");
    let data = client.send("GET", &path, &[], b"").await.data();
    assert_eq!(data["apiBaseUrl"], server.api_base_url());
    assert_eq!(data["trialMode"], false);
}

#[tokio::test]
async fn the_look_up_names_a_trial_plan() {
    let (server, client) = start_with(TestServer::builder().trial(true)).await;
    let sealed = LicenceUrlCipher::new().seal(server.licence_key().expose());
    let path = format!("/license/details?licenseKey={sealed}");
    assert_eq!(client.send("GET", &path, &[], b"").await.data()["trialMode"], true);
}

#[tokio::test]
async fn any_other_key_is_refused_even_in_clear() {
    let (server, client) = start().await;
    let other = LicenceUrlCipher::new().seal("another key");
    for key in [other.as_str(), server.licence_key().expose(), ""] {
        let path = format!("/license/details?licenseKey={key}");
        assert_eq!(client.send("GET", &path, &[], b"").await.statuses(), (200, 400), "{key}");
    }
}

#[tokio::test]
async fn the_script_fills_the_sdks_own_cache_with_this_server() {
    let (server, client) = start().await;
    let reply = client.send("GET", "/licence.js", &[], b"").await;
    assert!(reply.header("content-type").unwrap().starts_with("text/javascript"));
    let script = String::from_utf8(reply.body).unwrap();
    let storage = StorageCipher::new();
    for (name, value) in [
        ("apiBaseUrl", server.api_base_url()),
        ("licenseKey", server.licence_key().expose().into()),
    ] {
        let entry = format!("localStorage.setItem(\"{}\", \"", storage.name(name));
        let stored = script.split(&entry).nth(1).unwrap().split('"').next().unwrap();
        assert_eq!(storage.open_value(name, stored).as_str(), value);
    }
}
