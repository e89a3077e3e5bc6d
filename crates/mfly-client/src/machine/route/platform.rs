//! The platform's news.
//!
//! | push | believed from |
//! |---|---|
//! | block list, contact list, contact permission, settings, forced logout | the own account: no `from`, the own bare address, the own server |
//! | own profile | the own bare address |
//! | a contact's profile, whole or "changed" | that contact (the push names nobody else) |
//! | "read the contact list again" | anybody: it says nothing that could be false |
//! | `userblocked` | the user it names, or the own account |
//! | `user_deleted`, `admin_block` | the own server, or no `from` |
//!
//! Inside a copy of a message, the sender of the copied message is held to the same table, and any
//! session of the own account counts as the own account. Copies of what another session *sent*
//! carry no news. The official SDK checks no sender anywhere. Who sends each push is inferred; the
//! table accepts every plausible one.

use super::PushVerdict;
use crate::machine::io::Notice;
use crate::machine::reason::EndReason;
use crate::machine::requests::OwnAddress;
use mfly_proto::decode::DecodeError;
use mfly_proto::jid::{Jid, UserReference};
use mfly_proto::payload::friends::FriendsNotice;
use mfly_proto::push::Push;
use mfly_proto::stanza::{Carbon, Iq, Message, MessageKind};

pub(super) fn told_by_iq(iq: &Iq<'_>, own: &OwnAddress) -> PushVerdict {
    judge(Push::from_iq(iq), iq.from.as_ref(), own, false)
}

pub(super) fn told_by_message(
    message: &Message<'_>,
    carbon: Option<&Carbon<'_>>,
    own: &OwnAddress,
) -> PushVerdict {
    let (message, copied) = match carbon {
        Some(carbon) if carbon.sent => return PushVerdict::NoPush,
        Some(carbon) => (&carbon.message, true),
        None => (message, false),
    };
    if message.kind == MessageKind::Error {
        return PushVerdict::NoPush;
    }
    judge(Push::from_message(message), message.from.as_ref(), own, copied)
}

fn judge(
    push: Result<Option<Push>, DecodeError>,
    from: Option<&Jid>,
    own: &OwnAddress,
    carbon: bool,
) -> PushVerdict {
    match push {
        Ok(Some(push)) if may_tell(&push, from, own, carbon) => {
            let pending_end = pending_end(&push, own);
            let notice = Notice::Push { push, carbon, from: from.cloned() };
            PushVerdict::Believed { notice, pending_end }
        }
        Ok(Some(_)) => PushVerdict::Disbelieved,
        Ok(None) => PushVerdict::NoPush,
        Err(error) => PushVerdict::Malformed(error),
    }
}

/// Whether this sender may say this; the table of this file's head.
fn may_tell(push: &Push, from: Option<&Jid>, own: &OwnAddress, copied: bool) -> bool {
    let is_own_session = |from: &Jid| copied && from.bare_str() == own.bare.as_str();
    let by_account = || own.is_account(from) || from.is_some_and(is_own_session);
    let by_server = || from.is_none_or(|from| own.is_server(from));
    match push {
        Push::Block(_)
        | Push::Friends(_)
        | Push::FriendsNotice(FriendsNotice::Permission(_))
        | Push::Logout(_)
        | Push::Settings(_) => by_account(),
        Push::FriendsNotice(FriendsNotice::RegisterUpdate) => true,
        Push::Profile(profile) => profile.user != own.bare || by_account(),
        Push::ProfileChanged(changed) => changed.user != own.bare || by_account(),
        Push::UserBlocked(notice) => {
            by_account() || from.is_some_and(|from| names(&notice.user, from, own))
        }
        Push::AdminBlock(_) | Push::UserDeleted(_) => by_server(),
        // A push of a later version of the codec: nobody has said who may tell it.
        _ => false,
    }
}

/// Whether the reference names the account of this address.
fn names(user: &UserReference, jid: &Jid, own: &OwnAddress) -> bool {
    user.at(own.full.domain()).is_ok_and(|named| named.as_str() == jid.bare_str())
}

/// What a believed push changes about the end of the session.
fn pending_end(push: &Push, own: &OwnAddress) -> Option<Option<EndReason>> {
    match push {
        Push::AdminBlock(notice) if names(&notice.target, &own.full, own) => {
            Some(notice.blocked.then_some(EndReason::AdminBlocked))
        }
        Push::UserDeleted(notice) if names(&notice.user, &own.full, own) => {
            Some(Some(EndReason::AccountDeleted))
        }
        _ => None,
    }
}
