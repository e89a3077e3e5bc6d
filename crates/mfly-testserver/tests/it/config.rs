use crate::client::start_with;
use mfly_testserver::{Feature, TestServer};

#[tokio::test]
async fn the_configuration_is_sealed_with_the_username_and_names_all_hosts() {
    let (server, client) = start_with(TestServer::builder().xmpp_host("chat.example.test")).await;
    let (alice, _) = client.register("alice").await;
    let config = alice.config("alice").await;
    assert_eq!(config["xmppHost"], "chat.example.test");
    assert_eq!(config["xmppPortWeb"], server.listen_address().port().to_string());
    for member in ["signalServerDomain", "callRoutingServer"] {
        assert!(config[member].is_string(), "{member}");
    }
    // The SDK uses these unchecked.
    for member in ["xmppHost", "xmppPortWeb", "iv", "ivProfile"] {
        assert!(!config[member].as_str().unwrap_or_default().is_empty(), "{member}");
    }
    assert_eq!(Feature::ALL.iter().filter(|f| config[f.wire_name()] == true).count(), 17);
}

#[tokio::test]
async fn the_configuration_names_the_port_for_native_apps_if_there_is_one() {
    let (_without, client) = start_with(TestServer::builder()).await;
    let (alice, _) = client.register("alice").await;
    assert!(alice.config("alice").await["xmppPort"].is_null());
    let any = "127.0.0.1:0".parse().unwrap();
    let (server, client) = start_with(TestServer::builder().tcp_listen(any)).await;
    let (alice, _) = client.register("alice").await;
    let port = server.tcp_listen_address().unwrap().port();
    assert_eq!(alice.config("alice").await["xmppPort"], port.to_string());
}
