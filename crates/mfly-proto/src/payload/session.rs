//! Session establishment (RFC 3921 §3), sent only when the server offers it.
//!
//! `<iq id="_session_auth_2" type="set" xmlns="jabber:client"><session
//! xmlns="urn:ietf:params:xml:ns:xmpp-session"/></iq>`
//!
//! Source: RFC 3921 §3; observed: Web SDK 4.25.10. Fixture: `connect/web_sdk`.

use crate::ns;
use crate::stanza::IqRequest;

/// The id that the official SDK always uses for this request.
pub const ID: &str = "_session_auth_2";

/// Establishes the session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EstablishSession;

impl IqRequest for EstablishSession {
    iq_request!(Set "session" in ns::SESSION);
    without_fields!();
    empty_result!();
}
