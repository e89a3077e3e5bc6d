//! A connection that is about to be made.

use super::account::Account;
use super::event::{Event, Events};
use super::session::{Session, Shared};
use crate::dialler::Dialler;
use crate::driver::PasswordSource;
use crate::error::Result;
use crate::event::Sender;
use crate::machine::{Cause, Resource};
use crate::options::await_by;
use crate::session_core::SessionCore;
use async_trait::async_trait;
use mfly_proto::argument::InvalidArgument;
use mfly_proto::secret::Password;
use std::fmt;
use std::sync::Arc;
use tokio::sync::Mutex;

/// A connection that is about to be made; await it.
#[must_use = "await it"]
pub struct Connecting {
    account: Account,
    events: Sender<Event>,
}

impl Connecting {
    pub(super) fn new(account: Account) -> Self {
        let events = Sender::new(account.options.event_capacity);
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
        let Account { mut config, password, connector, dial, options, .. } = account;
        options.check()?;
        options.apply(&mut config);
        let jid = config.account.clone();
        if let Some(resource) = account.resource {
            jid.with_resource(&resource)
                .map_err(|_| InvalidArgument::new("resource", "must be fit to end an address"))?;
            config.resource = Resource::Exactly(resource);
        }
        let connector = match connector {
            Some(connector) => connector,
            None => {
                let mut transport = dial.transport(options.limits)?;
                transport.expect_start_tls = options.pipelined;
                let dialler = match &account.address {
                    Some(text) => Dialler::to_address(jid.domain(), dial.address(text)?, transport),
                    None => Dialler::to_domain(jid.domain(), transport)?,
                };
                dialler.into_connector(&mut config)
            }
        };
        let passwords = Arc::new(FixedPassword(password));
        let translate = move |notice| Event::from_notice(notice, &jid);
        let core =
            SessionCore::start(config, &options, connector, passwords, events, translate).await?;
        Ok(Session::new(Shared { core, card_writer: Mutex::default() }))
    }
}

await_by!(Connecting => Session, connect);

impl fmt::Debug for Connecting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connecting").field("account", &self.account).finish_non_exhaustive()
    }
}

/// Gives every attempt this password.
struct FixedPassword(Option<Password>);

#[async_trait]
impl PasswordSource for FixedPassword {
    async fn password(&self) -> Result<Password, Cause> {
        let missing = || InvalidArgument::new("password", "this account has none");
        self.0.clone().ok_or_else(|| Arc::new(missing()) as Cause)
    }
}
