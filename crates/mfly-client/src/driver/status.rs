//! The status of a session, published through one watch channel.

use crate::machine::{ConnectionState, EndReason, KnownServer, Notice};
use mfly_proto::jid::FullJid;
use tokio::sync::watch;

/// The status of a session.
#[derive(Clone, Debug)]
pub(super) struct Status {
    pub(super) state: ConnectionState,
    /// The address on the last connection.
    pub(super) jid: Option<FullJid>,
    pub(super) server: Option<Box<KnownServer>>,
    /// The most bytes that the server accepts in one stanza.
    pub(super) stanza_limit: Option<u64>,
    /// The reason for the end, set after the closing frames are written.
    pub(super) ended: Option<EndReason>,
    /// How many times `state` was set.
    changes: u64,
    /// The value of `changes` that [`StateChanges`] use: they report a change after the app has got
    /// the notice.
    announced: u64,
}

impl Default for Status {
    fn default() -> Self {
        Self {
            state: ConnectionState::Connecting,
            jid: None,
            server: None,
            stanza_limit: None,
            ended: None,
            changes: 0,
            announced: 0,
        }
    }
}

impl Status {
    /// Updates the status by a notice. Returns whether waiting tasks have to be woken.
    pub(super) fn apply(&mut self, notice: &Notice) -> bool {
        match notice {
            Notice::State(state) => {
                self.state = *state;
                self.changes += 1;
            }
            Notice::Connected { jid, server, .. } => {
                self.jid = Some(jid.clone());
                self.server.clone_from(server);
            }
            Notice::StanzaLimit(limit) => {
                self.stanza_limit = *limit;
                return false;
            }
            _ => return false,
        }
        true
    }

    /// Lets [`StateChanges`] see the state.
    pub(super) const fn announce(&mut self) {
        self.announced = self.changes;
    }
}

/// Follows the [`ConnectionState`] of a session. A reader that is slow sees the latest state, not
/// each one between.
#[derive(Clone, Debug)]
pub struct StateChanges {
    status: watch::Receiver<Status>,
    seen: u64,
}

impl StateChanges {
    pub(super) fn new(status: watch::Receiver<Status>) -> Self {
        let seen = status.borrow().announced;
        Self { status, seen }
    }

    /// The state now.
    #[must_use]
    pub fn current(&self) -> ConnectionState {
        self.status.borrow().state
    }

    /// Waits for the next change and returns the new state; `None` after the session's end.
    /// Cancelling the wait loses nothing.
    pub async fn changed(&mut self) -> Option<ConnectionState> {
        let seen = self.seen;
        let status = self.status.wait_for(|status| status.announced != seen).await.ok()?;
        self.seen = status.announced;
        Some(status.state)
    }

    /// Waits until the session is in this state. Returns `false` when it ended in another one.
    pub async fn wait_for(&mut self, state: ConnectionState) -> bool {
        self.status.wait_for(|status| status.state == state).await.is_ok()
    }
}
