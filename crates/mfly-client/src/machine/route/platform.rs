//! The pushes of the platform.
//!
//! | push | accepted from |
//! |---|---|
//! | block list, contact list, contact permission, settings, forced logout | the own account: no `from`, the own bare address, the own server |
//! | own profile | the own bare address |
//! | a contact's profile, whole or "changed" | that contact (the push names no other user) |
//! | "read the contact list again" | any sender: it has no content that could be forged |
//! | `userblocked` | the user it names, or the own account |
//! | `user_deleted`, `admin_block` | the own server, or no `from` |
//!
//! In a carbon copy, the table applies to the sender of the copied message, and any session of the
//! own account counts as the own account. Copies of messages that another session *sent* carry no
//! pushes. The official SDK checks no sender. The senders are inferred; the table accepts every
//! plausible one.

use super::PushVerdict;
use crate::machine::io::Notice;
use crate::machine::reason::EndReason;
use crate::machine::requests::OwnAddress;
use mfly_proto::decode::DecodeError;
use mfly_proto::jid::{Jid, UserReference};
use mfly_proto::payload::friends::FriendsNotice;
use mfly_proto::push::Push;
use mfly_proto::stanza::{Carbon, Iq, Message, MessageKind};

pub(super) fn judge_iq(iq: &Iq<'_>, own: &OwnAddress) -> PushVerdict {
    judge(Push::from_iq(iq), iq.from.as_ref(), own, false)
}

pub(super) fn judge_message(
    message: &Message<'_>,
    carbon: Option<&Carbon<'_>>,
    own: &OwnAddress,
) -> PushVerdict {
    let (message, copied) = match carbon {
        Some(carbon) if carbon.sent => return PushVerdict::NotAPush,
        Some(carbon) => (&carbon.message, true),
        None => (message, false),
    };
    if message.kind == MessageKind::Error {
        return PushVerdict::NotAPush;
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
        Ok(Some(push)) if may_send(&push, from, own, carbon) => {
            let pending_end = pending_end(&push, own);
            let notice = Notice::Push { push, carbon, from: from.cloned() };
            PushVerdict::Accepted { notice, pending_end }
        }
        Ok(Some(_)) => PushVerdict::Rejected,
        Ok(None) => PushVerdict::NotAPush,
        Err(error) => PushVerdict::Malformed(error),
    }
}

/// Whether this sender may send this push, by the table above.
fn may_send(push: &Push, from: Option<&Jid>, own: &OwnAddress, copied: bool) -> bool {
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
        // A push of a later version of the codec, which the table does not list.
        _ => false,
    }
}

/// Whether the reference names the account of this address.
fn names(user: &UserReference, jid: &Jid, own: &OwnAddress) -> bool {
    user.at(own.full.domain()).is_ok_and(|named| named.as_str() == jid.bare_str())
}

/// The change of the session's pending end by an accepted push.
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
