//! Where one check runs: a server, a way to reach it, and users of its own.

use crate::failure::{Failure, within};
use crate::relay::Relay;
use crate::server::Server;
use crate::transport::Transport;
use mfly_client::standard::{Account, Events, Session};
use mfly_client::{Address, BareJid, Password, ReconnectPolicy};
use std::fmt;
use std::sync::Mutex;
use std::time::Duration;

/// The password of every user here.
const PASSWORD: &str = "mellon, of course";

/// A server as one check sees it.
pub struct CheckEnv<'a> {
    server: &'a dyn Server,
    transport: Transport,
    /// The number of the check: no two checks share a user.
    check: usize,
    notes: Mutex<Vec<String>>,
}

/// A user of the server.
#[derive(Clone, Debug)]
pub struct User {
    /// The address.
    pub jid: BareJid,
}

/// A connected session and what it is told.
#[derive(Debug)]
pub struct OnlineUser {
    /// Whose.
    pub user: User,
    /// The session.
    pub session: Session,
    /// Its events, from the very beginning.
    pub events: Events,
}

impl<'a> CheckEnv<'a> {
    pub(crate) fn new(server: &'a dyn Server, transport: Transport, check: usize) -> Self {
        Self { server, transport, check, notes: Mutex::default() }
    }

    /// The server.
    #[must_use]
    pub fn server(&self) -> &dyn Server {
        self.server
    }

    /// The XMPP domain of its users.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.server.domain(self.transport)
    }

    /// How it is reached.
    #[must_use]
    pub const fn transport(&self) -> Transport {
        self.transport
    }

    /// Writes something into the report, such as what was negotiated.
    pub fn note(&self, note: impl fmt::Display) {
        if let Ok(mut notes) = self.notes.lock() {
            notes.push(note.to_string());
        }
    }

    pub(crate) fn notes(self) -> String {
        self.notes.into_inner().unwrap_or_default().join("; ")
    }

    /// A new user. `role` tells the users of one check apart.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn user(&self, role: &str) -> Result<User, Failure> {
        self.user_with(role, PASSWORD).await
    }

    /// A new user with this password.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn user_with(&self, role: &str, password: &str) -> Result<User, Failure> {
        let user = self.unregistered(role)?;
        let created = self.server.create_user(&user.jid, password);
        within("creating a user", created).await?;
        Ok(user)
    }

    /// An address for which there is no account.
    ///
    /// # Errors
    /// When `role` cannot be part of an address.
    pub fn unregistered(&self, role: &str) -> Result<User, Failure> {
        let (stem, check, domain) = (self.transport.stem(), self.check, self.domain());
        let jid = BareJid::new(&format!("{role}-{stem}-{check}@{domain}"))?;
        Ok(User { jid })
    }

    /// How a user connects here. Waits before another attempt are short.
    ///
    /// # Errors
    /// When the server cannot be reached like this.
    pub fn account(&self, user: &User) -> Result<Account, Failure> {
        self.account_with(user, PASSWORD)
    }

    /// How a user connects with this password.
    ///
    /// # Errors
    /// When the server cannot be reached like this.
    pub fn account_with(&self, user: &User, password: &str) -> Result<Account, Failure> {
        let password = Password::new(password)?;
        let account = self.server.account(self.transport, user.jid.clone(), password)?;
        Ok(account.reconnect(ReconnectPolicy {
            base: Duration::from_millis(50),
            cap: Duration::from_millis(500),
            max_attempts: None,
        }))
    }

    /// A relay to the server, for as long as it is kept.
    ///
    /// # Errors
    /// When no socket leads to the server, or none is left.
    pub async fn relay(&self) -> Result<Relay, Failure> {
        Ok(Relay::to(self.address()?.port()).await?)
    }

    /// The same account, reached through the relay.
    ///
    /// # Errors
    /// When no socket leads to the server.
    pub fn through(&self, relay: &Relay, account: Account) -> Result<Account, Failure> {
        let address = self.address()?;
        let port = |port: u16| format!(":{port}");
        let relayed = address.to_string().replacen(&port(address.port()), &port(relay.port()), 1);
        Ok(account.address(&relayed))
    }

    fn address(&self) -> Result<Address, Failure> {
        let address = self.server.address(self.transport);
        let address = address.ok_or_else(|| Failure::new("no socket leads to the server"))?;
        Ok(address.parse()?)
    }

    /// A new user, connected.
    ///
    /// # Errors
    /// When that fails.
    pub async fn online(&self, role: &str) -> Result<OnlineUser, Failure> {
        let user = self.user(role).await?;
        self.another_session(&user).await
    }

    /// One more session of a user.
    ///
    /// # Errors
    /// When it cannot be connected.
    pub async fn another_session(&self, user: &User) -> Result<OnlineUser, Failure> {
        connect(user, &self.account(user)?).await
    }
}

/// Connects an account.
///
/// # Errors
/// When that fails.
pub async fn connect(user: &User, account: &Account) -> Result<OnlineUser, Failure> {
    let connecting = account.connect();
    let events = connecting.events();
    let session = within("connecting", async { connecting.await }).await?;
    Ok(OnlineUser { user: user.clone(), session, events })
}
