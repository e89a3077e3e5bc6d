//! From the machine's notices to the events of a platform session. A push has one row in
//! `pushed`.

use super::platform::Event;
use crate::machine::{EndReason, Notice};
use crate::model::friends::Friends;
use crate::model::profile::Profile;
use mfly_proto::cipher::Iv;
use mfly_proto::jid::{BareJid, UserReference};
use mfly_proto::payload::block::BlockPush;
use mfly_proto::payload::friends::FriendsNotice;
use mfly_proto::push::Push;
use mfly_proto::stanza::Presence;
use std::ops::ControlFlow;

/// The facts about the own account that translating notices needs.
#[derive(Clone, Debug)]
pub struct EventContext {
    account: BareJid,
    profile_iv: Iv,
}

impl EventContext {
    /// The context of this account, whose private profile fields are sealed with this IV.
    #[must_use]
    pub const fn new(account: BareJid, profile_iv: Iv) -> Self {
        Self { account, profile_iv }
    }

    /// The own account.
    #[must_use]
    pub const fn account(&self) -> &BareJid {
        &self.account
    }

    /// The IV of private profile fields.
    #[must_use]
    pub const fn profile_iv(&self) -> &Iv {
        &self.profile_iv
    }

    fn is_own(&self, user: &BareJid) -> bool {
        *user == self.account
    }

    /// The address that a push means; `None` when it cannot be one.
    fn address(&self, user: &UserReference) -> Option<BareJid> {
        user.at(self.account.domain()).ok()
    }
}

impl Event {
    /// The events of a notice of the [`Machine`](crate::machine::Machine), in order: none, one or
    /// two.
    pub fn from_notice(
        notice: Notice,
        context: &EventContext,
    ) -> impl Iterator<Item = Self> + use<> {
        let refused = matches!(notice, Notice::Ended(EndReason::InvalidCredentials(_)));
        let event = match Self::of_connection(notice) {
            ControlFlow::Break(event) => event,
            ControlFlow::Continue(Notice::Push { push, carbon, from }) => {
                tracing::trace!(?from, carbon, "push");
                pushed(push, carbon, context)
            }
            ControlFlow::Continue(Notice::Presence(presence)) => present(presence, context),
            ControlFlow::Continue(Notice::Message { stanza, .. }) => Some(Self::unknown(&stanza)),
            ControlFlow::Continue(_) => None,
        };
        refused.then_some(Self::AuthenticationFailed).into_iter().chain(event)
    }
}

fn pushed(push: Push, carbon: bool, context: &EventContext) -> Option<Event> {
    Some(match push {
        Push::AdminBlock(notice) => {
            let target = context.address(&notice.target)?;
            Event::AdminBlock {
                own: context.is_own(&target),
                target,
                blocked: notice.blocked,
                chat_type: notice.chat_type,
            }
        }
        Push::Block(BlockPush::Blocked(users)) => Event::Blocked { users },
        Push::Block(BlockPush::Unblocked(users)) => Event::Unblocked { users },
        Push::Friends(list) => Event::Friends(Friends::open(list, &context.profile_iv)),
        Push::FriendsNotice(FriendsNotice::RegisterUpdate) => {
            Event::FriendsChanged { permission: None }
        }
        Push::FriendsNotice(FriendsNotice::Permission(allowed)) => {
            Event::FriendsChanged { permission: Some(allowed) }
        }
        Push::Logout(notice) => Event::ForcedLogout { socket_ids: notice.socket_ids, carbon },
        Push::Profile(push) => Event::ProfileChanged {
            profile: Some(Profile::open(&push.user.user_id()?, &push.card, &context.profile_iv)),
            own: context.is_own(&push.user),
            user: push.user,
        },
        Push::ProfileChanged(notice) => Event::ProfileChanged {
            own: context.is_own(&notice.user),
            user: notice.user,
            profile: None,
        },
        Push::Settings(settings) => Event::Settings(settings),
        Push::UserBlocked(notice) => {
            let user = context.address(&notice.user)?;
            match notice.blocked {
                true => Event::BlockedBy { user, carbon },
                false => Event::UnblockedBy { user, carbon },
            }
        }
        Push::UserDeleted(notice) => Event::UserDeleted { user: context.address(&notice.user)? },
        _ => return None,
    })
}

/// `None` for a presence that no user sent.
fn present(presence: Presence, context: &EventContext) -> Option<Event> {
    let from = presence.from.filter(|from| from.local().is_some())?;
    let user = from.bare();
    Some(Event::Presence {
        own: context.is_own(&user),
        user,
        resource: from.resource().map(str::to_owned),
        kind: presence.kind,
        show: presence.show,
        status: presence.status,
    })
}
