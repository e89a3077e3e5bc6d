//! The handle on a session with an XMPP server.

use super::event::{Event, Events};
use crate::driver::{Asking, DriverHandle};
use crate::error::Result;
use crate::event::Subscriptions;
use crate::machine::{ConnectionState, EndReason, KnownServer};
use crate::session::explain;
use mfly_proto::jid::{BareJid, FullJid, Jid};
use mfly_proto::stanza::IqRequest;
use mfly_proto::xml::Writer;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Mutex, MutexGuard, watch};

/// A connected account.
///
/// Clones are cheap and share the session. It ends by [`Session::close`], for a reason of the
/// server's ([`EndReason`]), or when its last clone is dropped. A lost connection is no end: it
/// comes back by itself.
#[derive(Clone)]
pub struct Session {
    shared: Arc<Shared>,
    asking: Asking,
}

/// What all clones share.
pub(super) struct Shared {
    pub(super) link: DriverHandle,
    /// The address that the first connection got.
    pub(super) first_jid: FullJid,
    pub(super) subscriptions: Subscriptions<Event>,
    /// Held while the own card is read, changed and written.
    pub(super) card_writer: Mutex<()>,
}

impl Session {
    pub(super) fn new(shared: Shared) -> Self {
        Self { shared: Arc::new(shared), asking: Asking::default() }
    }

    /// The same session, with another deadline for each request made through this handle.
    #[must_use]
    pub fn with_timeout(&self, timeout: Duration) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            asking: Asking { timeout: Some(timeout), ..self.asking },
        }
    }

    /// The same session, with another answer to what becomes of requests made through this handle
    /// while there is no connection: with `true` they fail at once with
    /// [`NotConnected`](crate::ErrorKind::NotConnected), with `false` they wait for the next
    /// connection. Without this, the session's own setting counts
    /// ([`Account::fail_fast`](super::Account::fail_fast)).
    #[must_use]
    pub fn with_fail_fast(&self, fail_fast: bool) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            asking: Asking { fail_fast: Some(fail_fast), ..self.asking },
        }
    }

    /// Asks the server now whether it answers, and says how long that took. For a machine that was
    /// suspended, or an app that comes back to the front: a dead connection is found out within
    /// [`KeepaliveConfig::answer`](crate::KeepaliveConfig::answer), and a new one follows by
    /// itself.
    ///
    /// # Errors
    /// [`ConnectionLost`](crate::ErrorKind::ConnectionLost) when no answer came: the connection was
    /// given up. [`NotConnected`](crate::ErrorKind::NotConnected) when there was none;
    /// [`Session::reconnect_now`] cuts the wait short.
    pub async fn check_now(&self) -> Result<Duration> {
        let link = &self.shared.link;
        match link.check().await {
            Ok(took) => Ok(took),
            Err(failure) => Err(explain(failure, link).await),
        }
    }

    /// Connects again now: for a machine whose network changed. A connection that stands is closed,
    /// an attempt that is under way begins anew, and a wait for the next attempt is over. Requests
    /// that are out fail with [`ConnectionLost`](crate::ErrorKind::ConnectionLost). Returns when
    /// the attempt has begun, and does nothing when the session is over.
    ///
    /// Each call costs the server a log-in: call it when something happened, not in a loop.
    pub async fn reconnect_now(&self) {
        self.shared.link.reconnect().await;
    }

    /// The session's own address; the last one while it reconnects.
    #[must_use]
    pub fn jid(&self) -> FullJid {
        let Shared { link, first_jid, .. } = &*self.shared;
        link.jid().unwrap_or_else(|| first_jid.clone())
    }

    /// The account's address.
    #[must_use]
    pub fn account(&self) -> BareJid {
        self.jid().bare()
    }

    /// What the session found out about its server, to be kept for the next one:
    /// [`Account::known_server`](super::Account::known_server).
    #[must_use]
    pub fn known_server(&self) -> Option<KnownServer> {
        self.shared.link.server()
    }

    /// Where the session stands.
    #[must_use]
    pub fn state(&self) -> ConnectionState {
        *self.shared.link.state().borrow()
    }

    /// Follows where the session stands. For the reasons behind the changes use
    /// [`Session::events`].
    #[must_use]
    pub fn state_changes(&self) -> watch::Receiver<ConnectionState> {
        self.shared.link.state()
    }

    /// A subscription to what happens from now on. Each has its own bounded queue.
    ///
    /// To see the first connection too, subscribe before it:
    /// [`Connecting::events`](super::Connecting::events).
    #[must_use]
    pub fn events(&self) -> Events {
        self.shared.subscriptions.subscribe()
    }

    /// Closes the session and waits until it is over, at most a few seconds.
    ///
    /// What was accepted before leaves first: messages, presence and requests that were made. All
    /// of it takes a few seconds at most, and what the server does not take in that time is lost.
    /// Answers that arrive meanwhile still reach their callers. Dropping the last handle does the
    /// same without waiting for it, for as long as the runtime runs: before the end of `main`, call
    /// this.
    pub async fn close(&self) {
        self.shared.link.close(EndReason::Closed).await;
    }

    /// Waits until the session is over and says why.
    pub async fn ended(&self) -> EndReason {
        self.shared.link.ended().await
    }

    /// Any request of the protocol, typed: the way to what has no method here.
    ///
    /// # Errors
    /// See [`ErrorKind`](crate::ErrorKind).
    pub async fn request<R: IqRequest>(&self, request: &R) -> Result<R::Response> {
        let link = &self.shared.link;
        match link.request(request, self.asking).await {
            Ok(response) => Ok(response),
            Err(failure) => Err(explain(failure, link).await),
        }
    }

    /// Sends a stanza that is not answered, unless XML cannot hold what is to be written.
    pub(super) async fn send_stanza(&self, write: impl FnOnce(&mut Writer<'_>)) -> Result<()> {
        let mut stanza = Vec::new();
        let mut writer = Writer::new(&mut stanza);
        write(&mut writer);
        writer.finish()?;
        let link = &self.shared.link;
        match link.send(stanza).await {
            Ok(()) => Ok(()),
            Err(failure) => Err(explain(failure, link).await),
        }
    }

    /// The address of the own server.
    pub(super) fn server(&self) -> Result<Jid> {
        Ok(Jid::new(self.jid().domain())?)
    }

    /// Waits until nobody else writes the own card.
    pub(super) async fn card_writer(&self) -> MutexGuard<'_, ()> {
        self.shared.card_writer.lock().await
    }

    /// A fresh id for a stanza.
    pub(super) fn stanza_id(&self) -> mfly_proto::id::StanzaId {
        self.shared.link.stanza_id()
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("jid", &self.jid())
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}
