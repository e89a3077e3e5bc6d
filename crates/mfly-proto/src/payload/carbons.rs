//! Copies of messages for the account's other sessions (XEP-0280).
//!
//! `<iq id type="set" xmlns="jabber:client"><enable xmlns="urn:xmpp:carbons:2"/></iq>`
//!
//! Source: XEP-0280 §4; observed: Web SDK 4.25.10. Fixture: `connect/web_sdk`.

use crate::decode::DecodeError;
use crate::ns;
use crate::stanza::{Iq, IqKind, IqRequest, Reply};
use crate::xml::{Element, Writer};

/// Turns carbons on for this session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EnableCarbons;

impl IqRequest for EnableCarbons {
    const KIND: IqKind = IqKind::Set;
    const NAMESPACE: &'static str = ns::CARBONS;
    const NAME: &'static str = "enable";
    type Response = ();

    fn write(&self, writer: &mut Writer<'_>) {
        writer.element(Self::NAME, |w| w.attr("xmlns", Self::NAMESPACE));
    }

    fn read(_: &Iq<'_>, payload: Element<'_>) -> Result<Self, DecodeError> {
        super::expect(payload, Self::NAMESPACE, Self::NAME).map(|()| Self)
    }

    fn write_response((): &(), _: &mut Writer<'_>) {}

    fn read_response(_: &Reply<'_>) -> Result<(), DecodeError> {
        Ok(())
    }
}
