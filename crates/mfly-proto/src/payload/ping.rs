//! Ping: a request that only shows that the other side is alive (XEP-0199).
//!
//! ```xml
//! <iq from="host" to="u1@host/Web-1" id="p1" type="get"><ping xmlns="urn:xmpp:ping"/></iq>
//! <iq from="u1@host/Web-1" id="p1" to="host" type="result" xmlns="jabber:client"/>
//! ```
//! Source: XEP-0199 §4; observed: Web SDK 4.25.10. Fixture: `ping/server`.

use crate::jid::Jid;
use crate::ns;
use crate::stanza::IqRequest;

/// Asks the other side for an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ping {
    /// The address to ask; the own server when absent.
    pub to: Option<Jid>,
}

impl IqRequest for Ping {
    iq_request!(Get "ping" in ns::PING);
    addressed!();
    empty_result!();
}
