//! What happens in a session without being asked for.
//!
//! One ordered stream of one typed enum. Each subscription has its own bounded queue; one that
//! falls behind loses the oldest events and is told how many ([`Event::Lagged`]).

pub mod official;
mod subscription;
mod translate;

pub use official::OfficialEvent;
pub use subscription::Events;
pub(crate) use subscription::{Sender, SessionEvent, Subscriptions};
pub(crate) use translate::translate;

use crate::feature::friends::Friends;
use crate::feature::profile::Profile;
use crate::machine::{DisconnectReason, EndReason};
use mfly_proto::framing::Skipped as SkippedStanza;
use mfly_proto::jid::{BareJid, FullJid};
use mfly_proto::listed::Listed;
use mfly_proto::payload::settings::Settings;
use mfly_proto::stanza::{PresenceKind, Show};
use std::fmt;
use std::time::Duration;

/// SessionEvent about the session, the own account or other users.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// The session is online.
    Connected {
        /// The session's address.
        jid: FullJid,
        /// Whether the server kept the earlier stream; if not, events may have been missed
        /// meanwhile.
        resumed: bool,
    },
    /// The connection is gone. Unless [`Event::Ended`] follows, it comes back by itself.
    Disconnected {
        /// Why.
        reason: DisconnectReason,
    },
    /// Another attempt to connect will be made.
    Reconnecting {
        /// Its number, from 1.
        attempt: u32,
        /// How long until it starts.
        delay: Duration,
    },
    /// An attempt to connect failed.
    ConnectionFailed {
        /// Why.
        reason: DisconnectReason,
    },
    /// The server refused the credentials. [`Event::Ended`] follows.
    AuthenticationFailed,
    /// The session is over, for good. Nothing follows.
    Ended(EndReason),
    /// Somebody's profile changed.
    ProfileChanged {
        /// Whose.
        user: BareJid,
        /// The profile now, if the notice carried it; otherwise ask for it.
        profile: Option<Profile>,
        /// Whether it is the own account's.
        own: bool,
    },
    /// A profile was read with [`Session::profile`](crate::Session::profile) or
    /// [`Session::own_profile`](crate::Session::own_profile), as the caller was told, too.
    ///
    /// It is an event apart from [`Event::ProfileChanged`], so that a handler which reads the
    /// profile after a change does not start itself again.
    ProfileRead {
        /// Whose.
        user: BareJid,
        /// The profile.
        profile: Profile,
        /// Whether it is the own account's.
        own: bool,
    },
    /// Somebody came, went or changed how available they are.
    Presence {
        /// Who.
        user: BareJid,
        /// Which of their sessions, if the server says.
        resource: Option<String>,
        /// Available, unavailable, or a subscription notice.
        kind: PresenceKind,
        /// How available.
        show: Option<Show>,
        /// Their words.
        status: Option<String>,
        /// Whether it is another session of the own account.
        own: bool,
    },
    /// The own account blocked these users, here or in another session.
    Blocked {
        /// Whom.
        users: Listed<BareJid>,
    },
    /// The own account unblocked these users, here or in another session.
    Unblocked {
        /// Whom; empty means everybody.
        users: Listed<BareJid>,
    },
    /// Somebody blocked the own account.
    BlockedBy {
        /// Who.
        user: BareJid,
        /// Whether the notice was a copy of one for another session.
        carbon: bool,
    },
    /// Somebody unblocked the own account.
    UnblockedBy {
        /// Who.
        user: BareJid,
        /// Whether the notice was a copy of one for another session.
        carbon: bool,
    },
    /// An account was deleted.
    UserDeleted {
        /// Whose.
        user: BareJid,
    },
    /// An administrator blocked or unblocked a user or a group.
    AdminBlock {
        /// Which; [`BareJid::is_group`] tells groups from users.
        target: BareJid,
        /// Blocked, or unblocked.
        blocked: bool,
        /// `chat` or `groupchat`, as the server spells it.
        chat_type: String,
        /// Whether it is the own account.
        own: bool,
    },
    /// Sessions that came from a QR code must end.
    ForcedLogout {
        /// The signalling ids of those sessions.
        socket_ids: Vec<String>,
        /// Whether the notice was a copy of one for another session.
        carbon: bool,
    },
    /// The contact list, unasked.
    Friends(Friends),
    /// The contact list changed: ask for it again with
    /// [`Session::friends`](crate::Session::friends).
    FriendsChanged {
        /// Whether contacts may be read, if that is what changed; `Some(false)` empties the list.
        permission: Option<bool>,
    },
    /// Another session changed the settings.
    Settings(Settings),
    /// A stanza exceeds a limit ([`ReceiveLimits`](crate::ReceiveLimits)) and was not read: it
    /// names the sender, the id and the limit. The session goes on. A question was refused for the
    /// app.
    StanzaSkipped(SkippedStanza),
    /// A stanza that is no reply and no known push, or one from a sender who may not say such a
    /// thing.
    UnknownStanza(UnknownStanza),
    /// This subscription fell behind: so many events were dropped before the next one.
    Lagged(u64),
}

impl Event {
    /// The user that the event is about, if it is about one.
    #[must_use]
    pub const fn user(&self) -> Option<&BareJid> {
        match self {
            Self::ProfileChanged { user, .. }
            | Self::ProfileRead { user, .. }
            | Self::Presence { user, .. }
            | Self::BlockedBy { user, .. }
            | Self::UnblockedBy { user, .. }
            | Self::UserDeleted { user }
            | Self::AdminBlock { target: user, .. } => Some(user),
            _ => None,
        }
    }
}

/// A stanza as it stood on the wire. It may be private, so `Debug` shows its length only.
#[derive(Clone, PartialEq, Eq)]
pub struct UnknownStanza(String);

impl UnknownStanza {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The stanza's XML.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for UnknownStanza {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnknownStanza({} bytes)", self.0.len())
    }
}

// Reasons hold errors of lower layers, which cannot be compared: two reasons are equal when they
// are of one kind and read the same.
macro_rules! equal_when_they_read_the_same {
    ($($reason:ty)*) => {$(
        impl PartialEq for $reason {
            fn eq(&self, other: &Self) -> bool {
                std::mem::discriminant(self) == std::mem::discriminant(other)
                    && self.to_string() == other.to_string()
            }
        }
        impl Eq for $reason {}
    )*};
}
equal_when_they_read_the_same!(DisconnectReason EndReason);
