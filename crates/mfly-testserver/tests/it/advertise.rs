use crate::client::{Client, start_with, upload_in};
use mfly_proto::cipher::LicenceUrlCipher;
use mfly_testserver::{Builder, TestServer};
use serde_json::Value;

/// What one request was told of the server's address.
struct Told {
    licence: String,
    media: String,
    signalling: String,
    config: Value,
}

/// Asks for everything that has an address of the server in it. The requests have these headers.
async fn told(server: &TestServer, headers: &[(&str, &str)]) -> Told {
    let client = Client::of(server);
    let (alice, _) = client.register("alice").await;
    let sealed = LicenceUrlCipher::new().seal(server.licence_key().expose());
    let path = format!("/license/details?licenseKey={sealed}");
    let licence = client.send("GET", &path, headers, b"").await.data();
    let json = [headers, &[("content-type", "application/json")]].concat();
    let body = upload_in(1).to_string();
    let media = alice.send("POST", "/api/v1/media/upload", &json, body.as_bytes()).await.data();
    let media = media.to_string();
    let config = alice.send("GET", "/api/v1/users/config", headers, b"").await.data();
    let config = mfly_proto::cipher::ConfigCipher::new("alice").open(config.as_str().unwrap());
    let config: Value = serde_json::from_str(config.as_str()).unwrap();
    Told {
        licence: licence["apiBaseUrl"].as_str().unwrap().to_owned(),
        media,
        signalling: config["signalServerDomain"].as_str().unwrap().to_owned(),
        config,
    }
}

impl Told {
    fn assert_origin(&self, origin: &str) {
        assert_eq!(self.licence, format!("{origin}/api/v1"));
        assert_eq!(self.signalling, origin);
        assert!(self.media.contains(&format!("\"{origin}/")), "{}", self.media);
    }
}

fn builder() -> Builder {
    TestServer::builder().announce_signalling(true)
}

#[tokio::test]
async fn every_address_that_a_client_is_given_is_the_advertised_one() {
    let any = "127.0.0.1:0".parse().unwrap();
    let builder = builder().tcp_listen(any).tcps_listen(any);
    let advertising = builder.advertise("10.0.2.2:9117").advertise_tls("chat.test");
    let (server, _) = start_with(advertising.advertise_tcp("10.0.2.2:9222")).await;
    let told = told(&server, &[]).await;
    told.assert_origin("http://10.0.2.2:9117");
    assert_eq!(told.config["xmppPortWeb"], "443");
    assert_eq!(told.config["xmppPort"], "9222");
    let info = server.info();
    let tcps = server.tcps_listen_address().unwrap().port();
    assert_eq!(info.api_base_url, "http://10.0.2.2:9117/api/v1");
    assert_eq!(info.websocket_url, "ws://10.0.2.2:9117/websocket");
    assert_eq!(info.licence_url, "http://10.0.2.2:9117/license/details");
    assert_eq!(info.tls.as_ref().unwrap().websocket_url, "wss://chat.test/websocket");
    assert_eq!(info.tcp_address.as_deref(), Some("xmpp://10.0.2.2:9222"));
    assert_eq!(info.tcps_address, Some(format!("xmpps://10.0.2.2:{tcps}")));
    assert_eq!(info.listeners[0].address, server.listen_address().to_string());
}

#[tokio::test]
async fn a_proxy_that_serves_tls_is_where_every_client_is_sent() {
    let (server, _) = start_with(builder().advertise_tls("chat.test:8443")).await;
    let told = told(&server, &[]).await;
    told.assert_origin("https://chat.test:8443");
    assert_eq!(told.config["xmppPortWeb"], "8443");
}

#[tokio::test]
async fn headers_of_a_proxy_are_believed_only_when_the_server_is_told_to() {
    let headers = [("x-forwarded-proto", "https"), ("x-forwarded-host", "chat.test")];
    let (server, _) = start_with(builder()).await;
    let own = format!("http://{}", server.listen_address());
    told(&server, &headers).await.assert_origin(&own);

    let (server, _) = start_with(builder().trust_forwarded(true)).await;
    let through = told(&server, &headers).await;
    through.assert_origin("https://chat.test");
    assert_eq!(through.config["xmppPortWeb"], "443");
    let direct = Client::of(&server).get("/users/config").await;
    assert_eq!(direct.http, 401, "requests without the headers are served too");
    let headers = [("forwarded", "for=192.0.2.7;proto=https;host=\"chat.test:8443\"")];
    let (server, _) = start_with(builder().trust_forwarded(true)).await;
    let through = told(&server, &headers).await;
    through.assert_origin("https://chat.test:8443");
    assert_eq!(through.config["xmppPortWeb"], "8443");
}

#[tokio::test]
async fn what_is_advertised_goes_before_the_headers_of_a_proxy() {
    let headers = [("x-forwarded-proto", "https"), ("x-forwarded-host", "inner.test")];
    let builder = builder().trust_forwarded(true).advertise_tls("chat.test:8443");
    let (server, _) = start_with(builder).await;
    let told = told(&server, &headers).await;
    told.assert_origin("https://chat.test:8443");
    assert_eq!(told.config["xmppPortWeb"], "8443");
}

#[tokio::test]
async fn a_header_of_a_proxy_that_makes_no_sense_is_refused_and_named() {
    let (server, client) = start_with(builder().trust_forwarded(true)).await;
    let headers = [("x-forwarded-host", "a b")];
    let reply = client.send("GET", "/licence.js", &headers, b"").await;
    assert_eq!(reply.http, 400);
    assert!(reply.message().contains("X-Forwarded-*"), "{reply:?}");
    drop(server);
}

#[tokio::test]
async fn an_address_that_cannot_be_advertised_is_named() {
    for (builder, name) in [
        (TestServer::builder().advertise("http://a"), "advertise"),
        (TestServer::builder().advertise_tls("a b"), "advertiseTls"),
        (TestServer::builder().advertise_tcp(""), "advertiseTcp"),
        (TestServer::builder().advertise_tcps("a:b").advertise("b"), "advertiseTcps"),
    ] {
        let error = builder.start().await.unwrap_err().to_string();
        assert!(error.contains(name) && error.contains("HOST:PORT"), "{error}");
    }
}
