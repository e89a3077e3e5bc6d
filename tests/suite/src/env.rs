//! The environment of one check: a server, a transport, and users of its own.

use crate::failure::{Failure, event, expect_event, within};
use crate::relay::Relay;
use crate::server::Server;
use crate::transport::Transport;
use mfly_client::standard::{Account, Event, Events, Message, Session};
use mfly_client::{Address, BareJid, DisconnectReason, Password, ReconnectPolicy, SkippedStanza};
use std::fmt;
use std::sync::Mutex;
use std::time::Duration;

/// The password of each user.
const PASSWORD: &str = "mellon, of course";

/// A server over one transport, as a check sees it.
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
    /// The bare address.
    pub jid: BareJid,
}

/// A user's connected session and its events.
#[derive(Debug)]
pub struct OnlineUser {
    /// The user of the session.
    pub user: User,
    /// The connected session.
    pub session: Session,
    /// All events since the start of connecting.
    pub events: Events,
}

impl<'a> CheckEnv<'a> {
    pub(crate) fn new(server: &'a dyn Server, transport: Transport, check: usize) -> Self {
        Self { server, transport, check, notes: Mutex::default() }
    }

    /// The server under test.
    #[must_use]
    pub fn server(&self) -> &dyn Server {
        self.server
    }

    /// The XMPP domain of its users.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.server.domain(self.transport)
    }

    /// The transport that leads to the server.
    #[must_use]
    pub const fn transport(&self) -> Transport {
        self.transport
    }

    /// Adds a note to the report, such as the negotiated mechanism.
    pub fn note(&self, note: impl fmt::Display) {
        if let Ok(mut notes) = self.notes.lock() {
            notes.push(note.to_string());
        }
    }

    pub(crate) fn notes(self) -> String {
        self.notes.into_inner().unwrap_or_default().join("; ")
    }

    /// Creates a user. `role` tells the users of one check apart.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn user(&self, role: &str) -> Result<User, Failure> {
        self.user_with(role, PASSWORD).await
    }

    /// Creates a user with this password.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn user_with(&self, role: &str, password: &str) -> Result<User, Failure> {
        let user = self.unregistered(role)?;
        let created = self.server.create_user(&user.jid, password);
        within("creating a user", created).await?;
        Ok(user)
    }

    /// Returns an address without an account.
    ///
    /// # Errors
    /// When `role` cannot be part of an address.
    pub fn unregistered(&self, role: &str) -> Result<User, Failure> {
        let (stem, check, domain) = (self.transport.stem(), self.check, self.domain());
        let jid = BareJid::new(&format!("{role}-{stem}-{check}@{domain}"))?;
        Ok(User { jid })
    }

    /// Returns how a user connects over this transport, with short waits between attempts.
    ///
    /// # Errors
    /// When the server cannot be reached like this.
    pub fn account(&self, user: &User) -> Result<Account, Failure> {
        self.account_with(user, PASSWORD)
    }

    /// Returns how a user connects with this password.
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

    /// Starts a relay to the server, which ends when it is dropped.
    ///
    /// # Errors
    /// When no socket leads to the server, or none is left.
    pub async fn relay(&self) -> Result<Relay, Failure> {
        Ok(Relay::to(self.address()?.port()).await?)
    }

    /// Returns the account with the address of the relay.
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

    /// Creates and connects a user.
    ///
    /// # Errors
    /// When the server refuses either.
    pub async fn online(&self, role: &str) -> Result<OnlineUser, Failure> {
        let user = self.user(role).await?;
        self.another_session(&user).await
    }

    /// Connects one more session of a user.
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
/// When the login fails.
pub async fn connect(user: &User, account: &Account) -> Result<OnlineUser, Failure> {
    let connecting = account.connect();
    let events = connecting.events();
    let session = within("connecting", async { connecting.await }).await?;
    Ok(OnlineUser { user: user.clone(), session, events })
}

impl OnlineUser {
    /// Waits for the next message.
    ///
    /// # Errors
    /// When none arrives in time.
    pub async fn next_message(&mut self) -> Result<Message, Failure> {
        expect_event!(self, Event::Message(message) => message.clone())
    }

    /// Waits for the next stanza that was skipped for its size.
    ///
    /// # Errors
    /// When none arrives in time, or the connection is lost before.
    pub async fn next_skipped(&mut self) -> Result<SkippedStanza, Failure> {
        event(&mut self.events, "StanzaSkipped", |event| match event {
            Event::StanzaSkipped(skipped) => Some(Ok(skipped.clone())),
            Event::Disconnected { reason } => Some(Err(format!("disconnected: {reason}"))),
            _ => None,
        })
        .await?
        .map_err(Failure::new)
    }

    /// Waits for the loss of the connection, and returns the reason.
    ///
    /// # Errors
    /// When the connection is not lost in time.
    pub async fn wait_for_disconnection(&mut self) -> Result<DisconnectReason, Failure> {
        expect_event!(self, Event::Disconnected { reason } => reason.clone())
    }

    /// Waits for the next connection.
    ///
    /// # Errors
    /// When the session does not connect in time.
    pub async fn wait_for_connection(&mut self) -> Result<(), Failure> {
        expect_event!(self, Event::Connected { .. } => ())
    }
}
