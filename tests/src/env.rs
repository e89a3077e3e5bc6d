//! A test server and an app that uses it.

use crate::wait::{expect_events_until, within};
use mfly_client::{
    App, AppBuilder, BareJid, Credentials, Error, ErrorKind, Event, Events, Session, UserId,
    UserIdentifier,
};
use mfly_testserver::{Builder, TestServer};
use std::fmt::Debug;

/// A server on a free port and an app with its licence.
pub struct TestEnv {
    /// The server.
    pub server: TestServer,
    /// The app.
    pub app: App,
}

impl TestEnv {
    /// A server as it is by default.
    pub async fn start() -> Self {
        Self::with(TestServer::builder()).await
    }

    /// A server with other settings.
    pub async fn with(builder: Builder) -> Self {
        let server = builder.tls(false).start().await.expect("the server starts");
        let app = Self::app_of(&server).build().await.expect("the app is built");
        Self { server, app }
    }

    /// An app for a server, to be changed.
    pub fn app_of(server: &TestServer) -> AppBuilder {
        App::builder(server.licence_key())
            .api_base_url(&server.api_base_url())
            .xmpp_address(&server.websocket_url())
            .trial(server.is_trial())
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

    /// Registers and connects a user, and subscribes to what happens afterwards.
    pub async fn online(&self, id: &str) -> (Session, Events) {
        let session = self.connect(id).await;
        let events = session.events();
        (session, events)
    }

    /// A user's address here.
    #[must_use]
    pub fn address(&self, id: &str) -> BareJid {
        user(id).at(&self.server.xmpp_host()).unwrap()
    }

    /// Everything told until now: pushes a mark into the user's connections and reads up to it.
    pub async fn told(&self, id: &str, events: &mut Events) -> Vec<Event> {
        let mark = self.address("mark");
        let frame = format!(r#"<presence xmlns="jabber:client" from="{mark}"/>"#);
        assert!(self.server.fault().connections_of(id).send(frame) > 0, "{id} is not connected");
        expect_events_until(events, "mark", |event| event.user() == Some(&mark)).await
    }

    /// Waits until all that the session sent has arrived, then forgets it.
    pub async fn settle(&self, session: &Session) {
        within("a round trip", session.settings()).await.expect("answers");
        self.server.journal().clear();
    }

    /// Fails if the session sent anything since [`TestEnv::settle`].
    pub async fn assert_nothing_sent(&self, session: &Session) {
        within("a round trip", session.settings()).await.expect("answers");
        let journal = self.server.journal();
        assert_eq!(journal.requests(), [], "REST requests were sent");
        let frames = journal.frames_from(session.user().as_str());
        let texts: Vec<_> = frames.iter().map(|frame| frame.text.as_str()).collect();
        assert_eq!(texts.len(), 1, "more than the closing round trip was sent: {texts:?}");
    }
}

/// A user's id.
#[must_use]
pub fn user(id: &str) -> UserId {
    UserId::new(id).unwrap()
}

/// Why an operation failed.
#[must_use]
pub fn kind<T: Debug>(outcome: Result<T, Error>) -> ErrorKind {
    outcome.expect_err("it was expected to fail").kind().clone()
}

/// The argument that an operation refused, and why.
#[must_use]
pub fn argument<T: Debug>(outcome: Result<T, Error>) -> (&'static str, String) {
    match kind(outcome) {
        ErrorKind::InvalidArgument(argument) => (argument.name, argument.reason.to_string()),
        other => panic!("not a refused argument: {other:?}"),
    }
}
