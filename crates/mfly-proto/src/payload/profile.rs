//! A user's profile as a vCard.
//!
//! ```xml
//! <iq id type="set" xmlns="jabber:client"><vCard xmlns="vcard-temp"><nickName>…</nickName><image>…</image><thumbImage>…</thumbImage><email>…</email><mobileNumber>…</mobileNumber><status>…</status></vCard></iq>
//! ```
//! Always all six children, in this order; the names are the platform's, not those of XEP-0054.
//! `nickName`, `email` and `mobileNumber` are sealed with [`crate::cipher::ProfileCipher`]; the
//! others are clear.
//!
//! Push, when the own profile or a contact's changed (that servers send it is inferred; the shape
//! is the only one that the official SDK handles): `<iq type="result" from="u2@host" id><vCard
//! xmlns="vcard-temp">…</vCard></iq>`. Native servers of the family also send
//! `<message><profile_update xmlns="urn:xmpp:receipts"/></message>` (inferred).
//!
//! Source: observed: Web SDK 4.25.10. Fixtures: `profile/*`.

use crate::decode::DecodeError;
use crate::jid::{BareJid, Jid};
use crate::ns;
use crate::stanza::iq::check;
use crate::stanza::{Iq, IqRequest, Reply};
use crate::xml::{Element, Writer, is_name};

/// A vCard as on the wire: sealed fields are still sealed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VCard {
    /// The nickname, sealed.
    pub nick_name: String,
    /// Token or URL of the image; empty for none.
    pub image: String,
    /// Token or URL of the small image; empty for none.
    pub thumb_image: String,
    /// E-mail address, sealed.
    pub email: String,
    /// Mobile number, sealed.
    pub mobile_number: String,
    /// Status text, clear.
    pub status: String,
    /// Children that have no field here, name and text, in order.
    pub others: Vec<(String, String)>,
}

impl VCard {
    /// Reads a `<vCard/>` in any namespace: the server family puts it into `vcard-temp` or
    /// `jabber:iq:roster`.
    ///
    /// # Errors
    /// When the element has another name.
    pub fn read(element: Element<'_>) -> Result<Self, DecodeError> {
        if element.name() != "vCard" {
            return Err(DecodeError::UnexpectedElement { expected: "vCard" });
        }
        let mut card = Self::default();
        for child in element.children() {
            let field = match child.name() {
                "nickName" => &mut card.nick_name,
                "image" => &mut card.image,
                "thumbImage" => &mut card.thumb_image,
                "email" => &mut card.email,
                "mobileNumber" => &mut card.mobile_number,
                "status" => &mut card.status,
                other => {
                    card.others.push((other.to_owned(), child.text().into_owned()));
                    continue;
                }
            };
            *field = child.text().into_owned();
        }
        Ok(card)
    }

    /// Writes the `<vCard/>`. Entries of `others` whose name cannot be an element's are left out.
    pub fn write(&self, writer: &mut Writer<'_>) {
        writer.element("vCard", |w| {
            w.attr("xmlns", ns::VCARD);
            w.text_element("nickName", &self.nick_name);
            w.text_element("image", &self.image);
            w.text_element("thumbImage", &self.thumb_image);
            w.text_element("email", &self.email);
            w.text_element("mobileNumber", &self.mobile_number);
            w.text_element("status", &self.status);
            for (name, text) in self.others.iter().filter(|(name, _)| is_name(name)) {
                w.other_element("others", name, |w| w.text(text));
            }
        });
    }

    /// The text of a child that has no field here.
    #[must_use]
    pub fn other(&self, name: &str) -> Option<&str> {
        self.others.iter().find(|(other, _)| other == name).map(|(_, text)| text.as_str())
    }
}

/// Replaces the own profile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SetProfile {
    /// The whole new profile.
    pub card: VCard,
}

impl IqRequest for SetProfile {
    iq_request!(Set "vCard" in ns::VCARD);
    /// The profile as the server stored it, if it echoes it.
    type Response = Option<VCard>;

    fn write(&self, writer: &mut Writer<'_>) {
        self.card.write(writer);
    }

    fn read(_: &Iq<'_>, payload: Element<'_>) -> Result<Self, DecodeError> {
        check::<Self>(payload)?;
        Ok(Self { card: VCard::read(payload)? })
    }

    fn write_response(echo: &Option<VCard>, writer: &mut Writer<'_>) {
        if let Some(card) = echo {
            card.write(writer);
        }
    }

    fn read_response(reply: &Reply<'_>) -> Result<Option<VCard>, DecodeError> {
        reply.payload.map(VCard::read).transpose()
    }
}

/// Asks for a profile over XMPP (XEP-0054 §3.1). The official SDK asks over REST instead.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GetProfile {
    /// The user's address; the own account when absent.
    pub to: Option<Jid>,
}

impl GetProfile {
    /// Asks for the profile of `user`.
    #[must_use]
    pub fn of(user: BareJid) -> Self {
        Self { to: Some(user.into()) }
    }
}

impl IqRequest for GetProfile {
    iq_request!(Get "vCard" in ns::VCARD);
    addressed!();
    type Response = VCard;

    fn write_response(card: &VCard, writer: &mut Writer<'_>) {
        card.write(writer);
    }

    fn read_response(reply: &Reply<'_>) -> Result<VCard, DecodeError> {
        VCard::read(reply.require(Self::NAME)?)
    }
}

/// Push: a profile changed, with the new profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfilePush {
    /// The user whose profile changed.
    pub user: BareJid,
    /// The new profile.
    pub card: VCard,
}

impl ProfilePush {
    /// Reads the push from an `iq` result; `Ok(None)` for any other payload.
    ///
    /// # Errors
    /// When it does not name the user.
    pub fn read(iq: &Iq<'_>) -> Result<Option<Self>, DecodeError> {
        let Some(payload) = iq.payload().filter(|payload| payload.is(ns::VCARD, "vCard")) else {
            return Ok(None);
        };
        let from = iq.from.as_ref().filter(|from| from.local().is_some());
        let from =
            from.ok_or(DecodeError::MissingAttribute { element: "iq", attribute: "from" })?;
        Ok(Some(Self { user: from.bare(), card: VCard::read(payload)? }))
    }
}

/// Push: a profile changed and must be read again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileChanged {
    /// The user whose profile changed.
    pub user: BareJid,
}
