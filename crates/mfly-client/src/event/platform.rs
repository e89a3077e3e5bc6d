//! The events of a platform session.

use super::session_event::session_events;
use crate::model::friends::Friends;
use crate::model::profile::Profile;
use mfly_proto::jid::BareJid;
use mfly_proto::listed::Listed;
use mfly_proto::payload::settings::Settings;
use mfly_proto::stanza::{PresenceKind, Show};

session_events! {
/// An event of a platform session: about the connection, the own account or other users.
pub enum Event {
    /// The server refused the credentials. [`Event::Ended`] follows.
    AuthenticationFailed,
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
}
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
