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
    /// A user's profile changed.
    ProfileChanged {
        /// The user whose profile changed.
        user: BareJid,
        /// The new profile, if the push carried it. Otherwise request it.
        profile: Option<Profile>,
        /// Whether it is the own account's profile.
        own: bool,
    },
    /// A profile was read with [`Session::profile`](crate::Session::profile) or
    /// [`Session::own_profile`](crate::Session::own_profile). The caller has it, too.
    ///
    /// It is an event apart from [`Event::ProfileChanged`], so that a handler which reads the
    /// profile after a change does not start itself again.
    ProfileRead {
        /// The user whose profile was read.
        user: BareJid,
        /// The profile that was read.
        profile: Profile,
        /// Whether it is the own account's profile.
        own: bool,
    },
    /// A user came online, went offline, or changed the availability.
    Presence {
        /// The user whose presence changed.
        user: BareJid,
        /// The resource of the user's session, if the server names it.
        resource: Option<String>,
        /// Available, unavailable, or a subscription request.
        kind: PresenceKind,
        /// The availability in detail, if the user gave it.
        show: Option<Show>,
        /// The status text of the user.
        status: Option<String>,
        /// Whether it is another session of the own account.
        own: bool,
    },
    /// The own account blocked these users, here or in another session.
    Blocked {
        /// The blocked users.
        users: Listed<BareJid>,
    },
    /// The own account unblocked these users, here or in another session.
    Unblocked {
        /// The unblocked users. An empty list means all users.
        users: Listed<BareJid>,
    },
    /// Another user blocked the own account.
    BlockedBy {
        /// The user who blocked the own account.
        user: BareJid,
        /// Whether the push was a copy of one for another session.
        carbon: bool,
    },
    /// Another user unblocked the own account.
    UnblockedBy {
        /// The user who unblocked the own account.
        user: BareJid,
        /// Whether the push was a copy of one for another session.
        carbon: bool,
    },
    /// An account was deleted.
    UserDeleted {
        /// The user whose account was deleted.
        user: BareJid,
    },
    /// An administrator blocked or unblocked a user or a group.
    AdminBlock {
        /// The user or group. [`BareJid::is_group`] tells groups from users.
        target: BareJid,
        /// `true` for blocked, `false` for unblocked.
        blocked: bool,
        /// `chat` or `groupchat`, as the server spells it.
        chat_type: String,
        /// Whether the target is the own account.
        own: bool,
    },
    /// The server asks sessions that came from a QR code to end.
    ForcedLogout {
        /// The signalling ids of those sessions.
        socket_ids: Vec<String>,
        /// Whether the push was a copy of one for another session.
        carbon: bool,
    },
    /// The server sent the contact list without a request.
    Friends(Friends),
    /// The contact list changed. Request it again with
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
