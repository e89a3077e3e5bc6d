//! Message carbons: copies of messages for the other sessions of the account (XEP-0280).
//!
//! `<iq id type="set" xmlns="jabber:client"><enable xmlns="urn:xmpp:carbons:2"/></iq>`
//!
//! Source: XEP-0280 §4; observed: Web SDK 4.25.10. Fixture: `connect/web_sdk`.

use crate::ns;
use crate::stanza::IqRequest;

/// Enables carbons for this session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EnableCarbons;

impl IqRequest for EnableCarbons {
    iq_request!(Set "enable" in ns::CARBONS);
    without_fields!();
    empty_result!();
}
