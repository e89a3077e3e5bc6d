//! The signalling connection of QR logins, as the official client opens it: long-polling first.

use crate::client::{Client, DEADLINE, Reply, start};
use crate::xmpp::roots;
use futures_util::{SinkExt as _, StreamExt as _};
use mfly_proto::signalling::engine_io::{Packet, decode_payload, encode_payload};
use mfly_transport::{Options, SubProtocol, connect};
use serde_json::json;

/// A client that has received its greeting.
struct Polling {
    client: Client,
    sid: String,
    greeting: Vec<String>,
}

impl Polling {
    async fn open(client: &Client) -> Self {
        let mut polling = Self { client: client.clone(), sid: String::new(), greeting: Vec::new() };
        let packets = polling.poll().await;
        let Packet::Open(handshake) = &packets[0] else { panic!("no handshake: {packets:?}") };
        assert_eq!(handshake.upgrades, ["websocket"]);
        polling.sid = format!("&sid={}", handshake.sid);
        polling.greeting = packets.iter().map(Packet::encode).collect();
        polling
    }

    async fn send(&self, method: &str, body: &str) -> Reply {
        let path = format!("/socket.io/?EIO=3&transport=polling{}", self.sid);
        let origin = [("origin", "https://app.example.test")];
        self.client.send(method, &path, &origin, body.as_bytes()).await
    }

    async fn poll(&self) -> Vec<Packet> {
        let reply = self.send("GET", "").await;
        assert_eq!(reply.http, 200);
        decode_payload(std::str::from_utf8(&reply.body).unwrap()).unwrap()
    }

    async fn post(&self, packet: &str) -> Reply {
        self.send("POST", &format!("{}:{packet}", packet.encode_utf16().count())).await
    }
}

#[tokio::test]
async fn a_polling_client_is_greeted_with_a_code_and_answered_across_origins() {
    let (_server, client) = start().await;
    let polling = Polling::open(&client).await;
    assert_eq!(polling.greeting[1], "40");
    assert!(polling.greeting[2].starts_with("42[\"id\",\""));
    assert_eq!(polling.post("2").await.body, b"ok");
    assert_eq!(polling.poll().await, [Packet::Pong(String::new())]);
    let reply = polling.send("POST", &encode_payload([&Packet::Noop])).await;
    let header = |name: &str| reply.header(&format!("access-control-allow-{name}"));
    assert_eq!(header("origin"), Some("https://app.example.test"));
    assert_eq!(header("credentials"), Some("true"));
}

#[tokio::test]
async fn malformed_requests_are_refused_and_the_server_goes_on() {
    let (_server, client) = start().await;
    for (query, code) in [
        ("EIO=3&transport=carrier-pigeon", 0),
        ("EIO=3&transport=polling&sid=unknown", 1),
        ("EIO=3&transport=polling&j=0", 0),
        ("EIO=4&transport=polling", 3),
    ] {
        let reply = client.send("GET", &format!("/socket.io/?{query}"), &[], b"").await;
        assert_eq!((reply.http, reply.json()["code"].as_u64()), (400, Some(code)), "{query}");
    }
    for garbage in ["", "x", "5:4", "1:9", "3:42[", "9999999:4", "2:b4", "4:42{}"] {
        let polling = Polling::open(&client).await;
        polling.send("POST", garbage).await;
        assert_eq!(polling.send("GET", "").await.http, 400, "{garbage}");
    }
    Polling::open(&client).await;
}

#[tokio::test]
async fn an_approval_without_a_valid_token_is_refused_and_does_not_use_up_the_code() {
    let (_server, client) = start().await;
    let browser = Polling::open(&client).await;
    let code = browser.greeting[2].split('"').nth(3).unwrap();
    let phone = Polling::open(&client).await;
    let approve = json!(["approve", {"token": code, "authorization": "made-up"}]);
    for number in 0..2 {
        assert_eq!(phone.post(&format!("42{number}{approve}")).await.http, 200);
        let answer = phone.poll().await[0].encode();
        assert!(answer.starts_with(&format!("43{number}")) && answer.contains("401"), "{answer}");
    }
}

#[tokio::test]
async fn a_client_moves_from_polling_to_websocket() {
    let (server, client) = start().await;
    let polling = Polling::open(&client).await;
    let url = server.signalling_url().replace("http://", "ws://");
    let url = format!("{url}/socket.io/?EIO=3&transport=websocket{}", polling.sid);
    let (address, sub_protocol) = (url.parse().unwrap(), SubProtocol::Unnamed);
    let options = Options { sub_protocol, ..Options::new(roots(&server)) };
    let mut socket = connect(&address, &options).await.unwrap();
    let probe = async {
        socket.send("2probe".into()).await.unwrap();
        assert_eq!(socket.next().await.unwrap().unwrap().as_str(), "3probe");
    };
    let both = async { tokio::join!(polling.poll(), probe) };
    let (packets, ()) = tokio::time::timeout(DEADLINE, both).await.unwrap();
    assert_eq!(packets, [Packet::Noop], "the open poll ends");
    socket.send("5".into()).await.unwrap();
    socket.send("2".into()).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap().as_str(), "3");
    assert_eq!(polling.send("GET", "").await.http, 400);
}
