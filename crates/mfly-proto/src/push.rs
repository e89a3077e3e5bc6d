//! What a stanza that answers no request means.
//!
//! One row a push: adding one adds a row here and a variant. Whether the sender may say such a
//! thing is the session's judgement, not the codec's.

use crate::decode::DecodeError;
use crate::payload::admin_block::AdminBlock;
use crate::payload::block::{BlockPush, UserBlocked};
use crate::payload::friends::{Friends, FriendsNotice};
use crate::payload::logout::ForcedLogout;
use crate::payload::profile::{ProfileChanged, ProfilePush};
use crate::payload::settings::Settings;
use crate::payload::standard::block::BlockListPush;
use crate::payload::standard::roster::RosterPush;
use crate::payload::user_deleted::UserDeleted;
use crate::stanza::{Iq, IqKind, Message};

/// News from the server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Push {
    /// An administrator blocked or unblocked a user or group.
    AdminBlock(AdminBlock),
    /// Another session of the own account changed the block list.
    Block(BlockPush),
    /// The contact list, unasked.
    Friends(Friends),
    /// The contact list should be read again, or is gone.
    FriendsNotice(FriendsNotice),
    /// QR sessions must end.
    Logout(ForcedLogout),
    /// A profile, whole.
    Profile(ProfilePush),
    /// A profile changed; its content must be asked for.
    ProfileChanged(ProfileChanged),
    /// Another session changed the settings.
    Settings(Settings),
    /// Somebody blocked or unblocked the own account.
    UserBlocked(UserBlocked),
    /// An account was deleted.
    UserDeleted(UserDeleted),
}

impl Push {
    /// Reads an `iq` that answers no request; `Ok(None)` when it is no known push.
    ///
    /// # Errors
    /// When it is a known push that does not say what it should.
    pub fn from_iq(iq: &Iq<'_>) -> Result<Option<Self>, DecodeError> {
        match iq.kind {
            IqKind::Set => {
                let Some(payload) = iq.payload() else {
                    return Ok(None);
                };
                Ok(BlockPush::read(payload)?.map(Self::Block))
            }
            IqKind::Result => {
                if let Some(profile) = ProfilePush::read(iq)? {
                    return Ok(Some(Self::Profile(profile)));
                }
                let roster = iq.payload().filter(|p| p.is(crate::ns::ROSTER, "query"));
                Ok(roster.map(Friends::read).transpose()?.map(Self::Friends))
            }
            IqKind::Get | IqKind::Error => Ok(None),
        }
    }

    /// Reads a message (unwrapped, if it came as a carbon); `Ok(None)` when it is no known push.
    ///
    /// # Errors
    /// When it is a known push that does not say what it should.
    pub fn from_message(message: &Message<'_>) -> Result<Option<Self>, DecodeError> {
        for child in message.element().children() {
            let push = match child.name() {
                "admin_block" => Self::AdminBlock(AdminBlock::read(child)?),
                "logout" => Self::Logout(ForcedLogout::read(child)),
                "profile_update" => {
                    let Some(from) = &message.from else {
                        return Err(DecodeError::MissingAttribute {
                            element: "message",
                            attribute: "from",
                        });
                    };
                    Self::ProfileChanged(ProfileChanged { user: from.bare() })
                }
                "user_deleted" => Self::UserDeleted(UserDeleted::read(child)?),
                "user_settings" => Self::Settings(Settings::read_push(child)?),
                "userblocked" => Self::UserBlocked(UserBlocked::read(child)?),
                _ => match FriendsNotice::read(child)? {
                    Some(notice) => Self::FriendsNotice(notice),
                    None => continue,
                },
            };
            return Ok(Some(push));
        }
        Ok(None)
    }
}

/// News from any XMPP server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StandardPush {
    /// The block list changed.
    BlockList(BlockListPush),
    /// The contact list changed.
    Roster(RosterPush),
}

impl StandardPush {
    /// Reads an `iq` that answers no request; `Ok(None)` when it is no known push.
    ///
    /// # Errors
    /// When it is a known push that does not say what it should.
    pub fn from_iq(iq: &Iq<'_>) -> Result<Option<Self>, DecodeError> {
        let Some(payload) = iq.payload().filter(|_| iq.kind == IqKind::Set) else {
            return Ok(None);
        };
        if let Some(push) = RosterPush::read(payload)? {
            return Ok(Some(Self::Roster(push)));
        }
        Ok(BlockListPush::read(payload)?.map(Self::BlockList))
    }
}
