//! Is the other side alive (XEP-0199)?
//!
//! ```xml
//! <iq from="host" to="u1@host/Web-1" id="p1" type="get"><ping xmlns="urn:xmpp:ping"/></iq>
//! <iq from="u1@host/Web-1" id="p1" to="host" type="result" xmlns="jabber:client"/>
//! ```
//! Source: XEP-0199 §4; observed: Web SDK 4.25.10. Fixture: `ping/server`.

use crate::decode::DecodeError;
use crate::jid::Jid;
use crate::ns;
use crate::stanza::{Iq, IqKind, IqRequest, Reply};
use crate::xml::{Element, Writer};

/// Asks for a sign of life.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ping {
    /// Whom to ask; the own server when absent.
    pub to: Option<Jid>,
}

impl IqRequest for Ping {
    const KIND: IqKind = IqKind::Get;
    const NAMESPACE: &'static str = ns::PING;
    const NAME: &'static str = "ping";
    type Response = ();

    fn to(&self) -> Option<&Jid> {
        self.to.as_ref()
    }

    fn write(&self, writer: &mut Writer<'_>) {
        writer.element(Self::NAME, |w| w.attr("xmlns", Self::NAMESPACE));
    }

    fn read(iq: &Iq<'_>, payload: Element<'_>) -> Result<Self, DecodeError> {
        super::expect(payload, Self::NAMESPACE, Self::NAME)?;
        Ok(Self { to: iq.to.clone() })
    }

    fn write_response((): &(), _: &mut Writer<'_>) {}

    fn read_response(_: &Reply<'_>) -> Result<(), DecodeError> {
        Ok(())
    }
}
