//! Presence: availability and subscriptions (RFC 6121 §4).
//!
//! The official SDK sends `<presence xmlns="jabber:client"><priority>1</priority></presence>` when
//! it comes online and `<presence type="unavailable" xmlns="jabber:client"/>` when it leaves
//! (observed: Web SDK 4.25.10).

use crate::decode::DecodeError;
use crate::jid::Jid;
use crate::lenient::whole_signed;
use crate::ns;
use crate::xml::{Element, Writer};

/// The `type` of a presence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PresenceKind {
    /// No type: the sender is available.
    Available,
    /// The sender is no longer available.
    Unavailable,
    /// Asks to see the recipient's presence.
    Subscribe,
    /// Allows the recipient to see the presence.
    Subscribed,
    /// Gives up seeing the recipient's presence.
    Unsubscribe,
    /// Withdraws the permission to see the presence.
    Unsubscribed,
    /// A server asks for the current presence.
    Probe,
    /// Reports that an earlier presence failed.
    Error,
}

impl PresenceKind {
    /// The value of the attribute; `None` for available.
    #[must_use]
    pub const fn as_str(self) -> Option<&'static str> {
        Some(match self {
            Self::Available => return None,
            Self::Unavailable => "unavailable",
            Self::Subscribe => "subscribe",
            Self::Subscribed => "subscribed",
            Self::Unsubscribe => "unsubscribe",
            Self::Unsubscribed => "unsubscribed",
            Self::Probe => "probe",
            Self::Error => "error",
        })
    }

    fn from_attribute(value: Option<&str>) -> Option<Self> {
        use PresenceKind::*;
        let all = [
            Available,
            Unavailable,
            Subscribe,
            Subscribed,
            Unsubscribe,
            Unsubscribed,
            Probe,
            Error,
        ];
        all.into_iter().find(|kind| kind.as_str() == value)
    }
}

named! {
    /// Degree of availability of an available sender (RFC 6121 §4.7.2.1).
    pub enum Show {
        /// Away for a short time.
        Away = "away",
        /// Interested in chatting.
        Chat = "chat",
        /// Do not disturb.
        DoNotDisturb = "dnd",
        /// Away for a longer time.
        ExtendedAway = "xa",
    }
}

fn priority(text: &str) -> i8 {
    let bounds = i64::from(i8::MIN)..=i64::from(i8::MAX);
    let number = whole_signed(text).unwrap_or_default();
    number.clamp(*bounds.start(), *bounds.end()) as i8
}

/// A presence stanza.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presence {
    /// The `type` attribute.
    pub kind: PresenceKind,
    /// Address of the sender.
    pub from: Option<Jid>,
    /// Address of the recipient.
    pub to: Option<Jid>,
    /// Degree of availability.
    pub show: Option<Show>,
    /// Status text of the sender.
    pub status: Option<String>,
    /// Priority of the resource, -128 to 127.
    pub priority: i8,
}

impl Presence {
    /// A presence of this kind without addresses and content.
    #[must_use]
    pub const fn new(kind: PresenceKind) -> Self {
        Self { kind, from: None, to: None, show: None, status: None, priority: 0 }
    }

    /// Reads a presence. An unknown `<show/>` (RFC 6121) and a priority that is no number are
    /// ignored; a priority out of bounds is clamped.
    ///
    /// # Errors
    /// When the type is not a defined one, or an address is malformed.
    pub fn read(element: Element<'_>) -> Result<Self, DecodeError> {
        let invalid = DecodeError::InvalidValue { element: "presence", field: "type" };
        let mut presence = Self::new(
            PresenceKind::from_attribute(element.attr("type").as_deref()).ok_or(invalid)?,
        );
        presence.from = super::address(element, "presence", "from")?;
        presence.to = super::address(element, "presence", "to")?;
        for child in element.children() {
            match child.name() {
                "show" => presence.show = Show::from_name(child.text().trim()),
                "status" => presence.status = Some(child.text().into_owned()),
                "priority" => presence.priority = priority(&child.text()),
                _ => {}
            }
        }
        Ok(presence)
    }

    /// Writes the presence.
    pub fn write(&self, buffer: &mut Vec<u8>) {
        self.write_to(&mut Writer::new(buffer));
    }

    /// Writes the presence with a writer, which reports texts that XML cannot hold.
    pub fn write_to(&self, writer: &mut Writer<'_>) {
        writer.element("presence", |w| {
            w.attr_opt("from", self.from.as_ref().map(Jid::as_str));
            w.attr_opt("to", self.to.as_ref().map(Jid::as_str));
            w.attr_opt("type", self.kind.as_str());
            w.attr("xmlns", ns::CLIENT);
            if let Some(show) = self.show {
                w.text_element("show", show.as_str());
            }
            if let Some(status) = &self.status {
                w.text_element("status", status);
            }
            if self.priority != 0 {
                w.element("priority", |w| w.text_number(i64::from(self.priority)));
            }
        });
    }
}
