//! Registering a user.
//!
//! `POST /register`, or `POST /sandbox/register` for a trial licence. Wire form:
//! [`mfly_api::endpoint::register`]. Official name: `register`.

use crate::app::App;
use crate::credentials::Credentials;
use crate::error::{Error, Result};
use crate::options::await_by;
use crate::random;
use mfly_api::endpoint::register;
use mfly_api::{Features, MetaValue, Metadata, Mode};
use mfly_proto::argument::InvalidArgument;
use mfly_proto::id::StanzaId;
use mfly_proto::jid::{BareJid, UserIdentifier};
use serde_json::{Value, json};

/// A registration that is about to be sent; await it.
#[derive(Clone, Debug)]
#[must_use = "await it"]
pub struct RegisterRequest {
    app: App,
    identifier: UserIdentifier,
    force: bool,
    metadata: Metadata,
}

/// A registered user.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Account {
    /// What to connect with. Store it: registering again replaces the password.
    pub credentials: Credentials,
    /// The user's address; `None` when the server does not tell its XMPP host.
    pub user_jid: Option<BareJid>,
    /// Whether the user has filled in a profile before.
    pub is_profile_updated: bool,
    /// Whether the licence is a trial (official name `isSandbox`).
    pub is_trial: bool,
    /// What the plan includes.
    pub features: Features,
}

impl Account {
    /// The account in the shape of the official SDK: the `data` of `register`, with `username`,
    /// `password`, `isSandbox`, `isProfileUpdated` (1 or 0) and `userJid`, which is `null` when the
    /// server does not tell its host.
    ///
    /// This exposes the password, as [`Credentials::to_json`] does.
    ///
    /// Source: observed: Web SDK 4.25.10.
    #[must_use]
    pub fn official(&self) -> Value {
        json!({
            "username": self.credentials.user.as_str(),
            "password": self.credentials.password.expose(),
            "isSandbox": self.is_trial,
            "isProfileUpdated": u8::from(self.is_profile_updated),
            "userJid": self.user_jid.as_ref().map(|jid| jid.as_str()),
        })
    }
}

impl App {
    /// Registers a user, or registers them again on this device.
    ///
    /// # Errors
    /// Awaiting fails with [`SessionLimit`](crate::ErrorKind::SessionLimit) when the user has too
    /// many sessions and `force` is off, with [`AdminBlocked`](crate::ErrorKind::AdminBlocked), or
    /// as [`ErrorKind`](crate::ErrorKind) lists.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use mfly_client::{App, UserIdentifier};
    /// # let server = mfly_testserver::TestServer::start().await?;
    /// # let app = App::builder(server.licence_key()).api_base_url(&server.api_base_url()).xmpp_address(&server.websocket_url()).build().await?;
    /// let alice = UserIdentifier::new("alice")?;
    /// let account = app.register(&alice).force(false).metadata("team", "blue")?.await?;
    /// let session = app.connect(&account.credentials).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn register(&self, identifier: &UserIdentifier) -> RegisterRequest {
        RegisterRequest {
            app: self.clone(),
            identifier: identifier.clone(),
            force: true,
            metadata: Metadata::new(),
        }
    }
}

impl RegisterRequest {
    /// Whether other sessions of the user are ended when there are too many. Default `true`, as in
    /// the official SDK.
    pub fn force(mut self, force: bool) -> Self {
        self.force = force;
        self
    }

    /// Attaches a named value to the user, at most three.
    ///
    /// # Errors
    /// When the name is empty, the value cannot be sent, or it is the fourth.
    pub fn metadata(
        mut self,
        name: &str,
        value: impl Into<MetaValue>,
    ) -> Result<Self, InvalidArgument> {
        self.metadata.insert(name, value)?;
        Ok(self)
    }

    async fn send(self) -> Result<Account> {
        let app = self.app.shared();
        // The official SDK makes up a new device for every registration, too.
        let device = StanzaId::from_random(random::bytes()?);
        let request = register::Request::new(
            app.mode,
            app.licence_key.clone(),
            self.identifier,
            device.as_str(),
        )?
        .force(self.force)
        .metadata(self.metadata);
        let registration = app.api.send(&request).await.map_err(Error::from_login)?;
        let credentials = Credentials::new(registration.username, registration.password);
        let config = registration.config.unwrap_or_default();
        let account = Account {
            user_jid: config.xmpp_host.as_deref().and_then(|host| credentials.user.at(host).ok()),
            is_profile_updated: registration.is_profile_updated,
            is_trial: app.mode == Mode::Trial,
            features: config.features,
            credentials,
        };
        if config.xmpp_host.is_some() {
            app.keep_config(&account.credentials.user, config);
        }
        Ok(account)
    }
}

await_by!(RegisterRequest => Account, send);
