//! The time of another entity (XEP-0202).
//!
//! ```xml
//! <iq id to="host" type="get" xmlns="jabber:client"><time xmlns="urn:xmpp:time"/></iq>
//! <iq type="result" id from="host"><time xmlns="urn:xmpp:time"><tzo>-06:00</tzo><utc>2006-12-19T17:58:35Z</utc></time></iq>
//! ```
//! Source: XEP-0202 §3, XEP-0082 §3.2. Fixture: `standard/entity_time/server`.

use crate::date_time::{DateTime, offset_minutes};
use crate::decode::DecodeError;
use crate::jid::Jid;
use crate::ns;
use crate::stanza::iq::result;
use crate::stanza::{IqRequest, Reply};
use crate::xml::Writer;

/// Asks for the time of an entity.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GetEntityTime {
    /// The address to ask, a server or a session; the own server when absent.
    pub to: Option<Jid>,
}

/// The time of an entity, and its time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntityTime {
    /// The current moment.
    pub utc: DateTime,
    /// Offset of local time from UTC in minutes, less than a day.
    pub offset_minutes: i16,
}

impl IqRequest for GetEntityTime {
    iq_request!(Get "time" in ns::TIME);
    addressed!();
    type Response = EntityTime;

    fn write_response(time: &EntityTime, writer: &mut Writer<'_>) {
        writer.element(Self::NAME, |w| {
            w.attr("xmlns", Self::NAMESPACE);
            let sign = if time.offset_minutes < 0 { '-' } else { '+' };
            let offset = time.offset_minutes.unsigned_abs();
            w.text_element("tzo", &format!("{sign}{:02}:{:02}", offset / 60, offset % 60));
            w.text_element("utc", &time.utc.to_string());
        });
    }

    fn read_response(reply: &Reply<'_>) -> Result<EntityTime, DecodeError> {
        let time = result::<Self>(reply)?;
        let child = |child: &'static str| {
            time.child(ns::TIME, child)
                .map(|found| found.text())
                .ok_or(DecodeError::MissingChild { element: Self::NAME, child })
        };
        let invalid = |field| DecodeError::InvalidValue { element: Self::NAME, field };
        let utc = child("utc")?;
        let offset = child("tzo")?;
        Ok(EntityTime {
            utc: utc.parse().map_err(|_| invalid("utc"))?,
            offset_minutes: offset_minutes(offset.trim()).ok_or(invalid("tzo"))?,
        })
    }
}
