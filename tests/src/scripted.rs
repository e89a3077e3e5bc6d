//! A server that sends exactly the frames of a test.

use crate::stub::{HOST, LICENCE_KEY, PASSWORD, StubBackend};
use crate::wait::{both, expect_events_until, within};
use futures_util::{SinkExt as _, StreamExt as _};
use mfly_client::{
    App, AppBuilder, ConnectRequest, Credentials, Error, Event, Events, LicenceKey, Password,
    Session, UserId,
};
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

/// A server's answer to one frame of a client that logs in.
pub enum Step<'a> {
    /// The opening of the stream, with these features.
    Features(&'a str),
    /// This frame, in which `{id}` stands for the id of the client's frame.
    Reply(&'a str),
}

/// Features that offer PLAIN.
pub const PLAIN: &str = r#"<mechanisms xmlns="urn:ietf:params:xml:ns:xmpp-sasl"><mechanism>PLAIN</mechanism></mechanisms>"#;
/// The frame that accepts an authentication.
pub const SUCCESS: &str = r#"<success xmlns="urn:ietf:params:xml:ns:xmpp-sasl"/>"#;
/// Features that offer resource binding.
pub const BIND: &str = r#"<bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"/>"#;

impl ScriptedServer {
    /// Starts to listen.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        Self { listener, backend: Arc::default() }
    }

    /// Starts to listen and connects `u1`; its first event is that of the connection.
    pub async fn connected() -> (Self, Session, Events, Peer) {
        let server = Self::start().await;
        let (session, events, peer) = server.connect().await;
        (server, session, events, peer)
    }

    /// The address, as `ws://127.0.0.1:PORT/websocket`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("ws://{}/websocket", self.listener.local_addr().unwrap())
    }

    /// Starts the builder of an app for this server.
    pub fn app_builder(&self) -> AppBuilder {
        App::builder(LicenceKey::new(LICENCE_KEY).unwrap())
            .api_base_url("https://api.example.test/api/v1")
            .http_backend(self.backend.clone())
            .xmpp_address(&self.url())
    }

    /// Builds an app for this server.
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
        let (session, peer) = both(connecting, self.accept_online()).await;
        (session, events, peer)
    }

    /// Connects with `request` while the server plays these steps. Returns the error, and the
    /// frames that the client sent after the last step.
    pub async fn fail_to_connect(
        &self,
        request: ConnectRequest,
        steps: &[Step<'_>],
    ) -> (Error, Vec<String>) {
        let script = async {
            let mut peer = self.accept().await;
            for step in steps {
                peer.play(step).await;
            }
            peer.receive_rest().await
        };
        let (outcome, rest) = both(async { request.await }, script).await;
        (outcome.expect_err("it was expected to fail"), rest)
    }

    /// Accepts the next connection and its WebSocket handshake.
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

    /// Accepts the next connection up to the end of its login.
    pub async fn accept_online(&self) -> Peer {
        let mut peer = self.accept().await;
        peer.open(PLAIN).await;
        peer.accept_authentication().await;
        peer.accept_binding().await;
        peer
    }
}

impl Peer {
    /// Receives the client's next frame.
    pub async fn receive(&mut self) -> String {
        match within("a frame", self.connection.next()).await {
            Some(Ok(frame)) => frame.as_str().to_owned(),
            other => panic!("no frame but {other:?}"),
        }
    }

    /// Receives the client's frames until it closes the connection.
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

    /// Sends a frame.
    pub async fn send(&mut self, text: impl Into<String>) {
        let text = text.into();
        within("sending", self.connection.send(text.into())).await.expect("the client listens");
    }

    /// Sends a frame to a client that may have closed the connection.
    pub async fn try_send(&mut self, text: impl Into<String>) {
        let text = text.into();
        let _ = within("sending", self.connection.send(text.into())).await;
    }

    /// Receives the client's next frame and answers it.
    async fn play(&mut self, step: &Step<'_>) {
        match step {
            Step::Features(features) => self.open(features).await,
            Step::Reply(reply) => {
                let text = self.receive().await;
                let id = attribute(&text, "id").unwrap_or_default();
                self.try_send(reply.replace("{id}", &id)).await;
            }
        }
    }

    /// Returns all events until now: sends a mark and reads up to its event.
    pub async fn drain(&mut self, events: &mut Events) -> Vec<Event> {
        self.send(format!(r#"<presence xmlns="jabber:client" from="mark@{HOST}"/>"#)).await;
        let is_mark = |event: &Event| event.user().is_some_and(|user| user.local() == Some("mark"));
        expect_events_until(events, "mark", is_mark).await
    }

    /// Receives a request that contains `part`, and answers it with this payload.
    pub async fn answer_next(&mut self, part: &str, payload: &str) {
        let id = self.receive_request(part).await;
        self.answer(&id, payload).await;
    }

    /// Receives a request that contains `part`, and refuses it with this condition.
    pub async fn refuse_next(&mut self, part: &str, kind: &str, condition: &str) {
        let id = self.receive_request(part).await;
        self.send(format!(
            r#"<iq xmlns="jabber:client" type="error" id="{id}"><error type="{kind}"><{condition} xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error></iq>"#
        ))
        .await;
    }

    /// Receives a request and returns its id; it has to contain `part`.
    pub async fn receive_request(&mut self, part: &str) -> String {
        let text = self.receive().await;
        assert!(text.contains(part), "expected {part} in {text}");
        attribute(&text, "id").unwrap_or_else(|| panic!("no id in {text}"))
    }

    /// Answers a request in the name of the client's account, with this payload.
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

    /// Accepts any authentication, and returns the client's frame.
    pub async fn accept_authentication(&mut self) -> String {
        let auth = self.receive().await;
        assert!(auth.starts_with("<auth "), "{auth}");
        self.send(SUCCESS).await;
        auth
    }

    /// Binds the resource that the client asks for, and receives presence and carbons.
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

    /// Drops the connection without a closing frame.
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
