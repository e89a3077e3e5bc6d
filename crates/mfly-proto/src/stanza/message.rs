//! Messages (RFC 6121 §5) and carbons (XEP-0280).

use crate::decode::DecodeError;
use crate::id::StanzaId;
use crate::jid::{BareJid, Jid};
use crate::ns;
use crate::xml::{Element, Writer};

named! {
    /// The `type` of a message.
    #[derive(Default)]
    pub enum MessageKind {
        /// Chat between two users.
        Chat = "chat",
        /// Reports that an earlier message failed.
        Error = "error",
        /// Chat of several participants.
        Groupchat = "groupchat",
        /// A notice that expects no reply.
        Headline = "headline",
        /// Any other message, also when the type is missing or unknown (RFC 6121 §5.2.2).
        #[default]
        Normal = "normal",
    }
}

/// A received message, its content still borrowed.
#[derive(Clone, Debug)]
pub struct Message<'a> {
    /// The `type` attribute.
    pub kind: MessageKind,
    /// The id that the sender gave it.
    pub id: Option<String>,
    /// Address of the sender.
    pub from: Option<Jid>,
    /// Address of the recipient.
    pub to: Option<Jid>,
    element: Element<'a>,
}

impl<'a> Message<'a> {
    /// Reads the envelope.
    ///
    /// # Errors
    /// When an address is malformed.
    pub fn read(element: Element<'a>) -> Result<Self, DecodeError> {
        let kind = element.attr("type").and_then(|kind| MessageKind::from_name(&kind));
        Ok(Self {
            kind: kind.unwrap_or_default(),
            id: element.attr("id").map(std::borrow::Cow::into_owned),
            from: super::address(element, "message", "from")?,
            to: super::address(element, "message", "to")?,
            element,
        })
    }

    /// The whole stanza.
    #[must_use]
    pub const fn element(&self) -> Element<'a> {
        self.element
    }

    /// Text of the `<body/>`, for a message that has one.
    #[must_use]
    pub fn body(&self) -> Option<std::borrow::Cow<'a, str>> {
        self.element.child_named("body").map(|body| body.text())
    }

    /// The copied message, when this is a carbon that the own account's server made.
    ///
    /// Any sender can forge a carbon (CVE-2017-5589); only one from the own bare address is
    /// accepted.
    #[must_use]
    pub fn carbon(&self, own: &BareJid) -> Option<Carbon<'a>> {
        let (sent, wrapper) = if let Some(sent) = self.element.child(ns::CARBONS, "sent") {
            (true, sent)
        } else {
            (false, self.element.child(ns::CARBONS, "received")?)
        };
        let from_own_account = self.from.as_ref().is_some_and(|from| from == &**own);
        if !from_own_account {
            return None;
        }
        let forwarded = wrapper.child(ns::FORWARD, "forwarded")?;
        let message = Self::read(forwarded.child_named("message")?).ok()?;
        Some(Carbon { sent, message })
    }

    /// Whether the message has the form of a carbon, genuine or forged.
    #[must_use]
    pub fn claims_carbon(&self) -> bool {
        self.element.child(ns::CARBONS, "sent").is_some()
            || self.element.child(ns::CARBONS, "received").is_some()
    }
}

/// Writes a one-to-one message with a text (RFC 6121 §5.2).
pub fn write_chat(to: &Jid, id: &StanzaId, body: &str, writer: &mut Writer<'_>) {
    writer.element("message", |w| {
        w.attr("id", id.as_str());
        w.attr("to", to.as_str());
        w.attr("type", "chat");
        w.attr("xmlns", ns::CLIENT);
        w.text_element("body", body);
    });
}

/// A copy of a message that another session of the own account sent or received.
#[derive(Clone, Debug)]
pub struct Carbon<'a> {
    /// Whether the other session sent the message.
    pub sent: bool,
    /// The copied message.
    pub message: Message<'a>,
}
