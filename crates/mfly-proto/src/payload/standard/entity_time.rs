//! What time it is elsewhere (XEP-0202).
//!
//! ```xml
//! <iq id to="host" type="get" xmlns="jabber:client"><time xmlns="urn:xmpp:time"/></iq>
//! <iq type="result" id from="host"><time xmlns="urn:xmpp:time"><tzo>-06:00</tzo><utc>2006-12-19T17:58:35Z</utc></time></iq>
//! ```
//! Source: XEP-0202 §3, XEP-0082 §3.2. Fixture: `entity_time/server`.

use crate::date_time::{DateTime, offset_minutes};
use crate::decode::DecodeError;
use crate::jid::Jid;
use crate::ns;
use crate::stanza::{Iq, IqKind, IqRequest, Reply};
use crate::xml::{Element, Writer};

/// Asks what time it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GetEntityTime {
    /// Whom to ask: a server or a session; the own server when absent.
    pub to: Option<Jid>,
}

/// What time it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntityTime {
    /// The moment.
    pub utc: DateTime,
    /// How far local time is ahead of UTC, in minutes; less than a day.
    pub offset_minutes: i16,
}

impl IqRequest for GetEntityTime {
    const KIND: IqKind = IqKind::Get;
    const NAMESPACE: &'static str = ns::TIME;
    const NAME: &'static str = "time";
    type Response = EntityTime;

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
        let time = reply.require(Self::NAME)?;
        super::expect(time, Self::NAMESPACE, Self::NAME)?;
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
