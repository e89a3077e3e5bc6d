//! Pushes: stanzas that the server sends without a request.
//!
//! A push has a variant here, a line that reads it and a line that writes it. Whether its sender
//! may send it is decided by the session, not by the codec.

use crate::decode::DecodeError;
use crate::ns;
use crate::payload::admin_block::AdminBlock;
use crate::payload::block::{BlockPush, UserBlocked};
use crate::payload::friends::{Friends, FriendsNotice, GetFriends};
use crate::payload::logout::ForcedLogout;
use crate::payload::profile::{ProfileChanged, ProfilePush};
use crate::payload::settings::Settings;
use crate::payload::standard::block::BlockListPush;
use crate::payload::standard::roster::RosterPush;
use crate::payload::user_deleted::UserDeleted;
use crate::stanza::{Iq, IqKind, IqRequest, Message};
use crate::xml::Writer;

/// A push of the platform's server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Push {
    /// An administrator blocked or unblocked a user or group.
    AdminBlock(AdminBlock),
    /// Another session of the own account changed the block list.
    Block(BlockPush),
    /// The contact list, sent without a request.
    Friends(Friends),
    /// The contact list should be read again, or its permission changed.
    FriendsNotice(FriendsNotice),
    /// QR sessions must end.
    Logout(ForcedLogout),
    /// A profile changed; the push holds the new profile.
    Profile(ProfilePush),
    /// A profile changed; the new profile must be requested.
    ProfileChanged(ProfileChanged),
    /// Another session changed the settings.
    Settings(Settings),
    /// Another user blocked or unblocked the own account.
    UserBlocked(UserBlocked),
    /// An account was deleted.
    UserDeleted(UserDeleted),
}

impl Push {
    /// Reads an `iq` that answers no request; `Ok(None)` when it is no known push.
    ///
    /// # Errors
    /// When a known push is not of its expected form.
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
                let roster = iq.payload().filter(|payload| payload.is(ns::ROSTER, "query"));
                Ok(roster.map(Friends::read).transpose()?.map(Self::Friends))
            }
            IqKind::Get | IqKind::Error => Ok(None),
        }
    }

    /// Reads a message (unwrapped, if it came as a carbon); `Ok(None)` when it is no known push.
    ///
    /// # Errors
    /// When a known push is not of its expected form.
    pub fn from_message(message: &Message<'_>) -> Result<Option<Self>, DecodeError> {
        for child in message.element().children() {
            let push = match child.name() {
                "admin_block" => Self::AdminBlock(AdminBlock::read(child)?),
                "logout" => Self::Logout(ForcedLogout::read(child)),
                "profile_update" => {
                    let missing =
                        DecodeError::MissingAttribute { element: "message", attribute: "from" };
                    let from = message.from.as_ref().ok_or(missing)?;
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

    /// Writes the payload of the `iq`, or the child of the message.
    pub fn write(&self, writer: &mut Writer<'_>) {
        match self {
            Self::AdminBlock(push) => push.write(writer),
            Self::Block(push) => push.write(writer),
            Self::Friends(friends) => GetFriends::write_response(friends, writer),
            Self::FriendsNotice(push) => push.write(writer),
            Self::Logout(push) => push.write(writer),
            Self::Profile(push) => push.card.write(writer),
            Self::ProfileChanged(_) => {
                writer.element("profile_update", |w| w.attr("xmlns", ns::RECEIPTS));
            }
            Self::Settings(push) => push.write_push(writer),
            Self::UserBlocked(push) => push.write(writer),
            Self::UserDeleted(push) => push.write(writer),
        }
    }
}

/// A push of any XMPP server.
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
    /// When a known push is not of its expected form.
    pub fn from_iq(iq: &Iq<'_>) -> Result<Option<Self>, DecodeError> {
        let Some(payload) = iq.payload().filter(|_| iq.kind == IqKind::Set) else {
            return Ok(None);
        };
        if let Some(push) = RosterPush::read(payload)? {
            return Ok(Some(Self::Roster(push)));
        }
        Ok(BlockListPush::read(payload)?.map(Self::BlockList))
    }

    /// Writes the payload of the `iq`.
    pub fn write(&self, writer: &mut Writer<'_>) {
        match self {
            Self::BlockList(push) => push.write(writer),
            Self::Roster(push) => push.write(writer),
        }
    }
}
