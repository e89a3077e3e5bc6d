//! A client that sends exactly the frames of a test.

use crate::wait::{DEADLINE, within};
use futures_util::{SinkExt as _, StreamExt as _};
use mfly_proto::cipher::{RequestCipher, login};
use mfly_proto::sasl::{Auth, Mechanism as _, Plain};
use mfly_proto::secret::Password;
use mfly_proto::xml::Writer;
use mfly_testserver::{Credentials, TestServer};
use mfly_transport::{Connection, Options, connect};

/// A WebSocket connection to a test server.
pub struct RawClient {
    connection: Connection,
    host: String,
}

impl RawClient {
    /// Connects, and sends no frame yet.
    pub async fn dial(server: &TestServer) -> Self {
        let address = server.websocket_url().parse().expect("an address");
        let options = Options::default();
        let connection = within("dialling", connect(&address, &options)).await.expect("connects");
        Self { connection, host: server.xmpp_host() }
    }

    /// Connects a session as the official SDK does, but without carbons.
    pub async fn online(server: &TestServer, credentials: &Credentials, resource: &str) -> Self {
        let mut client = Self::bound(server, credentials, resource).await;
        client.send(r#"<presence xmlns="jabber:client"><priority>1</priority></presence>"#).await;
        client.settle().await;
        client
    }

    /// Binds a session that has sent no presence yet.
    pub async fn bound(server: &TestServer, credentials: &Credentials, resource: &str) -> Self {
        let mut client = Self::dial(server).await;
        client.open().await;
        client.send(auth(server, credentials)).await;
        client.receive_starting("<success ").await;
        client.open().await;
        client
            .send(format!(
                r#"<iq id="b" type="set" xmlns="jabber:client"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><resource>{resource}</resource></bind></iq>"#
            ))
            .await;
        client.receive_starting("<iq ").await;
        client
    }

    async fn open(&mut self) {
        let host = &self.host;
        self.send(format!(
            r#"<open to="{host}" version="1.0" xmlns="urn:ietf:params:xml:ns:xmpp-framing"/>"#
        ))
        .await;
        self.receive_starting("<open ").await;
        self.receive_starting("<stream:features").await;
    }

    /// Waits until the server has read all frames, and returns the frames that it sent meanwhile.
    pub async fn settle(&mut self) -> Vec<String> {
        let host = self.host.clone();
        self.send(format!(
            r#"<iq id="settle" to="{host}" type="get" xmlns="jabber:client"><ping xmlns="urn:xmpp:ping"/></iq>"#
        ))
        .await;
        let mut before = Vec::new();
        loop {
            let text = self.receive().await;
            if text.contains(r#"id="settle""#) {
                return before;
            }
            before.push(text);
        }
    }

    /// Sends a request to the own account, and returns all frames up to its answer.
    pub async fn ask(&mut self, kind: &str, payload: &str) -> Vec<String> {
        self.send(format!(r#"<iq id="ask" type="{kind}" xmlns="jabber:client">{payload}</iq>"#))
            .await;
        self.settle().await
    }

    /// Sends a frame.
    pub async fn send(&mut self, text: impl Into<String>) {
        let text = text.into();
        within("sending", self.connection.send(text.into())).await.expect("the server listens");
    }

    /// Receives the server's next frame.
    pub async fn receive(&mut self) -> String {
        match tokio::time::timeout(DEADLINE, self.connection.next()).await {
            Ok(Some(Ok(frame))) => frame.as_str().to_owned(),
            other => panic!("no frame but {other:?}"),
        }
    }

    async fn receive_starting(&mut self, start: &str) {
        let text = self.receive().await;
        assert!(text.starts_with(start), "expected {start}…, got {text}");
    }
}

/// The `<auth/>` of a user.
#[must_use]
pub fn auth(server: &TestServer, credentials: &Credentials) -> String {
    let password = if server.is_trial() {
        credentials.password.clone()
    } else {
        let cipher = RequestCipher::new(&server.licence_key());
        let sealed = login::seal_password(&cipher, &credentials.password, 1_795_399_569_086);
        Password::new(sealed).expect("base64")
    };
    let mut plain = Plain::new(credentials.username.as_str(), &password).expect("no NUL");
    let mut buffer = Vec::new();
    Auth::new("PLAIN", plain.initial()).write(&mut Writer::new(&mut buffer));
    String::from_utf8(buffer).expect("XML is text")
}
