//! A server that says exactly what a test makes it say.

use crate::stub::{HOST, LICENCE_KEY, PASSWORD, StubBackend};
use crate::wait::within;
use futures_util::{SinkExt as _, StreamExt as _};
use mfly_client::{
    App, AppBuilder, ConnectRequest, Credentials, Events, LicenceKey, Password, Session, UserId,
};
use mfly_proto::testing::canonical;
use mfly_proto::xml::{Document, Limits};
use mfly_transport::{Connection, DEFAULT_MAX_FRAME_BYTES, server};
use std::sync::Arc;
use tokio::net::TcpListener;

/// A WebSocket server on a free port, whose side of each connection is a [`Peer`].
pub struct ScriptedServer {
    listener: TcpListener,
    /// The REST side.
    pub backend: Arc<StubBackend>,
}

/// The server's side of a connection.
pub struct Peer {
    connection: Connection,
    /// The resource that the client chose, once bound.
    pub resource: String,
}

impl ScriptedServer {
    /// Listens.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        Self { listener, backend: Arc::default() }
    }

    /// `ws://127.0.0.1:PORT/websocket`
    #[must_use]
    pub fn url(&self) -> String {
        format!("ws://{}/websocket", self.listener.local_addr().unwrap())
    }

    /// An app for this server, to be changed.
    pub fn app_builder(&self) -> AppBuilder {
        App::builder(LicenceKey::new(LICENCE_KEY).unwrap())
            .api_base_url("https://api.example.test/api/v1")
            .http_backend(self.backend.clone())
            .xmpp_address(&self.url())
    }

    /// An app for this server.
    pub async fn app(&self) -> App {
        self.app_builder().build().await.expect("the app is built")
    }

    /// The only user of this server.
    #[must_use]
    pub fn credentials() -> Credentials {
        Credentials::new(UserId::new("u1").unwrap(), Password::new(PASSWORD).unwrap())
    }

    /// Connects `u1`; its first event is that of the connection.
    pub async fn connect(&self) -> (Session, Events, Peer) {
        self.connect_with(|request| request).await
    }

    /// Connects `u1` with other options.
    pub async fn connect_with(
        &self,
        change: impl FnOnce(ConnectRequest) -> ConnectRequest,
    ) -> (Session, Events, Peer) {
        let request = change(self.app().await.connect(&Self::credentials()));
        let events = request.events();
        let connecting = async { request.await.expect("connects") };
        let (session, peer) =
            within("connection", async { tokio::join!(connecting, self.accept_online()) }).await;
        (session, events, peer)
    }

    /// The next connection, after the WebSocket handshake.
    pub async fn accept(&self) -> Peer {
        within("a dial", async {
            let (socket, _) = self.listener.accept().await.expect("a socket");
            socket.set_nodelay(true).expect("a live socket");
            let connection =
                server::accept(socket, DEFAULT_MAX_FRAME_BYTES, crate::wait::DEADLINE).await;
            Peer { connection: connection.expect("a handshake"), resource: String::new() }
        })
        .await
    }

    /// The next connection, authenticated and bound, its presence and carbons received.
    pub async fn accept_online(&self) -> Peer {
        let mut peer = self.accept().await;
        peer.offer("PLAIN").await;
        peer.accept_authentication().await;
        peer.accept_binding().await;
        peer
    }
}

impl Peer {
    /// What the client says next.
    pub async fn receive(&mut self) -> String {
        match within("a frame", self.connection.next()).await {
            Some(Ok(frame)) => frame.as_str().to_owned(),
            other => panic!("no frame but {other:?}"),
        }
    }

    /// What the client says until it closes the connection.
    pub async fn receive_rest(&mut self) -> Vec<String> {
        within("the end of the connection", async {
            let mut rest = Vec::new();
            while let Some(Ok(frame)) = self.connection.next().await {
                rest.push(frame.as_str().to_owned());
            }
            rest
        })
        .await
    }

    /// Says something.
    pub async fn send(&mut self, text: impl Into<String>) {
        let text = text.into();
        within("sending", self.connection.send(text.into())).await.expect("the client listens");
    }

    /// Says something that the client may not live to hear.
    pub async fn try_send(&mut self, text: impl Into<String>) {
        let text = text.into();
        let _ = within("sending", self.connection.send(text.into())).await;
    }

    /// Receives a request and returns its id; it has to contain `part`.
    pub async fn receive_request(&mut self, part: &str) -> String {
        let text = self.receive().await;
        assert!(text.contains(part), "expected {part} in {text}");
        attribute(&text, "id").unwrap_or_else(|| panic!("no id in {text}"))
    }

    /// Answers a request as the own account would, with this payload.
    pub async fn answer(&mut self, id: &str, payload: &str) {
        let text = format!(
            r#"<iq xmlns="jabber:client" from="u1@{HOST}" to="{}" id="{id}" type="result">{payload}</iq>"#,
            self.jid()
        );
        self.send(text).await;
    }

    /// The client's address.
    #[must_use]
    pub fn jid(&self) -> String {
        format!("u1@{HOST}/{}", self.resource)
    }

    /// Opens the stream and offers this mechanism.
    pub async fn offer(&mut self, mechanism: &str) {
        self.open(&format!(
            r#"<mechanisms xmlns="urn:ietf:params:xml:ns:xmpp-sasl"><mechanism>{mechanism}</mechanism></mechanisms>"#
        ))
        .await;
    }

    /// Opens the stream with these features.
    pub async fn open(&mut self, features: &str) {
        let open = self.receive().await;
        assert!(open.starts_with("<open "), "{open}");
        self.send(format!(
            r#"<open xmlns="urn:ietf:params:xml:ns:xmpp-framing" from="{HOST}" id="s" version="1.0" xml:lang="en"/>"#
        ))
        .await;
        self.send(format!(
            r#"<stream:features xmlns:stream="http://etherx.jabber.org/streams">{features}</stream:features>"#
        ))
        .await;
    }

    /// Believes whatever the client authenticates with, and returns that.
    pub async fn accept_authentication(&mut self) -> String {
        let auth = self.receive().await;
        assert!(auth.starts_with("<auth "), "{auth}");
        self.send(r#"<success xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>"#).await;
        auth
    }

    /// Binds the resource that the client wishes, and receives presence and carbons.
    pub async fn accept_binding(&mut self) {
        self.open(
            r#"<bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/><session xmlns="urn:ietf:params:xml:ns:xmpp-session"/>"#,
        )
        .await;
        let bind = self.receive().await;
        let (_, rest) = bind.split_once("<resource>").unwrap_or_else(|| panic!("{bind}"));
        self.resource = rest.split('<').next().unwrap_or_default().to_owned();
        let jid = self.jid();
        self.send(format!(
            r#"<iq xmlns="jabber:client" type="result" id="_bind_auth_2"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><jid>{jid}</jid></bind></iq>"#
        ))
        .await;
        let session = self.receive_request("urn:ietf:params:xml:ns:xmpp-session").await;
        self.send(format!(r#"<iq xmlns="jabber:client" type="result" id="{session}"/>"#)).await;
        let presence = self.receive().await;
        assert!(presence.starts_with("<presence "), "{presence}");
        let carbons = self.receive_request("urn:xmpp:carbons:2").await;
        self.answer(&carbons, "").await;
    }

    /// Takes the connection away without a word.
    pub fn vanish(self) {
        drop(self);
    }
}

/// An attribute of the top-level element.
#[must_use]
pub fn attribute(text: &str, name: &str) -> Option<String> {
    let document = Document::parse(text.to_owned(), &Limits::default()).ok()?;
    document.root().attr(name).map(Into::into)
}

/// Fails unless both texts are the same XML.
pub fn assert_same(said: &str, expected: &str) {
    assert_eq!(canonical(said).expect("XML"), canonical(expected).expect("XML"));
}
