//! Last activity: the time since a user was online (XEP-0012).
//!
//! ```xml
//! <iq id to="u2@host" type="get" xmlns="jabber:client"><query xmlns="jabber:iq:last"/></iq>
//! <iq type="result" id from="u2@host"><query xmlns="jabber:iq:last" seconds="903">status text</query></iq>
//! ```
//! `seconds="0"` means online. Servers also send fractions, white space and negative numbers (a
//! clock that was set back), all of which are read. The error is `forbidden` for a user who may not
//! see it, and `item-not-found` for an unknown user; both are inferred from the server family.
//!
//! Source: XEP-0012 §4; observed: Web SDK 4.25.10. Fixtures: `last_seen/*`.

use crate::decode::DecodeError;
use crate::jid::{BareJid, Jid};
use crate::lenient::whole;
use crate::ns;
use crate::stanza::iq::{check, result};
use crate::stanza::{Iq, IqRequest, Reply};
use crate::xml::{Element, Writer};

/// Asks for a user's last activity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetLastSeen {
    to: Jid,
}

impl GetLastSeen {
    /// Asks about `user`.
    #[must_use]
    pub fn new(user: BareJid) -> Self {
        Self { to: user.into() }
    }
}

/// A user's last activity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastSeen {
    /// The address that answered: that of the user.
    pub from: Option<Jid>,
    /// Seconds since the user was online; 0 while online.
    pub seconds: u64,
    /// The status text at the time of leaving, if the server reports it.
    pub status: Option<String>,
}

impl LastSeen {
    /// Whether the user is online now.
    #[must_use]
    pub const fn is_online(&self) -> bool {
        self.seconds == 0
    }
}

impl IqRequest for GetLastSeen {
    iq_request!(Get "query" in ns::LAST);
    type Response = LastSeen;

    fn to(&self) -> Option<&Jid> {
        Some(&self.to)
    }

    fn read(iq: &Iq<'_>, payload: Element<'_>) -> Result<Self, DecodeError> {
        check::<Self>(payload)?;
        let to = iq.to.clone();
        Ok(Self { to: to.ok_or(DecodeError::MissingAttribute { element: "iq", attribute: "to" })? })
    }

    fn write_response(response: &LastSeen, writer: &mut Writer<'_>) {
        writer.element(Self::NAME, |w| {
            w.attr_number("seconds", response.seconds);
            w.attr("xmlns", Self::NAMESPACE);
            if let Some(status) = &response.status {
                w.text(status);
            }
        });
    }

    fn read_response(reply: &Reply<'_>) -> Result<LastSeen, DecodeError> {
        let query = result::<Self>(reply)?;
        // The official SDK takes a missing value for 0 and passes any other text on. A text that is
        // no number is refused here: read as 0, it would show the user online.
        let seconds = match query.attr("seconds").as_deref().map(str::trim) {
            None | Some("") => 0,
            Some(text) => whole(text)
                .ok_or(DecodeError::InvalidValue { element: "query", field: "seconds" })?,
        };
        let status = query.text();
        Ok(LastSeen {
            from: reply.from.cloned(),
            seconds,
            status: (!status.is_empty()).then(|| status.into_owned()),
        })
    }
}
