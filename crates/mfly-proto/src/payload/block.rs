//! Blocking: block, unblock, both block lists, and the pushes about them.
//!
//! ```xml
//! <iq id type="set" xmlns="jabber:client"><block xmlns="urn:xmpp:blocking"><item jid="u2@host"/></block></iq>
//! <iq id type="set" xmlns="jabber:client"><unblock xmlns="urn:xmpp:blocking"><item jid="u2@host"/></unblock></iq>
//! <iq id type="get" xmlns="jabber:client"><blocklist xmlns="urn:xmpp:blocking"/></iq>
//! <iq type="result" id><blocklist xmlns="urn:xmpp:blocking"><item jid="u2@host"/></blocklist></iq>
//! <iq id type="get" xmlns="jabber:client"><query status="block_user" xmlns="jabber:iq:user_activities"/></iq>
//! <iq type="result" id><query xmlns="jabber:iq:user_activities" status="block_user"><blocklist><members>u7@host</members></blocklist></query></iq>
//! ```
//! Pushes: an `iq` set with `block` or `unblock` when another session of the own account did it,
//! and `<message from="u7@host" …><userblocked type="block_user" blocked_user="u7"/></message>`
//! when another user blocks or unblocks the own account.
//!
//! Source: XEP-0191; observed: Web SDK 4.25.10. The `query` around the second list and the outer
//! shape of the message are inferred. Fixtures: `block/*`.

use crate::decode::{DecodeError, require};
use crate::jid::{BareJid, Jid, UserReference};
use crate::listed::Listed;
use crate::ns;
use crate::stanza::iq::check;
use crate::stanza::{Iq, IqRequest, Reply};
use crate::xml::{Element, Writer};
use std::str::FromStr;

/// Blocks one user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The user to block.
    pub user: BareJid,
}

/// Unblocks one user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unblock {
    /// The user to unblock.
    pub user: BareJid,
}

/// Asks for the users that the own account has blocked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GetBlocked;

/// Asks for the users that have blocked the own account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GetBlockedBy;

/// Implements `IqRequest` for a command about one user.
macro_rules! one_item_command {
    ($type:ident, $name:tt) => {
        impl IqRequest for $type {
            iq_request!(Set $name in ns::BLOCKING);
            empty_result!();

            fn write(&self, writer: &mut Writer<'_>) {
                write_items(writer, $name, [&*self.user]);
            }

            fn read(_: &Iq<'_>, payload: Element<'_>) -> Result<Self, DecodeError> {
                check::<Self>(payload)?;
                let mut users = Listed::read_all(items(payload), item::<BareJid>)?.into_iter();
                let user = users
                    .next()
                    .ok_or(DecodeError::MissingChild { element: $name, child: "item" })?;
                Ok(Self { user })
            }
        }
    };
}
one_item_command!(Block, "block");
one_item_command!(Unblock, "unblock");

impl IqRequest for GetBlocked {
    iq_request!(Get "blocklist" in ns::BLOCKING);
    without_fields!();
    /// The blocked users. A missing list counts as an empty one, as in the official SDK.
    type Response = Listed<BareJid>;

    fn write_response(users: &Listed<BareJid>, writer: &mut Writer<'_>) {
        write_items(writer, Self::NAME, users.iter().map(|user| &**user));
    }

    fn read_response(reply: &Reply<'_>) -> Result<Listed<BareJid>, DecodeError> {
        match reply.payload {
            Some(list) => {
                check::<Self>(list)?;
                Ok(read_items(list))
            }
            None => Ok(Listed::new()),
        }
    }
}

impl IqRequest for GetBlockedBy {
    iq_request!(Get "query" in ns::USER_ACTIVITIES, status "block_user");
    without_fields!();
    /// Addresses or bare ids: it is not known which of the two the platform sends.
    type Response = Listed<UserReference>;

    fn write_response(users: &Listed<UserReference>, writer: &mut Writer<'_>) {
        writer.element(Self::NAME, |w| {
            w.attr("status", "block_user");
            w.attr("xmlns", Self::NAMESPACE);
            w.element("blocklist", |w| {
                for user in users {
                    w.text_element("members", user.as_str());
                }
            });
        });
    }

    fn read_response(reply: &Reply<'_>) -> Result<Listed<UserReference>, DecodeError> {
        // The official SDK looks for `blocklist` at any depth. It is known to be the payload or a
        // child of it.
        let list = reply.payload.and_then(|payload| payload.itself_or_child("blocklist"));
        let Some(list) = list else {
            return Ok(Listed::new());
        };
        let members = list.children().filter(|member| member.name() == "members");
        Ok(Listed::read(members, |member| {
            let user = UserReference::new(member.text().trim());
            user.map_err(|_| DecodeError::InvalidValue { element: "blocklist", field: "members" })
        }))
    }
}

/// Push: the block list changed (XEP-0191 §3.3, §3.4). The platform's lists hold accounts, those of
/// other servers any address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlockPush<J = BareJid> {
    /// These addresses were added to the list.
    Blocked(Listed<J>),
    /// These addresses were removed from the list; an empty list means all of them.
    Unblocked(Listed<J>),
}

impl<J: FromStr + AsRef<Jid>> BlockPush<J> {
    /// Reads the payload of the push; `Ok(None)` for any other payload. Items that cannot be read
    /// are left out.
    ///
    /// # Errors
    /// When no item can be read, or a block has no items.
    pub fn read(payload: Element<'_>) -> Result<Option<Self>, DecodeError> {
        if payload.ns() != ns::BLOCKING {
            return Ok(None);
        }
        match payload.name() {
            "block" => read_some(payload).map(Self::Blocked).map(Some),
            "unblock" => read_some_or_none(payload).map(Self::Unblocked).map(Some),
            _ => Ok(None),
        }
    }

    /// Writes the payload of the push.
    pub fn write(&self, writer: &mut Writer<'_>) {
        let (name, addresses) = match self {
            Self::Blocked(addresses) => ("block", addresses),
            Self::Unblocked(addresses) => ("unblock", addresses),
        };
        write_items(writer, name, addresses.iter().map(AsRef::as_ref));
    }
}

/// Push: another user blocked or unblocked the own account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserBlocked {
    /// The other user, as named by the attribute `blocked_user`.
    pub user: UserReference,
    /// `true` for a block, `false` for an unblock.
    pub blocked: bool,
}

impl UserBlocked {
    /// Reads a `<userblocked/>`. Its namespace is not checked, as in the official SDK.
    ///
    /// # Errors
    /// When an attribute is missing or invalid.
    pub fn read(element: Element<'_>) -> Result<Self, DecodeError> {
        let invalid = |field| DecodeError::InvalidValue { element: "userblocked", field };
        let blocked = match &*require(element, "userblocked", "type")? {
            "block_user" => true,
            "unblock_user" => false,
            _ => return Err(invalid("type")),
        };
        let user = require(element, "userblocked", "blocked_user")?;
        Ok(Self {
            user: UserReference::new(user.trim()).map_err(|_| invalid("blocked_user"))?,
            blocked,
        })
    }

    /// Writes the `<userblocked/>`.
    pub fn write(&self, writer: &mut Writer<'_>) {
        writer.element("userblocked", |w| {
            w.attr("blocked_user", self.user.as_str());
            w.attr("type", if self.blocked { "block_user" } else { "unblock_user" });
            w.attr("xmlns", ns::BLOCKING);
        });
    }
}

/// Writes a list of addresses.
pub(super) fn write_items<'a>(
    writer: &mut Writer<'_>,
    name: &'static str,
    addresses: impl IntoIterator<Item = &'a Jid>,
) {
    writer.element(name, |w| {
        w.attr("xmlns", ns::BLOCKING);
        for address in addresses {
            w.element("item", |w| w.attr("jid", address.as_str()));
        }
    });
}

/// The elements of a list of addresses.
pub(super) fn items(list: Element<'_>) -> impl Iterator<Item = Element<'_>> + Clone {
    list.children().filter(|item| item.name() == "item")
}

/// Reads one address of a list.
pub(super) fn item<J: FromStr>(item: Element<'_>) -> Result<J, DecodeError> {
    let jid = require(item, "item", "jid")?;
    jid.trim().parse().map_err(|_| DecodeError::InvalidValue { element: "item", field: "jid" })
}

/// Reads a list of addresses of one kind.
pub(super) fn read_items<J: FromStr>(list: Element<'_>) -> Listed<J> {
    Listed::read(items(list), item)
}

/// Reads the addresses of a push. A push whose addresses are all unreadable is refused: read as an
/// empty push, it would mean all addresses.
fn read_some_or_none<J: FromStr>(list: Element<'_>) -> Result<Listed<J>, DecodeError> {
    let addresses = read_items(list);
    if addresses.is_empty() && !addresses.was_empty() {
        return Err(DecodeError::InvalidValue { element: "item", field: "jid" });
    }
    Ok(addresses)
}

/// Reads the addresses of a push that must name at least one (XEP-0191 §3.3).
fn read_some<J: FromStr>(list: Element<'_>) -> Result<Listed<J>, DecodeError> {
    let addresses = read_some_or_none(list)?;
    if addresses.is_empty() {
        return Err(DecodeError::MissingChild { element: "block", child: "item" });
    }
    Ok(addresses)
}
