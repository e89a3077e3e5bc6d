//! Resource binding (RFC 6120 §7).
//!
//! ```xml
//! <iq id="_bind_auth_2" type="set" xmlns="jabber:client"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><resource>Web-…</resource></bind></iq>
//! <iq type="result" id="_bind_auth_2"><bind xmlns="urn:ietf:params:xml:ns:xmpp-bind"><jid>u1@host/Web-…</jid></bind></iq>
//! ```
//! Source: RFC 6120 §7.7; observed: Web SDK 4.25.10. Fixture: `connect/web_sdk`.

use crate::decode::DecodeError;
use crate::jid::FullJid;
use crate::ns;
use crate::stanza::iq::{check, result};
use crate::stanza::{Iq, IqRequest, Reply};
use crate::xml::{Element, Writer};

/// The id that the official SDK always uses for this request.
pub const ID: &str = "_bind_auth_2";

/// Binds a resource; the server chooses one if none is named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bind {
    /// The requested resource.
    pub resource: Option<String>,
}

impl IqRequest for Bind {
    iq_request!(Set "bind" in ns::BIND);
    /// The address that the server gave this session.
    type Response = FullJid;

    fn write(&self, writer: &mut Writer<'_>) {
        writer.element(Self::NAME, |w| {
            w.attr("xmlns", Self::NAMESPACE);
            if let Some(resource) = &self.resource {
                w.text_element("resource", resource);
            }
        });
    }

    fn read(_: &Iq<'_>, payload: Element<'_>) -> Result<Self, DecodeError> {
        check::<Self>(payload)?;
        Ok(Self { resource: payload.child_named("resource").map(|r| r.text().trim().to_owned()) })
    }

    fn write_response(jid: &FullJid, writer: &mut Writer<'_>) {
        writer.element(Self::NAME, |w| {
            w.attr("xmlns", Self::NAMESPACE);
            w.text_element("jid", jid.as_str());
        });
    }

    fn read_response(reply: &Reply<'_>) -> Result<FullJid, DecodeError> {
        let jid = result::<Self>(reply)?
            .child_named("jid")
            .ok_or(DecodeError::MissingChild { element: "bind", child: "jid" })?;
        FullJid::new(jid.text().trim())
            .map_err(|_| DecodeError::InvalidValue { element: "bind", field: "jid" })
    }
}
