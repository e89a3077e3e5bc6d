//! A user's vCard on any XMPP server (XEP-0054). The platform's profile, which is also sent as a
//! `vCard`, is in [`crate::payload::profile`].
//!
//! ```xml
//! <iq id to="u2@host" type="get" xmlns="jabber:client"><vCard xmlns="vcard-temp"/></iq>
//! <iq type="result" id from="u2@host"><vCard xmlns="vcard-temp"><FN>Bob Builder</FN><N><FAMILY>Builder</FAMILY><GIVEN>Bob</GIVEN></N>
//!   <NICKNAME>Bobby</NICKNAME><PHOTO><TYPE>image/png</TYPE><BINVAL>base64</BINVAL></PHOTO><BDAY>1970-01-31</BDAY>
//!   <TEL><HOME/><VOICE/><NUMBER>+1 555 0102</NUMBER></TEL><EMAIL><INTERNET/><USERID>bob@example.test</USERID></EMAIL>
//!   <JABBERID>u2@host</JABBERID><TITLE>…</TITLE><ORG><ORGNAME>…</ORGNAME><ORGUNIT>…</ORGUNIT></ORG><URL>…</URL><DESC>…</DESC></vCard></iq>
//! <iq id type="set" xmlns="jabber:client"><vCard xmlns="vcard-temp">…</vCard></iq>
//! ```
//! A card is always set as a whole. Content that has no field here is kept and written again, so
//! that changing one field does not lose the others.
//!
//! Source: XEP-0054 §3. Fixtures: `standard/profile/*`.

mod contact;
mod photo;

pub use contact::{Email, Name, Organization, Telephone};
pub use photo::Photo;

use crate::decode::{DecodeError, expect};
use crate::jid::{BareJid, Jid};
use crate::ns;
use crate::stanza::{Iq, IqRequest, Reply};
use crate::xml::{Document, Element, Writer};

/// A vCard. An empty text means that the field is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VCard {
    /// `FN`: the full name for display.
    pub full_name: String,
    /// `N`: the parts of the name.
    pub name: Name,
    /// `NICKNAME`: a nickname.
    pub nickname: String,
    /// `PHOTO`: a picture.
    pub photo: Option<Photo>,
    /// `BDAY`: the date of birth as the user wrote it.
    pub birthday: String,
    /// `TEL`: telephone numbers.
    pub telephones: Vec<Telephone>,
    /// `EMAIL`: e-mail addresses.
    pub emails: Vec<Email>,
    /// `JABBERID`: an XMPP address as the user wrote it.
    pub jabber_id: String,
    /// `TITLE`: a job title.
    pub title: String,
    /// `ORG`: the organization and its units.
    pub organization: Organization,
    /// `URL`: a web page.
    pub url: String,
    /// `DESC`: a free description.
    pub description: String,
    /// Children that have no field here, in order. Also a second child where a field holds only
    /// one, and a photo that cannot be read.
    pub others: Vec<Document>,
}

impl VCard {
    /// Reads a `<vCard/>`.
    ///
    /// # Errors
    /// When the element has another name or namespace.
    pub fn read(element: Element<'_>) -> Result<Self, DecodeError> {
        expect(element, ns::VCARD, "vCard")?;
        let mut card = Self::default();
        for child in element.children() {
            if !(child.ns() == ns::VCARD && card.take(child)) {
                card.others.push(child.to_document());
            }
        }
        Ok(card)
    }

    /// Reads a child into its field; `false` when there is no field for it or the field is taken.
    fn take(&mut self, child: Element<'_>) -> bool {
        let field = match child.name() {
            "FN" => &mut self.full_name,
            "NICKNAME" => &mut self.nickname,
            "BDAY" => &mut self.birthday,
            "JABBERID" => &mut self.jabber_id,
            "TITLE" => &mut self.title,
            "URL" => &mut self.url,
            "DESC" => &mut self.description,
            "N" if self.name == Name::default() => {
                self.name = Name::read(child);
                return true;
            }
            "ORG" if self.organization == Organization::default() => {
                self.organization = Organization::read(child);
                return true;
            }
            "PHOTO" if self.photo.is_none() => {
                self.photo = Photo::read(child);
                return self.photo.is_some();
            }
            "TEL" => {
                self.telephones.push(Telephone::read(child));
                return true;
            }
            "EMAIL" => {
                self.emails.push(Email::read(child));
                return true;
            }
            _ => return false,
        };
        if !field.is_empty() {
            return false;
        }
        *field = child.text().into_owned();
        true
    }

    /// Writes the `<vCard/>`.
    pub fn write(&self, writer: &mut Writer<'_>) {
        writer.element("vCard", |w| {
            w.attr("xmlns", ns::VCARD);
            write_text(w, "FN", &self.full_name);
            self.name.write(w);
            write_text(w, "NICKNAME", &self.nickname);
            if let Some(photo) = &self.photo {
                photo.write(w);
            }
            write_text(w, "BDAY", &self.birthday);
            for telephone in &self.telephones {
                telephone.write(w);
            }
            for email in &self.emails {
                email.write(w);
            }
            write_text(w, "JABBERID", &self.jabber_id);
            write_text(w, "TITLE", &self.title);
            self.organization.write(w);
            write_text(w, "URL", &self.url);
            write_text(w, "DESC", &self.description);
            for other in &self.others {
                other.root().write_to(w);
            }
        });
    }
}

/// Text of a child; empty when there is no such child.
fn text(element: Element<'_>, child: &str) -> String {
    element.child(ns::VCARD, child).map(|child| child.text().into_owned()).unwrap_or_default()
}

fn write_text(writer: &mut Writer<'_>, name: &'static str, text: &str) {
    if !text.is_empty() {
        writer.text_element(name, text);
    }
}

/// Asks for the vCard of a user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GetVCard {
    /// The user's address; the own account when absent.
    pub to: Option<Jid>,
}

impl GetVCard {
    /// Asks for the vCard of `user`.
    #[must_use]
    pub fn of(user: BareJid) -> Self {
        Self { to: Some(user.into()) }
    }
}

impl IqRequest for GetVCard {
    iq_request!(Get "vCard" in ns::VCARD);
    addressed!();
    /// An empty card when the user has not set one: servers then answer with an empty element or
    /// none, or with the error `item-not-found`.
    type Response = VCard;

    fn write_response(card: &VCard, writer: &mut Writer<'_>) {
        card.write(writer);
    }

    fn read_response(reply: &Reply<'_>) -> Result<VCard, DecodeError> {
        reply.payload.map(VCard::read).transpose().map(Option::unwrap_or_default)
    }
}

/// Replaces the own vCard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SetVCard {
    /// The whole new card.
    pub card: VCard,
}

impl IqRequest for SetVCard {
    iq_request!(Set "vCard" in ns::VCARD);
    empty_result!();

    fn write(&self, writer: &mut Writer<'_>) {
        self.card.write(writer);
    }

    fn read(_: &Iq<'_>, payload: Element<'_>) -> Result<Self, DecodeError> {
        Ok(Self { card: VCard::read(payload)? })
    }
}
