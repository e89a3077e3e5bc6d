//! Blocking on any XMPP server (XEP-0191): addresses of any form, several at once. The platform's
//! form, one user at a time, is in [`crate::payload::block`].
//!
//! ```xml
//! <iq id type="set" xmlns="jabber:client"><block xmlns="urn:xmpp:blocking"><item jid="u2@host"/><item jid="spam.test"/></block></iq>
//! <iq id type="set" xmlns="jabber:client"><unblock xmlns="urn:xmpp:blocking"><item jid="u2@host"/></unblock></iq>
//! <iq id type="get" xmlns="jabber:client"><blocklist xmlns="urn:xmpp:blocking"/></iq>
//! <iq type="result" id><blocklist xmlns="urn:xmpp:blocking"><item jid="u2@host"/></blocklist></iq>
//! ```
//! An `<unblock/>` without items unblocks all addresses. Pushes are `iq` sets of the same two
//! forms, to every session that has asked for the list.
//!
//! Source: XEP-0191 §3. Fixtures: `standard/block/*`.

use crate::decode::DecodeError;
use crate::jid::Jid;
use crate::listed::Listed;
use crate::ns;
use crate::payload::block::{BlockPush, item, items, read_items, write_items};
use crate::stanza::iq::{check, result};
use crate::stanza::{Iq, IqRequest, Reply};
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
    /// The addresses to unblock; an empty list means all.
    pub addresses: Vec<Jid>,
}

/// Asks for the blocked addresses; from then on the server also pushes changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GetBlockList;

/// Implements `IqRequest` for a command about a list of addresses.
macro_rules! command {
    ($type:ident, $name:tt, $read:path) => {
        impl IqRequest for $type {
            iq_request!(Set $name in ns::BLOCKING);
            empty_result!();

            fn write(&self, writer: &mut Writer<'_>) {
                write_items(writer, $name, &self.addresses);
            }

            fn read(_: &Iq<'_>, payload: Element<'_>) -> Result<Self, DecodeError> {
                check::<Self>(payload)?;
                let addresses = $read(payload)?;
                Ok(Self { addresses })
            }
        }
    };
}
command!(BlockAddresses, "block", all_of_some);
command!(UnblockAddresses, "unblock", all);

impl IqRequest for GetBlockList {
    iq_request!(Get "blocklist" in ns::BLOCKING);
    without_fields!();
    /// The blocked addresses.
    type Response = Listed<Jid>;

    fn write_response(addresses: &Listed<Jid>, writer: &mut Writer<'_>) {
        write_items(writer, Self::NAME, addresses);
    }

    fn read_response(reply: &Reply<'_>) -> Result<Listed<Jid>, DecodeError> {
        let list = result::<Self>(reply)?;
        Ok(read_items(list))
    }
}

/// Push: the block list changed.
pub type BlockListPush = BlockPush<Jid>;

/// Reads every address of a request: it is carried out as a whole or not at all.
fn all(payload: Element<'_>) -> Result<Vec<Jid>, DecodeError> {
    Listed::read_all(items(payload), item)
}

/// Reads the addresses of a block, which must not be empty (XEP-0191 §3.3).
fn all_of_some(payload: Element<'_>) -> Result<Vec<Jid>, DecodeError> {
    let addresses = all(payload)?;
    if addresses.is_empty() {
        return Err(DecodeError::MissingChild { element: "block", child: "item" });
    }
    Ok(addresses)
}
