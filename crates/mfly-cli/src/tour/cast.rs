//! The participants of the tour: the server, the app and the users.

use super::recorder::{Listener, Trouble};
use mfly_client::{Account, App, BareJid, Credentials, Events, ReconnectPolicy, Session, Tls};
use mfly_testserver::TestServer;
use std::time::Duration;

/// A user of the tour.
#[derive(Debug)]
pub(super) struct Actor {
    /// The name for registering.
    pub(super) name: &'static str,
    /// The registered account; `None` when registering failed.
    pub(super) account: Option<Account>,
    /// The present session; `None` when connecting failed.
    pub(super) session: Option<Session>,
}

/// The server, the app and the users.
#[derive(Debug)]
pub(super) struct Cast {
    pub(super) server: TestServer,
    pub(super) app: Option<App>,
    /// Performs most operations.
    pub(super) alice: Actor,
    /// Is the contact that alice's operations are about.
    pub(super) bob: Actor,
    /// Is blocked by an administrator and then deleted.
    pub(super) carol: Actor,
}

impl Actor {
    const fn new(name: &'static str) -> Self {
        Self { name, account: None, session: None }
    }

    pub(super) fn credentials(&self) -> Result<&Credentials, Trouble> {
        let account = self.account.as_ref().ok_or(Trouble::Missing("the account"))?;
        Ok(&account.credentials)
    }

    pub(super) fn session(&self) -> Result<&Session, Trouble> {
        self.session.as_ref().ok_or(Trouble::Missing("the session"))
    }

    /// The user's address.
    pub(super) fn jid(&self) -> Result<BareJid, Trouble> {
        Ok(self.session()?.current_user())
    }

    /// Subscribes to the events of the session from now on.
    pub(super) fn events(&self) -> Listener {
        Ok(self.session()?.events())
    }
}

impl Cast {
    pub(super) fn new(server: TestServer) -> Self {
        let [alice, bob, carol] = ["alice", "bob", "carol"].map(Actor::new);
        Self { server, app: None, alice, bob, carol }
    }

    /// Builds the app as a user of the hosted platform does: from the licence key alone, because
    /// the licence server has the rest. All connections use TLS.
    pub(super) async fn build_app(&self) -> Result<App, Trouble> {
        let authority =
            self.server.ca_certificate_pem().ok_or(Trouble::Missing("the certificate"))?;
        let builder = App::builder(self.server.licence_key());
        let builder = builder.licence_url(&self.server.licence_url());
        Ok(builder.tls(Tls::custom(authority.as_bytes())?).build().await?)
    }

    pub(super) fn app(&self) -> Result<&App, Trouble> {
        self.app.as_ref().ok_or(Trouble::Missing("the app"))
    }

    /// Connects a user. The events begin with the connection itself.
    pub(super) async fn connect(&self, actor: &Actor) -> Result<(Session, Events), Trouble> {
        // Short delays, because the server is near and not overloaded.
        let policy = ReconnectPolicy {
            base: Duration::from_millis(20),
            cap: Duration::from_millis(200),
            ..ReconnectPolicy::default()
        };
        let request = self.app()?.connect(actor.credentials()?).reconnect(policy);
        let events = request.events();
        Ok((request.await?, events))
    }

    /// Closes every session and the server.
    pub(super) async fn close(self) {
        let sessions = [self.alice.session, self.bob.session, self.carol.session];
        for session in sessions.into_iter().flatten() {
            session.close().await;
        }
        self.server.shutdown().await;
    }
}
