use crate::client::{DEADLINE, start};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::{SinkExt as _, StreamExt as _};
use mfly_testserver::TestServer;
use mfly_transport::{Connection, Options, Tls, connect};
use serde_json::json;

const FRAMING: &str = "urn:ietf:params:xml:ns:xmpp-framing";

/// A logged-in XMPP connection, frame by frame.
pub(crate) struct Xmpp(Connection);

impl Xmpp {
    pub(crate) async fn connect(server: &TestServer, user: &str, password: &str) -> Self {
        Self::connect_to(server, &server.websocket_url(), user, password).await
    }

    pub(crate) async fn connect_to(
        server: &TestServer,
        url: &str,
        user: &str,
        password: &str,
    ) -> Self {
        // Without TLS nobody looks at the roots.
        let roots = match server.ca_certificate_pem() {
            Some(pem) => pem.to_owned(),
            None => rcgen::generate_simple_self_signed(Vec::new())
                .unwrap()
                .cert
                .pem(),
        };
        let options = Options::new(Tls::custom(roots.as_bytes()).unwrap());
        let connection = connect(&url.parse().unwrap(), &options).await.unwrap();
        let mut stream = Self(connection);
        let host = server.xmpp_host();
        let open = format!("<open to=\"{host}\" version=\"1.0\" xmlns=\"{FRAMING}\"/>");
        stream.send(&open).await;
        stream.expect("<open").await;
        stream.expect("PLAIN").await;
        let plain = STANDARD.encode(format!("\0{user}\0{password}"));
        stream
            .send(&format!(
                "<auth mechanism=\"PLAIN\" xmlns=\"urn:ietf:params:xml:ns:xmpp-sasl\">{plain}</auth>"
            ))
            .await;
        stream.expect("<success").await;
        stream.send(&open).await;
        stream.expect("<open").await;
        stream.expect("urn:ietf:params:xml:ns:xmpp-bind").await;
        stream
            .send("<iq id=\"b1\" type=\"set\" xmlns=\"jabber:client\"><bind xmlns=\"urn:ietf:params:xml:ns:xmpp-bind\"/></iq>")
            .await;
        stream.expect("b1").await;
        stream
    }

    pub(crate) async fn send(&mut self, text: &str) {
        self.0.send(text.to_owned().into()).await.unwrap();
    }

    /// The next frame; `None` at a clean end.
    pub(crate) async fn next(&mut self) -> Option<String> {
        let frame = tokio::time::timeout(DEADLINE, self.0.next())
            .await
            .expect("no frame");
        frame.map(|frame| frame.expect("the connection broke").as_str().to_owned())
    }

    /// The next frame that holds `text`.
    pub(crate) async fn expect(&mut self, text: &str) -> String {
        loop {
            let frame = self
                .next()
                .await
                .unwrap_or_else(|| panic!("closed before {text}"));
            if frame.contains(text) {
                return frame;
            }
        }
    }

    /// Whether the connection ends without a closing handshake.
    pub(crate) async fn is_cut(&mut self) -> bool {
        loop {
            match tokio::time::timeout(DEADLINE, self.0.next())
                .await
                .expect("still open")
            {
                Some(Ok(_)) => {}
                Some(Err(_)) => return true,
                None => return false,
            }
        }
    }
}

#[tokio::test]
async fn a_client_comes_online_and_its_leaving_is_noticed() {
    let (server, client) = start().await;
    let (_, alice) = client.register("alice").await;
    let (_, bob) = client.register("bob").await;
    let mut alice = Xmpp::connect(&server, "alice", &client.sealed(&alice.password)).await;
    let mut bob = Xmpp::connect(&server, "bob", &client.sealed(&bob.password)).await;
    for stream in [&mut alice, &mut bob] {
        stream
            .send("<presence xmlns=\"jabber:client\"><priority>1</priority></presence>")
            .await;
    }
    alice.expect("bob@localhost").await;
    assert!(server.user("bob").is_online());
    drop(bob);
    let left = alice.expect("unavailable").await;
    assert!(left.contains("bob@localhost"), "{left}");
    assert!(!server.user("bob").is_online());
}

#[tokio::test]
async fn deleting_over_rest_is_told_over_xmpp() {
    let (server, client) = start().await;
    let (_, alice) = client.register("alice").await;
    let (bob_client, bob) = client.register("bob").await;
    let mut alice = Xmpp::connect(&server, "alice", &client.sealed(&alice.password)).await;
    let mut bob = Xmpp::connect(&server, "bob", &client.sealed(&bob.password)).await;
    bob_client
        .post("/users/deleteMyAccount", &json!({ "reason": "r" }))
        .await;
    alice.expect("user_deleted").await;
    bob.expect("<close ").await;
}

#[tokio::test]
async fn an_admin_block_ends_the_users_connections() {
    let (server, client) = start().await;
    let (_, alice) = client.register("alice").await;
    let mut alice = Xmpp::connect(&server, "alice", &client.sealed(&alice.password)).await;
    server.user("alice").admin_block(true).unwrap();
    alice.expect("<close ").await;
    assert_eq!(alice.next().await, None);
    assert!(server.user("alice").sessions().is_empty());
}

#[tokio::test]
async fn a_forced_registration_ends_the_older_devices_connection() {
    let (server, client) = start().await;
    server.plan().session_limit(1);
    let (_, first) = client.register("alice").await;
    let mut first = Xmpp::connect(&server, "alice", &client.sealed(&first.password)).await;
    server.user("alice").register().unwrap();
    first.expect("conflict").await;
}
