//! The session of an account on an XMPP server.

use super::event::{Event, Events};
use crate::driver::RequestOptions;
use crate::error::Result;
#[cfg(doc)]
use crate::machine::EndReason;
use crate::machine::KnownServer;
use crate::session_core::{SessionCore, session_methods};
use mfly_proto::jid::{BareJid, Jid};
use std::fmt;
use std::sync::Arc;
use tokio::sync::{Mutex, MutexGuard};

/// A connected account.
///
/// Clones are cheap and share the session. It ends by [`Session::close`], for a reason of the
/// server's ([`EndReason`]), or when its last clone is dropped. A lost connection does not end
/// it: the session connects again by itself.
#[derive(Clone)]
pub struct Session {
    shared: Arc<Shared>,
    options: RequestOptions,
}

/// The state that all clones of a session share.
pub(super) struct Shared {
    pub(super) core: SessionCore<Event>,
    /// Held while the own card is read, changed and written.
    pub(super) card_writer: Mutex<()>,
}

impl Session {
    pub(super) fn new(shared: Shared) -> Self {
        Self { shared: Arc::new(shared), options: RequestOptions::default() }
    }

    session_methods!(
        events: Events,
        first_events: "standard::Connecting::events",
        fail_fast: "standard::Account::fail_fast"
    );

    /// The account's address.
    #[must_use]
    pub fn account(&self) -> BareJid {
        self.jid().bare()
    }

    /// What the session found out about its server, to be kept for the next one:
    /// [`Account::known_server`](super::Account::known_server).
    #[must_use]
    pub fn known_server(&self) -> Option<KnownServer> {
        self.shared.core.driver.server()
    }

    /// The address of the own server.
    pub(super) fn server(&self) -> Result<Jid> {
        Ok(Jid::new(self.jid().domain())?)
    }

    /// Waits until no other task writes the own card.
    pub(super) async fn card_writer(&self) -> MutexGuard<'_, ()> {
        self.shared.card_writer.lock().await
    }

    /// A fresh id for a stanza.
    pub(super) fn stanza_id(&self) -> mfly_proto::id::StanzaId {
        self.shared.core.driver.stanza_id()
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
