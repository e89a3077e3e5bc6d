//! A connection that is about to be made.

use super::account::{Account, Authentication};
use super::dialler::Dialler;
use super::event::{Event, Events};
use super::session::{Session, Shared};
use crate::app::default_tls;
use crate::connector::Connector;
use crate::driver::{DriverParts, PasswordSource, spawn};
use crate::error::Result;
use crate::event::Sender;
use crate::machine::{Cause, Config, Resource};
use crate::random;
use crate::session_core::SessionCore;
use async_trait::async_trait;
use mfly_proto::argument::InvalidArgument;
use mfly_proto::secret::Password;
use mfly_transport::Options;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// A connection that is about to be made; await it.
#[must_use = "await it"]
pub struct Connecting {
    account: Account,
    events: Sender<Event>,
}

impl Connecting {
    pub(super) fn new(account: Account) -> Self {
        let events = Sender::new(account.event_capacity);
        Self { account, events }
    }

    /// A subscription from the very beginning: it sees the attempts and the first
    /// [`Event::Connected`].
    #[must_use]
    pub fn events(&self) -> Events {
        self.events.subscribe()
    }

    async fn connect(self) -> Result<Session> {
        let Self { account, events } = self;
        if account.event_capacity == 0 {
            return Err(InvalidArgument::new("event_capacity", "must be at least 1").into());
        }
        account.limits.check()?;
        let mut config = Config::standard(account.jid.clone());
        config.limits = account.limits;
        if let Some(resource) = &account.resource {
            // Whatever cannot be part of an address cannot be bound.
            account
                .jid
                .with_resource(resource)
                .map_err(|_| InvalidArgument::new("resource", "must be fit to end an address"))?;
            config.resource = Resource::Exactly(resource.clone());
        }
        config.mechanisms = account.mechanisms.clone();
        config.iterations = account.iterations.clone();
        config.known.clone_from(&account.known);
        config.accepts_weaker = account.accepts_weaker;
        config.presence = account.presence;
        config.carbons = account.carbons;
        config.pipelined = account.pipelined;
        config.redirects = account.redirects.clone();
        config.reconnect = account.reconnect;
        config.keepalive = account.keepalive;
        config.first_attempts = account.attempts;
        let connector = match &account.connector {
            Some(connector) => Arc::clone(connector),
            None => {
                let dialler = dialler(&account)?;
                config.home.extend(dialler.host().map(str::to_owned));
                config.connect_timeout = config.connect_timeout.max(dialler.total_timeout());
                Arc::new(dialler) as Arc<dyn Connector>
            }
        };
        let subscriptions = events.subscriptions();
        let own = account.jid.clone();
        let driver = spawn(DriverParts {
            config,
            seed: random::bytes()?,
            connector,
            passwords: Arc::new(Fixed(match account.authentication {
                Authentication::Password(password) => Some(password),
                Authentication::External | Authentication::Anonymous => None,
            })),
            notices: Box::new(move |notice| {
                if let Some(event) = Event::from_notice(notice, &own) {
                    events.send(event);
                }
            }),
            request_timeout: account.request_timeout,
            fail_fast: account.fail_fast,
            write_timeout: Duration::from_secs(10),
        });
        let core = SessionCore::connected(driver, subscriptions).await?;
        Ok(Session::new(Shared { core, card_writer: Mutex::default() }))
    }
}

/// What reaches the account's server.
fn dialler(account: &Account) -> Result<Dialler> {
    let tls = account.tls.clone().map_or_else(default_tls, Ok)?;
    let mut options = Options::new(tls);
    options.timeouts = account.timeouts.transport();
    options.allow_cleartext = account.allow_cleartext;
    options.start_tls = account.start_tls;
    options.expect_start_tls = account.pipelined;
    options.proxy.clone_from(&account.proxy);
    options.limits = account.limits;
    Dialler::new(account.jid.domain(), account.address.as_deref(), options)
}

impl IntoFuture for Connecting {
    type Output = Result<Session>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<Session>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.connect())
    }
}

impl fmt::Debug for Connecting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connecting").field("account", &self.account).finish_non_exhaustive()
    }
}

/// The same password for every attempt.
struct Fixed(Option<Password>);

#[async_trait]
impl PasswordSource for Fixed {
    async fn password(&self) -> Result<Password, Cause> {
        let missing = || InvalidArgument::new("password", "this account has none");
        self.0.clone().ok_or_else(|| Arc::new(missing()) as Cause)
    }
}
