use crate::client::{Client, exchange};
use crate::xmpp::Xmpp;
use mfly_testserver::TestServer;
use mfly_transport::Tls;
use rustls_pki_types::ServerName;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

#[tokio::test]
async fn rest_over_tls_is_the_same_and_names_tls_addresses() {
    let server = TestServer::start().await.unwrap();
    let tls = Tls::custom(server.ca_certificate_pem().unwrap().as_bytes()).unwrap();
    let socket = TcpStream::connect(server.tls_listen_address().unwrap()).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    let connector = TlsConnector::from(Arc::clone(&tls.client_config(&[b"http/1.1"])));
    let mut socket = connector.connect(name, socket).await.unwrap();
    let port = server.tls_listen_address().unwrap().port();
    let sealed = mfly_proto::cipher::LicenceUrlCipher::new().seal(server.licence_key().expose());
    let head = format!(
        "GET /license/details?licenseKey={sealed} HTTP/1.1\r\nhost: localhost:{port}\r\nconnection: close\r\n\r\n"
    );
    let reply = exchange(&mut socket, head.as_bytes(), b"").await;
    assert_eq!(reply.data()["apiBaseUrl"], server.api_base_url_tls().unwrap());
}

#[tokio::test]
async fn xmpp_is_reached_at_the_configured_address() {
    let server = TestServer::start().await.unwrap();
    let client = Client::of(&server);
    let (_, registration) = client.register("alice").await;
    let config = registration.config.as_ref().unwrap();
    let (host, port) = (config.xmpp_host.as_deref().unwrap(), config.xmpp_port_web.unwrap());
    let url = format!("wss://{host}:{port}/websocket");
    assert_eq!(Some(&url), server.websocket_url_tls().as_ref());
    let password = client.sealed(&registration.password);
    let _online = Xmpp::connect_to(&server, &url, "alice", &password).await;
    assert_eq!(server.user("alice").sessions().len(), 1);
}

#[tokio::test]
async fn a_stored_authority_is_used_at_the_next_start() {
    let name = format!("mfly-testserver-{}.pem", std::process::id());
    let path = std::env::temp_dir().join(name);
    let start = || TestServer::builder().authority(&path).start();
    let first = start().await.unwrap();
    let trusted = first.ca_certificate_pem().unwrap().to_owned();
    let hash = first.ca_public_key_hash().unwrap().to_owned();
    first.shutdown().await;
    let second = start().await;
    std::fs::remove_file(path.with_extension("pem.key")).unwrap();
    std::fs::remove_file(&path).unwrap();
    let second = second.unwrap();
    assert_eq!(second.ca_public_key_hash(), Some(hash.as_str()));
    let tls = Tls::custom(trusted.as_bytes()).unwrap();
    let connector = TlsConnector::from(Arc::clone(&tls.client_config(&[b"http/1.1"])));
    for name in ["localhost", "127.0.0.1"] {
        let socket = TcpStream::connect(second.tls_listen_address().unwrap()).await.unwrap();
        let name = ServerName::try_from(name).unwrap();
        connector.connect(name, socket).await.unwrap();
    }
}

#[tokio::test]
async fn the_certificate_has_the_names_that_it_was_asked_for_and_those_that_clients_are_given() {
    let builder = TestServer::builder().certificate_name("10.0.2.2").certificate_name("*.home.lan");
    let server = builder.advertise_tls("chat.test:443").xmpp_host("talk.test").start().await;
    let server = server.unwrap();
    let tls = Tls::custom(server.ca_certificate_pem().unwrap().as_bytes()).unwrap();
    let connector = TlsConnector::from(Arc::clone(&tls.client_config(&[b"http/1.1"])));
    for (name, is_there) in [
        ("10.0.2.2", true),
        ("mac.home.lan", true),
        ("chat.test", true),
        ("talk.test", true),
        ("localhost", true),
        ("10.0.2.3", false),
        ("other.test", false),
    ] {
        let socket = TcpStream::connect(server.tls_listen_address().unwrap()).await.unwrap();
        let connected = connector.connect(ServerName::try_from(name).unwrap(), socket).await;
        assert_eq!(connected.is_ok(), is_there, "{name}");
    }
}

#[tokio::test]
async fn a_certificate_name_that_is_none_is_refused_with_a_reason() {
    let error = TestServer::builder().certificate_name("a b").start().await.unwrap_err();
    let reason = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(reason, "a b is not a DNS name or IP address");
}
