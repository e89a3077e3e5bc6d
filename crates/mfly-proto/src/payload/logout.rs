//! Log-out: a QR session announces its own end, and the phone ends QR sessions remotely.
//!
//! ```xml
//! <iq id type="set" xmlns="jabber:client"><query socket_id="sock-42" status="user_logout" xmlns="jabber:iq:user_activities"/></iq>
//! <message …><logout socket_id="id1,id2" xmlns="urn:xmpp:receipts"/></message>
//! ```
//! Source: observed: Web SDK 4.25.10 (which does not check the namespace of `logout`). Fixtures:
//! `logout/*`.

use crate::decode::{DecodeError, require};
use crate::ns;
use crate::stanza::iq::check;
use crate::stanza::{Iq, IqRequest};
use crate::xml::{Element, Writer};

/// Announces the end of a session that was started by a QR code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogOut {
    /// The signalling id that the QR login stored.
    pub socket_id: String,
}

impl IqRequest for LogOut {
    iq_request!(Set "query" in ns::USER_ACTIVITIES, status "user_logout");
    empty_result!();

    fn write(&self, writer: &mut Writer<'_>) {
        writer.element(Self::NAME, |w| {
            w.attr("socket_id", &self.socket_id);
            w.attr("status", "user_logout");
            w.attr("xmlns", Self::NAMESPACE);
        });
    }

    fn read(_: &Iq<'_>, payload: Element<'_>) -> Result<Self, DecodeError> {
        check::<Self>(payload)?;
        Ok(Self { socket_id: require(payload, "query", "socket_id")?.into_owned() })
    }
}

/// Push: sessions with these signalling ids must end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForcedLogout {
    /// The ids, as the QR logins stored them. Empty when the push names none.
    pub socket_ids: Vec<String>,
}

impl ForcedLogout {
    /// Reads a `<logout/>`.
    #[must_use]
    pub fn read(element: Element<'_>) -> Self {
        let ids = element.attr("socket_id").unwrap_or_default();
        let ids = ids.split(',').map(str::trim).filter(|id| !id.is_empty());
        Self { socket_ids: ids.map(str::to_owned).collect() }
    }

    /// Writes the `<logout/>`.
    pub fn write(&self, writer: &mut Writer<'_>) {
        writer.element("logout", |w| {
            w.attr("socket_id", &self.socket_ids.join(","));
            w.attr("xmlns", ns::RECEIPTS);
        });
    }
}
