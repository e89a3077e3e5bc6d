use crate::client::{Client, DEADLINE, start};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::{SinkExt as _, StreamExt as _};
use mfly_proto::framing::{Framing, Open};
use mfly_testserver::TestServer;
use mfly_transport::{Connection, Options, StartTls, Tls, connect};
use serde_json::json;

/// The trusted roots of a server's clients. They are not used without TLS.
pub(crate) fn roots(server: &TestServer) -> Tls {
    let pem = match server.ca_certificate_pem() {
        Some(pem) => pem.to_owned(),
        None => rcgen::generate_simple_self_signed(Vec::new()).unwrap().cert.pem(),
    };
    Tls::custom(pem.as_bytes()).unwrap()
}

/// An XMPP connection, frame by frame.
pub(crate) struct Xmpp {
    connection: Connection,
    opening: String,
}

impl Xmpp {
    /// Logs in and binds an account of the platform.
    pub(crate) async fn connect(server: &TestServer, user: &str, password: &str) -> Self {
        Self::connect_to(server, &server.websocket_url(), user, password).await
    }

    /// Registers a user of the platform, and connects it.
    pub(crate) async fn register(server: &TestServer, id: &str) -> Self {
        let client = Client::of(server);
        let (_, registration) = client.register(id).await;
        Self::connect(server, id, &client.sealed(&registration.password)).await
    }

    /// Logs in and binds an account at another address of the server.
    pub(crate) async fn connect_to(
        server: &TestServer,
        url: &str,
        user: &str,
        password: &str,
    ) -> Self {
        Self::dial(server, url).await.log_in(user, password).await
    }

    /// Connects, and sends no frame yet.
    pub(crate) async fn dial(server: &TestServer, url: &str) -> Self {
        let mut options = Options::new(roots(server));
        if server.ca_certificate_pem().is_none() {
            options.start_tls = StartTls::Disabled;
        }
        let connection = connect(&url.parse().unwrap(), &options).await.unwrap();
        Self::over(server, connection)
    }

    pub(crate) fn over(server: &TestServer, connection: Connection) -> Self {
        let mut opening = Vec::new();
        let host = Open::to_host(&server.xmpp_host());
        connection.framing().write_open(&host, &mut opening);
        Self { connection, opening: String::from_utf8(opening).unwrap() }
    }

    /// Connects over every transport: WebSocket, TCP and memory, with and, where allowed, without
    /// TLS.
    pub(crate) async fn every(server: &TestServer) -> Vec<Self> {
        let mut all = Vec::new();
        for url in [
            Some(server.websocket_url()),
            server.websocket_url_tls(),
            server.tcp_address(),
            server.tcps_address(),
        ] {
            all.push(Self::dial(server, &url.unwrap()).await);
        }
        for framing in [Framing::WebSocket, Framing::Tcp] {
            all.push(Self::over(server, server.connect_in_memory(framing)));
        }
        all
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Opens the stream, and returns the features.
    pub(crate) async fn open(&mut self) -> String {
        let opening = self.opening.clone();
        self.send(&opening).await;
        let answer = self.next().await.unwrap();
        assert!(answer.contains("version=\"1.0\""), "{answer}");
        self.next().await.unwrap()
    }

    /// Logs in by PLAIN and binds.
    pub(crate) async fn log_in(mut self, user: &str, password: &str) -> Self {
        self.authenticate(user, password).await;
        self.bind().await;
        self
    }

    /// Logs in by PLAIN and opens the stream again.
    pub(crate) async fn log_in_up_to_binding(&mut self, user: &str, password: &str) {
        self.authenticate(user, password).await;
        self.open().await;
    }

    async fn authenticate(&mut self, user: &str, password: &str) {
        assert!(self.open().await.contains("PLAIN"));
        let plain = STANDARD.encode(format!("\0{user}\0{password}"));
        self.send(&format!(
            "<auth mechanism=\"PLAIN\" xmlns=\"urn:ietf:params:xml:ns:xmpp-sasl\">{plain}</auth>"
        ))
        .await;
        self.expect("<success").await;
    }

    /// Opens the stream again and binds.
    pub(crate) async fn bind(&mut self) -> String {
        assert!(self.open().await.contains("urn:ietf:params:xml:ns:xmpp-bind"));
        self.request_binding().await
    }

    /// Requests a resource, and returns the answer.
    pub(crate) async fn request_binding(&mut self) -> String {
        self.send("<iq id=\"b1\" type=\"set\" xmlns=\"jabber:client\"><bind xmlns=\"urn:ietf:params:xml:ns:xmpp-bind\"/></iq>")
            .await;
        self.expect("b1").await
    }

    /// Waits until the server has read all frames.
    pub(crate) async fn settle(&mut self) {
        self.send("<iq id=\"settle\" type=\"get\" xmlns=\"jabber:client\"><ping xmlns=\"urn:xmpp:ping\"/></iq>")
            .await;
        self.expect("\"settle\"").await;
    }

    pub(crate) async fn send(&mut self, text: &str) {
        self.connection.send(text.to_owned().into()).await.unwrap();
    }

    /// Receives the next frame; `None` at a clean end.
    pub(crate) async fn next(&mut self) -> Option<String> {
        let frame = tokio::time::timeout(DEADLINE, self.connection.next()).await.expect("no frame");
        frame.map(|frame| frame.expect("the connection broke").as_str().to_owned())
    }

    /// Receives frames up to the first that contains `text`.
    pub(crate) async fn expect(&mut self, text: &str) -> String {
        loop {
            let frame = self.next().await.unwrap_or_else(|| panic!("closed before {text}"));
            if frame.contains(text) {
                return frame;
            }
        }
    }

    /// Whether the connection ends without a closing handshake.
    pub(crate) async fn is_cut(&mut self) -> bool {
        loop {
            match tokio::time::timeout(DEADLINE, self.connection.next()).await.expect("still open")
            {
                Some(Ok(_)) => {}
                Some(Err(_)) => return true,
                None => return false,
            }
        }
    }
}

#[tokio::test]
async fn a_client_comes_online_and_goes_offline() {
    let (server, _) = start().await;
    let mut alice = Xmpp::register(&server, "alice").await;
    let mut bob = Xmpp::register(&server, "bob").await;
    for stream in [&mut alice, &mut bob] {
        stream.send("<presence xmlns=\"jabber:client\"><priority>1</priority></presence>").await;
    }
    alice.expect("bob@localhost").await;
    assert!(server.user("bob").is_online());
    drop(bob);
    let left = alice.expect("unavailable").await;
    assert!(left.contains("bob@localhost"), "{left}");
    assert!(!server.user("bob").is_online());
}

#[tokio::test]
async fn deleting_over_rest_is_pushed_over_xmpp() {
    let (server, client) = start().await;
    let mut alice = Xmpp::register(&server, "alice").await;
    let (bob_client, bob) = client.register("bob").await;
    let mut bob = Xmpp::connect(&server, "bob", &client.sealed(&bob.password)).await;
    bob_client.post("/users/deleteMyAccount", &json!({ "reason": "r" })).await;
    alice.expect("user_deleted").await;
    bob.expect("<close ").await;
}
