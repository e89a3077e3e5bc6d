//! Connecting a user.
//!
//! `POST /login`, `GET /users/config` unless registration brought the configuration, then XMPP with
//! the password sealed anew for each attempt. Official names: `connect`, `login`,
//! `connectionListener`.

use super::config;
use super::logout::check_socket_id;
use crate::app::App;
use crate::credentials::Credentials;
use crate::dialler::{Dialler, check_clear_text};
use crate::driver::PasswordSource;
use crate::error::Result;
use crate::event::{Event, EventContext, Events, Sender};
use crate::machine::{Cause, Config, Resource};
use crate::options::{SessionOptions, await_by, session_options};
use crate::session::{Context, Session, Shared};
use crate::session_core::SessionCore;
use async_trait::async_trait;
use mfly_api::endpoint::config::ServerConfig;
use mfly_api::endpoint::login::{self, wire_password};
use mfly_api::token::StoredCredentials;
use mfly_api::{Api, Mode, endpoint};
use mfly_proto::argument::InvalidArgument;
use mfly_proto::secret::{LicenceKey, Password};
use mfly_transport::{Address, Options};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use tokio::sync::Mutex;

/// A connection that is about to be made; await it.
#[derive(Debug)]
#[must_use = "await it"]
pub struct ConnectRequest {
    app: App,
    credentials: Credentials,
    resource_prefix: Option<String>,
    qr_socket_id: Option<String>,
    options: SessionOptions,
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
        let options = self.shared().session.clone();
        ConnectRequest {
            app: self.clone(),
            credentials: credentials.clone(),
            resource_prefix: None,
            qr_socket_id: None,
            events: Sender::new(options.event_capacity),
            options,
        }
    }
}

impl ConnectRequest {
    session_options!();

    /// What the session's resource starts with; random letters follow. Default `Web-`, as in the
    /// official SDK.
    pub fn resource_prefix(mut self, prefix: &str) -> Self {
        self.resource_prefix = Some(prefix.to_owned());
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
        self.check()?;
        let (api, config) = self.log_in().await?;
        let app = self.app.shared();
        let address = config::xmpp_address(&config, app.quirks, app.xmpp_address.as_ref())?;
        check_clear_text(&address, app.transport.allow_cleartext)?;
        let context = self.context(&config, &address)?;
        let session = self.start(api, context, address).await?;
        if let Some(id) = session.qr_socket_id() {
            session.obey_forced_logout(id.to_owned());
        }
        Ok(session)
    }

    fn check(&self) -> Result<()> {
        self.options.check()?;
        self.resource_prefix.as_deref().map_or(Ok(()), check_prefix)?;
        self.qr_socket_id.as_deref().map_or(Ok(()), check_socket_id)?;
        Ok(())
    }

    /// Gets a token for REST requests and the server's configuration.
    async fn log_in(&self) -> Result<(Api, ServerConfig)> {
        let app = self.app.shared();
        let Credentials { user, password } = self.credentials.clone();
        let key = app.licence_key.clone();
        let source = StoredCredentials::new(user.clone(), password, key, app.mode);
        let api = app.api.with_token_source(Arc::new(source));
        let token = self.app.log_in(&api, &self.credentials, login::Request::connect).await?;
        api.set_token(token);
        let config = match app.take_config(&user) {
            Some(config) => config,
            None => api.send(&endpoint::config::Request::new(user)).await?,
        };
        Ok((api, config))
    }

    /// Reads from the configuration what the session's operations need.
    fn context(&self, config: &ServerConfig, address: &Address) -> Result<Context> {
        let app = self.app.shared();
        let user = self.credentials.user.clone();
        let account = user.at(&config::xmpp_host(config, address))?;
        let profile_iv = config::profile_iv(config, app.quirks, &app.licence_key)?;
        Ok(Context {
            user,
            events: EventContext::new(account, profile_iv),
            features: config.features,
            quirks: app.quirks,
            licence_key: app.licence_key.clone(),
            media_iv: config::media_iv(config)?,
        })
    }

    /// Starts the driver and waits for the first connection.
    async fn start(self, api: Api, context: Context, address: Address) -> Result<Session> {
        let Self { app, credentials, resource_prefix, qr_socket_id, options, events } = self;
        let app = app.shared();
        let mut config = Config::platform(context.account().clone());
        options.apply(&mut config);
        if let Some(prefix) = resource_prefix {
            config.resource = Resource::OfConnection(prefix);
        }
        config.check_stream_from = app.quirks.check_stream_from;
        let transport = Options { limits: options.limits, ..app.transport.clone() };
        let connector = Dialler::to_address(context.account().domain(), address, transport)
            .with_sealed_password()
            .into_connector(&mut config);
        let passwords = Arc::new(SealedPasswords {
            mode: app.mode,
            licence_key: app.licence_key.clone(),
            password: credentials.password,
            api: api.clone(),
        });
        let event_context = context.events.clone();
        let translate = move |notice| Event::from_notice(notice, &event_context);
        let core =
            SessionCore::start(config, &options, connector, passwords, events, translate).await?;
        Ok(Session::new(Shared {
            core,
            api,
            context: Arc::new(context),
            media_encryption: AtomicBool::new(app.media_encryption),
            profile_writer: Mutex::default(),
            qr_socket_id,
        }))
    }
}

await_by!(ConnectRequest => Session, send);

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

/// Seals the password anew for each attempt: it carries a time.
struct SealedPasswords {
    mode: Mode,
    licence_key: LicenceKey,
    password: Password,
    /// For its clock.
    api: Api,
}

#[async_trait]
impl PasswordSource for SealedPasswords {
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
