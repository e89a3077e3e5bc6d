//! Connecting a user.
//!
//! `POST /login`, `GET /users/config` unless registration brought the configuration, then XMPP with
//! the password sealed anew for each attempt. Official names: `connect`, `login`,
//! `connectionListener`.

use super::config;
use super::logout::check_socket_id;
use crate::app::{App, check_clear_text};
use crate::connector::{self, Connector, ConnectorError, Dialled};
use crate::credentials::Credentials;
use crate::driver::{DriverParts, PasswordSource, spawn};
use crate::error::Result;
use crate::event::{Event, EventContext, Events, Sender};
use crate::machine::{
    Cause, Config, KeepaliveConfig, ReconnectPolicy, Redirect, RedirectPolicy, Resource,
};
use crate::random;
use crate::session::{Context, Session, Shared};
use crate::session_core::SessionCore;
use async_trait::async_trait;
use mfly_api::endpoint::config::ServerConfig;
use mfly_api::endpoint::login::{self, wire_password};
use mfly_api::token::StoredCredentials;
use mfly_api::{Api, Mode, endpoint};
use mfly_proto::argument::InvalidArgument;
use mfly_proto::framing::ReceiveLimits;
use mfly_proto::secret::{LicenceKey, Password};
use mfly_transport::{Address, Options, TriedAddresses};
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;
use tokio::sync::Mutex;

/// A connection that is about to be made; await it.
#[derive(Debug)]
#[must_use = "await it"]
pub struct ConnectRequest {
    app: App,
    credentials: Credentials,
    resource_prefix: Option<String>,
    reconnect: ReconnectPolicy,
    keepalive: KeepaliveConfig,
    attempts: u32,
    request_timeout: Duration,
    fail_fast: bool,
    qr_socket_id: Option<String>,
    redirects: RedirectPolicy,
    pipelined: bool,
    limits: ReceiveLimits,
    events: Sender,
}

impl App {
    /// Connects a user. Dropping the future gives up.
    ///
    /// # Errors
    /// Awaiting fails with [`InvalidCredentials`](crate::ErrorKind::InvalidCredentials),
    /// [`AdminBlocked`](crate::ErrorKind::AdminBlocked), [`Network`](crate::ErrorKind::Network), or
    /// as [`ErrorKind`](crate::ErrorKind) lists.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use mfly_client::{App, ConnectionState, Event, UserIdentifier};
    /// # let server = mfly_testserver::TestServer::start().await?;
    /// # let app = App::builder(server.licence_key()).api_base_url(&server.api_base_url()).xmpp_address(&server.websocket_url()).build().await?;
    /// # let account = app.register(&UserIdentifier::new("alice")?).await?;
    /// let request = app.connect(&account.credentials);
    /// let mut events = request.events();
    /// let session = request.await?;
    /// assert!(matches!(events.next().await, Some(Event::Connected { resumed: false, .. })));
    /// assert_eq!(session.state(), ConnectionState::Connected);
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "login")]
    pub fn connect(&self, credentials: &Credentials) -> ConnectRequest {
        ConnectRequest {
            app: self.clone(),
            credentials: credentials.clone(),
            resource_prefix: None,
            reconnect: ReconnectPolicy::default(),
            keepalive: KeepaliveConfig::default(),
            attempts: 1,
            request_timeout: Duration::from_secs(15),
            fail_fast: false,
            qr_socket_id: None,
            redirects: RedirectPolicy::default(),
            pipelined: false,
            limits: self.shared().transport.limits,
            events: Sender::new(self.shared().event_capacity),
        }
    }
}

impl ConnectRequest {
    /// What the session's resource starts with; random letters follow. Default `Web-`, as in the
    /// official SDK.
    pub fn resource_prefix(mut self, prefix: &str) -> Self {
        self.resource_prefix = Some(prefix.to_owned());
        self
    }

    /// When and how often to connect again after a loss. Default: for ever, with growing waits up
    /// to a minute.
    pub fn reconnect(mut self, policy: ReconnectPolicy) -> Self {
        self.reconnect = policy;
        self
    }

    /// When a silent server counts as gone. Default: 30 s of silence, then 10 s to answer.
    pub fn keepalive(mut self, keepalive: KeepaliveConfig) -> Self {
        self.keepalive = keepalive;
        self
    }

    /// How many attempts may fail before the first connection counts as impossible. Default 1.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// How long each request over XMPP may take. Default 15 s.
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = timeout;
        self
    }

    /// Whether a request that is made while the session reconnects fails at once, with
    /// [`NotConnected`](crate::ErrorKind::NotConnected). Otherwise it waits for the next
    /// connection, until its own deadline; 128 may wait at a time. Default `false`. For single
    /// calls: [`Session::with_fail_fast`](crate::Session::with_fail_fast).
    pub fn fail_fast(mut self, fail_fast: bool) -> Self {
        self.fail_fast = fail_fast;
        self
    }

    /// Which pointers to another server are followed. Default: those within the own domain.
    pub fn redirects(mut self, policy: RedirectPolicy) -> Self {
        self.redirects = policy;
        self
    }

    /// Whether steps that follow from each other leave together: logging in then takes two round
    /// trips less, and on reconnecting three. What the server says is checked all the same. Default
    /// `false`, the official SDK's order.
    pub fn pipelined(mut self, pipelined: bool) -> Self {
        self.pipelined = pipelined;
        self
    }

    /// How much this session accepts from the server at once. Default: what
    /// [`AppBuilder::limits`](crate::AppBuilder::limits) says; [`ReceiveLimits`] explains the
    /// trade-off.
    pub fn limits(mut self, limits: ReceiveLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Makes the session one that came from a code, as
    /// [`QrSession::socket_id`](crate::QrSession::socket_id) told: the phone can end it, and
    /// [`Session::logout`] tells the phone. For credentials that a login by code brought in an
    /// earlier run.
    pub fn qr_socket_id(mut self, socket_id: &str) -> Self {
        self.qr_socket_id = Some(socket_id.to_owned());
        self
    }

    /// A subscription from the very beginning: it sees the attempts and the first
    /// [`Event::Connected`](crate::Event::Connected).
    #[must_use]
    pub fn events(&self) -> Events {
        self.events.subscribe()
    }

    async fn send(self) -> Result<Session> {
        let app = self.app.shared();
        self.limits.check()?;
        if let Some(prefix) = &self.resource_prefix {
            check_prefix(prefix)?;
        }
        if let Some(id) = &self.qr_socket_id {
            check_socket_id(id)?;
        }
        let Credentials { user, password } = self.credentials.clone();
        let source = StoredCredentials::new(
            user.clone(),
            password.clone(),
            app.licence_key.clone(),
            app.mode,
        );
        let api = app.api.with_token_source(Arc::new(source));
        let token = self.app.log_in(&api, &self.credentials, login::Request::connect).await?;
        api.set_token(token);
        let config: ServerConfig = match app.take_config(&user) {
            Some(config) => config,
            None => api.send(&endpoint::config::Request::new(user.clone())).await?,
        };
        let address = config::xmpp_address(&config, app.quirks, app.xmpp_address.as_ref())?;
        check_clear_text(&address, app.transport.allow_cleartext)?;
        let account = user.at(&config::xmpp_host(&config, &address))?;
        let context = Arc::new(Context {
            user,
            events: EventContext::new(
                account.clone(),
                config::profile_iv(&config, app.quirks, &app.licence_key)?,
            ),
            features: config.features,
            quirks: app.quirks,
            licence_key: app.licence_key.clone(),
            media_iv: config::media_iv(&config)?,
        });

        let mut session = Config::platform(account);
        if let Some(prefix) = self.resource_prefix {
            session.resource = Resource::OfConnection(prefix);
        }
        session.reconnect = self.reconnect;
        session.keepalive = self.keepalive;
        session.first_attempts = self.attempts;
        session.connect_timeout =
            session.connect_timeout.max(connector::total_timeout(app.transport.timeouts));
        session.home.push(address.host().to_owned());
        session.redirects = self.redirects;
        session.pipelined = self.pipelined;
        session.check_stream_from = app.quirks.check_stream_from;
        session.limits = self.limits;
        let mut options = app.transport.clone();
        options.limits = self.limits;
        // Over TCP certificates are made for the domain, whatever the host (RFC 6120 §13.7.2.1).
        options.domain = Some(session.account.domain().to_owned());
        options.tried = Some(TriedAddresses::default());
        let subscriptions = self.events.subscriptions();
        let (events, told) = (self.events, context.events.clone());
        let driver = spawn(DriverParts {
            config: session,
            seed: random::bytes()?,
            connector: Arc::new(Dialler { address, options }),
            passwords: Arc::new(Passwords {
                mode: app.mode,
                licence_key: app.licence_key.clone(),
                password,
                api: api.clone(),
            }),
            notices: Box::new(move |notice| {
                Event::from_notice(notice, &told).for_each(|event| events.send(event));
            }),
            request_timeout: self.request_timeout,
            fail_fast: self.fail_fast,
            write_timeout: Duration::from_secs(10),
        });
        let qr_socket_id = self.qr_socket_id;
        let session = Session::new(Shared {
            core: SessionCore::connected(driver, subscriptions).await?,
            api,
            context,
            media_encryption: AtomicBool::new(app.media_encryption),
            profile_writer: Mutex::default(),
            qr_socket_id: qr_socket_id.clone(),
        });
        if let Some(id) = qr_socket_id {
            session.obey_forced_logout(id);
        }
        Ok(session)
    }
}

impl IntoFuture for ConnectRequest {
    type Output = Result<Session>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<Session>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

/// A UUID of 36 bytes follows, and a resource has at most 1,023.
fn check_prefix(prefix: &str) -> Result<(), InvalidArgument> {
    if prefix.len() <= 512 && !prefix.chars().any(char::is_control) {
        Ok(())
    } else {
        Err(InvalidArgument::new(
            "resource_prefix",
            "must be at most 512 bytes without control characters",
        ))
    }
}

struct Dialler {
    address: Address,
    options: Options,
}

#[async_trait]
impl Connector for Dialler {
    async fn connect(&self, redirect: Option<&Redirect>) -> Result<Dialled, ConnectorError> {
        let Self { address, options } = self;
        Ok(connector::dial(address, redirect, options, options.allow_cleartext).await?)
    }

    fn succeeded(&self) {
        if let Some(tried) = &self.options.tried {
            tried.clear();
        }
    }
}

struct Passwords {
    mode: Mode,
    licence_key: LicenceKey,
    password: Password,
    /// For its clock.
    api: Api,
}

#[async_trait]
impl PasswordSource for Passwords {
    async fn password(&self) -> Result<Password, Cause> {
        wire_password(self.mode, &self.licence_key, &self.password, self.api.now_ms())
            .map_err(|error| Arc::new(error) as Cause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_configured_host_is_not_dialled_in_the_clear_unless_that_is_allowed() {
        let server = mfly_testserver::TestServer::start().await.unwrap();
        let quirks = crate::Quirks { websocket_tls: false, ..crate::Quirks::default() };
        let app = App::builder(server.licence_key())
            .api_base_url(&server.api_base_url())
            .quirks(quirks)
            .build()
            .await
            .unwrap();
        let alice = mfly_proto::jid::UserIdentifier::new("alice").unwrap();
        let account = app.register(&alice).await.unwrap();
        let config = ServerConfig {
            xmpp_host: Some("xmpp.example.test".to_owned()),
            xmpp_port_web: Some(80),
            ..ServerConfig::default()
        };
        app.shared().keep_config(&account.credentials.user, config);
        let error = app.connect(&account.credentials).await.unwrap_err();
        let crate::ErrorKind::InvalidArgument(argument) = error.kind() else {
            panic!("{error:?}");
        };
        assert_eq!(argument.name, "address");
        assert!(!error.is_retryable());
    }

    #[test]
    fn a_resource_prefix_that_could_not_become_a_resource_is_refused() {
        assert!(check_prefix("Bot-").is_ok());
        assert!(check_prefix("").is_ok());
        for prefix in ["a\u{7}", &"x".repeat(513)] {
            assert_eq!(check_prefix(prefix).unwrap_err().name, "resource_prefix");
        }
    }
}
