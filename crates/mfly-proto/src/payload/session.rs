//! Session establishment (RFC 3921 §3), sent only when the server offers it.
//!
//! `<iq id="_session_auth_2" type="set" xmlns="jabber:client"><session
//! xmlns="urn:ietf:params:xml:ns:xmpp-session"/></iq>`
//!
//! Source: RFC 3921 §3; observed: Web SDK 4.25.10. Fixture: `connect/web_sdk`.

use crate::decode::DecodeError;
use crate::ns;
use crate::stanza::{Iq, IqKind, IqRequest, Reply};
use crate::xml::{Element, Writer};

/// The id that the official SDK always uses for this request.
pub const ID: &str = "_session_auth_2";

/// Establishes the session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EstablishSession;

impl IqRequest for EstablishSession {
    const KIND: IqKind = IqKind::Set;
    const NAMESPACE: &'static str = ns::SESSION;
    const NAME: &'static str = "session";
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
