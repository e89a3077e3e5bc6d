//! A test server and an app that uses it.

use crate::wait::{expect_events_until, within};
use mfly_client::{
    App, AppBuilder, BareJid, Credentials, Error, ErrorKind, Event, Events, ReconnectPolicy,
    Session, UserId, UserIdentifier,
};
use mfly_testserver::{Builder, TestServer};
use serde_json::Value;
use std::fmt::Debug;
use std::time::Duration;

/// A server on a free port and an app with its licence.
pub struct TestEnv {
    /// The running test server.
    pub server: TestServer,
    /// An app with the licence of the server.
    pub app: App,
}

impl TestEnv {
    /// Starts a server with default settings.
    pub async fn start() -> Self {
        Self::with(TestServer::builder()).await
    }

    /// Starts a server with other settings.
    pub async fn with(builder: Builder) -> Self {
        let server = builder.tls(false).start().await.expect("the server starts");
        let app = Self::app_of(&server).build().await.expect("the app is built");
        Self { server, app }
    }

    /// Starts a server and connects `alice`.
    pub async fn alice() -> (Self, Session) {
        Self::alice_with(TestServer::builder()).await
    }

    /// Starts a server and connects `alice`. Returns her credentials, too.
    pub async fn alice_credentials() -> (Self, Credentials, Session) {
        let env = Self::start().await;
        let credentials = env.register("alice").await;
        let alice = env.app.connect(&credentials).await.expect("connects");
        (env, credentials, alice)
    }

    /// Starts a server with other settings and connects `alice`.
    pub async fn alice_with(builder: Builder) -> (Self, Session) {
        let env = Self::with(builder).await;
        let alice = env.connect("alice").await;
        (env, alice)
    }

    /// Connects `alice` and forgets what she sent, for [`TestEnv::assert_nothing_sent`].
    pub async fn alice_settled() -> (Self, Session) {
        let (env, alice) = Self::alice().await;
        env.settle(&alice).await;
        (env, alice)
    }

    /// Starts a server and connects `alice` and `bob`.
    pub async fn alice_and_bob() -> (Self, Session, Session) {
        let (env, alice) = Self::alice().await;
        let bob = env.connect("bob").await;
        (env, alice, bob)
    }

    /// Starts the builder of an app for a server.
    pub fn app_of(server: &TestServer) -> AppBuilder {
        App::builder(server.licence_key())
            .api_base_url(&server.api_base_url())
            .xmpp_address(&server.websocket_url())
            .trial(server.is_trial())
    }

    /// Connects `alice` through another app for this server.
    pub async fn alice_of(&self, change: impl FnOnce(AppBuilder) -> AppBuilder) -> Session {
        let app = change(Self::app_of(&self.server)).build().await.expect("the app is built");
        let connecting = app.connect(&self.register("alice").await);
        within("connection", async { connecting.await }).await.expect("connects")
    }

    /// Registers a user through the app.
    pub async fn register(&self, id: &str) -> Credentials {
        let request = self.app.register(&UserIdentifier::new(id).unwrap());
        within("registration", async { request.await }).await.expect("registers").credentials
    }

    /// Registers and connects a user.
    pub async fn connect(&self, id: &str) -> Session {
        let credentials = self.register(id).await;
        let connecting = self.app.connect(&credentials);
        within("connection", async { connecting.await }).await.expect("connects")
    }

    /// Registers and connects a user, and subscribes to later events.
    pub async fn online(&self, id: &str) -> (Session, Events) {
        let session = self.connect(id).await;
        let events = session.events();
        (session, events)
    }

    /// The address of a user of this server.
    #[must_use]
    pub fn address(&self, id: &str) -> BareJid {
        user(id).at(&self.server.xmpp_host()).unwrap()
    }

    /// Returns all events until now: pushes a mark into the user's connections and reads up to it.
    pub async fn drain(&self, id: &str, events: &mut Events) -> Vec<Event> {
        let mark = self.address("mark");
        let frame = format!(r#"<presence xmlns="jabber:client" from="{mark}"/>"#);
        assert!(self.server.fault().connections_of(id).send(frame) > 0, "{id} is not connected");
        expect_events_until(events, "mark", |event| event.user() == Some(&mark)).await
    }

    /// The number of REST requests to this path.
    #[must_use]
    pub fn request_count(&self, path: &str) -> usize {
        self.server.journal().requests_to(path).len()
    }

    /// The JSON body of the first REST request to this path.
    #[must_use]
    pub fn request_body(&self, path: &str) -> Value {
        let request = self.server.journal().requests_to(path).remove(0);
        serde_json::from_str(&request.body).expect("JSON")
    }

    /// Waits until the server has received all frames of the session, then clears the journal.
    pub async fn settle(&self, session: &Session) {
        within("a round trip", session.settings()).await.expect("answers");
        self.server.journal().clear();
    }

    /// Fails if the session has sent anything since [`TestEnv::settle`].
    pub async fn assert_nothing_sent(&self, session: &Session) {
        within("a round trip", session.settings()).await.expect("answers");
        let journal = self.server.journal();
        assert_eq!(journal.requests(), [], "REST requests were sent");
        let frames = journal.frames_from(session.user().as_str());
        let texts: Vec<_> = frames.iter().map(|frame| frame.text.as_str()).collect();
        assert_eq!(texts.len(), 1, "more than the closing round trip was sent: {texts:?}");
    }
}

/// Waits of a few milliseconds between attempts to connect.
#[must_use]
pub fn quick_reconnect() -> ReconnectPolicy {
    ReconnectPolicy {
        base: Duration::from_millis(1),
        cap: Duration::from_millis(5),
        ..ReconnectPolicy::default()
    }
}

/// A user's id.
#[must_use]
pub fn user(id: &str) -> UserId {
    UserId::new(id).unwrap()
}

/// The kind of the error of a failed operation.
#[must_use]
pub fn kind<T: Debug>(outcome: Result<T, Error>) -> ErrorKind {
    outcome.expect_err("it was expected to fail").kind().clone()
}

/// The argument that an operation refused, and the reason.
#[must_use]
pub fn argument<T: Debug>(outcome: Result<T, Error>) -> (&'static str, String) {
    match kind(outcome) {
        ErrorKind::InvalidArgument(argument) => (argument.name, argument.reason.to_string()),
        other => panic!("not a refused argument: {other:?}"),
    }
}

/// The status code with which the REST server refused a request.
#[must_use]
pub fn refused_status<T: Debug>(outcome: Result<T, Error>) -> u16 {
    match kind(outcome) {
        ErrorKind::Refused { status, .. } => status,
        other => panic!("not refused by the REST server: {other:?}"),
    }
}
