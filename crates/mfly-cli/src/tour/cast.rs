//! Who takes part: the server, the app, and the users.

use super::recorder::Trouble;
use mfly_client::{Account, App, Credentials, Events, ReconnectPolicy, Session, Tls};
use mfly_testserver::TestServer;
use std::time::Duration;

/// One user of the tour.
#[derive(Debug)]
pub(super) struct Actor {
    /// The name that they register with.
    pub(super) name: &'static str,
    account: Option<Account>,
    session: Option<Session>,
}

/// Everybody.
#[derive(Debug)]
pub(super) struct Cast {
    /// The server, with the handles that only a test server has.
    pub(super) server: TestServer,
    app: Option<App>,
    /// Does most things.
    pub(super) alice: Actor,
    /// To whom they are done.
    pub(super) bob: Actor,
    /// Is blocked by an administrator and then deleted.
    pub(super) carol: Actor,
}

impl Actor {
    const fn new(name: &'static str) -> Self {
        Self { name, account: None, session: None }
    }

    /// What they connect with.
    pub(super) fn credentials(&self) -> Result<&Credentials, Trouble> {
        self.account
            .as_ref()
            .map(|account| &account.credentials)
            .ok_or(Trouble::Missing("the account"))
    }

    /// Their connection.
    pub(super) fn session(&self) -> Result<&Session, Trouble> {
        self.session.as_ref().ok_or(Trouble::Missing("the session"))
    }

    /// A subscription to what happens to them from now on.
    pub(super) fn events(&self) -> Result<Events, Trouble> {
        Ok(self.session()?.events())
    }

    /// Keeps what registration gave.
    pub(super) fn registered(&mut self, account: Option<Account>) {
        self.account = account;
    }

    /// Keeps a connection in place of the last one.
    pub(super) fn connected(&mut self, session: Option<Session>) {
        self.session = session;
    }
}

impl Cast {
    pub(super) const fn new(server: TestServer) -> Self {
        Self {
            server,
            app: None,
            alice: Actor::new("alice"),
            bob: Actor::new("bob"),
            carol: Actor::new("carol"),
        }
    }

    /// Makes the app as a user of the hosted platform would: only the licence key is known, the
    /// licence server tells the rest. All connections use TLS.
    pub(super) async fn make_app(&self) -> Result<App, Trouble> {
        let authority =
            self.server.ca_certificate_pem().ok_or(Trouble::Missing("the certificate"))?;
        let app = App::builder(self.server.licence_key())
            .licence_url(&self.server.licence_url())
            .tls(Tls::custom(authority.as_bytes())?)
            .build()
            .await?;
        Ok(app)
    }

    /// Keeps the app.
    pub(super) fn made_app(&mut self, app: Option<App>) {
        self.app = app;
    }

    /// The app.
    pub(super) fn app(&self) -> Result<&App, Trouble> {
        self.app.as_ref().ok_or(Trouble::Missing("the app"))
    }

    /// Connects a user; the events begin with the connection itself.
    pub(super) async fn connect(&self, actor: &Actor) -> Result<(Session, Events), Trouble> {
        // Short waits: the server is near and not overloaded.
        let policy = ReconnectPolicy {
            base: Duration::from_millis(20),
            cap: Duration::from_millis(200),
            ..ReconnectPolicy::default()
        };
        let request = self.app()?.connect(actor.credentials()?).reconnect(policy);
        let events = request.events();
        Ok((request.await?, events))
    }

    /// Everybody goes home.
    pub(super) async fn leave(self) {
        for session in
            [self.alice.session, self.bob.session, self.carol.session].into_iter().flatten()
        {
            session.close().await;
        }
        self.server.shutdown().await;
    }
}
