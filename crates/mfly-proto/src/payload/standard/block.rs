//! Blocking on any XMPP server (XEP-0191): any addresses, several at once. The platform's own use
//! of it, one user at a time, is in [`crate::payload::block`].
//!
//! ```xml
//! <iq id type="set" xmlns="jabber:client"><block xmlns="urn:xmpp:blocking"><item jid="u2@host"/><item jid="spam.test"/></block></iq>
//! <iq id type="set" xmlns="jabber:client"><unblock xmlns="urn:xmpp:blocking"><item jid="u2@host"/></unblock></iq>
//! <iq id type="get" xmlns="jabber:client"><blocklist xmlns="urn:xmpp:blocking"/></iq>
//! <iq type="result" id><blocklist xmlns="urn:xmpp:blocking"><item jid="u2@host"/></blocklist></iq>
//! ```
//! `<unblock/>` without items unblocks everybody. Pushes are `iq` sets of the same two forms, to
//! every session that has asked for the list.
//!
//! Source: XEP-0191 §3. Fixtures: `blocking/*`.

use crate::decode::DecodeError;
use crate::jid::Jid;
use crate::listed::Listed;
use crate::ns;
use crate::payload::block::{item, items, read_items, read_some, read_some_or_none, write_items};
use crate::stanza::{Iq, IqKind, IqRequest, Reply};
use crate::xml::{Element, Writer};

/// Blocks these addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BlockAddresses {
    /// At least one: `local@domain` with or without resource, a domain, or `domain/resource`.
    pub addresses: Vec<Jid>,
}

/// Unblocks these addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnblockAddresses {
    /// Which; none means all.
    pub addresses: Vec<Jid>,
}

/// Asks which addresses are blocked, and to be told from now on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GetBlockList;

macro_rules! command {
    ($type:ident, $name:literal, $read:path) => {
        impl IqRequest for $type {
            const KIND: IqKind = IqKind::Set;
            const NAMESPACE: &'static str = ns::BLOCKING;
            const NAME: &'static str = $name;
            type Response = ();

            fn write(&self, writer: &mut Writer<'_>) {
                write_items(writer, $name, &self.addresses);
            }

            fn read(_: &Iq<'_>, payload: Element<'_>) -> Result<Self, DecodeError> {
                super::expect(payload, ns::BLOCKING, $name)?;
                let addresses = $read(payload)?;
                Ok(Self { addresses })
            }

            fn write_response((): &(), _: &mut Writer<'_>) {}

            fn read_response(_: &Reply<'_>) -> Result<(), DecodeError> {
                Ok(())
            }
        }
    };
}
command!(BlockAddresses, "block", all_of_some);
command!(UnblockAddresses, "unblock", all);

impl IqRequest for GetBlockList {
    const KIND: IqKind = IqKind::Get;
    const NAMESPACE: &'static str = ns::BLOCKING;
    const NAME: &'static str = "blocklist";
    /// The blocked addresses.
    type Response = Listed<Jid>;

    fn write(&self, writer: &mut Writer<'_>) {
        write_items(writer, Self::NAME, []);
    }

    fn read(_: &Iq<'_>, payload: Element<'_>) -> Result<Self, DecodeError> {
        super::expect(payload, Self::NAMESPACE, Self::NAME).map(|()| Self)
    }

    fn write_response(addresses: &Listed<Jid>, writer: &mut Writer<'_>) {
        write_items(writer, Self::NAME, addresses);
    }

    fn read_response(reply: &Reply<'_>) -> Result<Listed<Jid>, DecodeError> {
        let list = reply.require(Self::NAME)?;
        super::expect(list, Self::NAMESPACE, Self::NAME)?;
        Ok(read_items(list))
    }
}

/// The list changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlockListPush {
    /// These addresses were added.
    Blocked(Listed<Jid>),
    /// These addresses were removed; none means all.
    Unblocked(Listed<Jid>),
}

impl BlockListPush {
    /// Reads the payload of an `iq` set; `Ok(None)` when it is something else.
    ///
    /// # Errors
    /// When no address can be read, or a block names none. A part of the addresses is a push of
    /// that part.
    pub fn read(payload: Element<'_>) -> Result<Option<Self>, DecodeError> {
        if payload.is(ns::BLOCKING, "block") {
            read_some(payload).map(Self::Blocked).map(Some)
        } else if payload.is(ns::BLOCKING, "unblock") {
            read_some_or_none(payload).map(Self::Unblocked).map(Some)
        } else {
            Ok(None)
        }
    }

    /// Writes the payload of the push.
    pub fn write(&self, writer: &mut Writer<'_>) {
        match self {
            Self::Blocked(addresses) => write_items(writer, "block", addresses),
            Self::Unblocked(addresses) => write_items(writer, "unblock", addresses),
        }
    }
}

/// Every address of a request, which is carried out whole or not at all.
fn all(payload: Element<'_>) -> Result<Vec<Jid>, DecodeError> {
    Listed::read_all(items(payload), item)
}

/// To block nobody is a mistake (XEP-0191 §3.3).
fn all_of_some(payload: Element<'_>) -> Result<Vec<Jid>, DecodeError> {
    let addresses = all(payload)?;
    if addresses.is_empty() {
        return Err(DecodeError::MissingChild { element: "block", child: "item" });
    }
    Ok(addresses)
}
