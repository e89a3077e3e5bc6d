//! The user's settings on the server: whether archived chats stay archived.
//!
//! ```xml
//! <iq id type="get" xmlns="jabber:client"><query status="user_settings" xmlns="jabber:iq:user_activities"/></iq>
//! <iq type="result" id><query xmlns="jabber:iq:user_activities"><user_settings><archive>1</archive></user_settings></query></iq>
//! <iq id type="set" xmlns="jabber:client"><query archive="1" status="user_settings" xmlns="jabber:iq:user_activities"/></iq>
//! ```
//! Push, when another session changed them: `<message><user_settings archive="1"/></message>`.
//!
//! Source: observed: Web SDK 4.25.10. Fixtures: `settings/*`.

use crate::decode::{DecodeError, require};
use crate::lenient::flag;
use crate::ns;
use crate::stanza::iq::check;
use crate::stanza::{Iq, IqRequest, Reply};
use crate::xml::{Element, Writer};

/// Asks for the settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GetSettings;

/// The settings; `None` for a setting that the server does not report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Whether archived chats stay archived when a message arrives.
    pub archive: Option<bool>,
}

/// Changes the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UpdateSettings {
    /// Whether archived chats stay archived when a message arrives.
    pub archive: bool,
}

impl IqRequest for GetSettings {
    iq_request!(Get "query" in ns::USER_ACTIVITIES, status "user_settings");
    without_fields!();
    type Response = Settings;

    fn write_response(settings: &Settings, writer: &mut Writer<'_>) {
        writer.element(Self::NAME, |w| {
            w.attr("status", "user_settings");
            w.attr("xmlns", Self::NAMESPACE);
            w.element("user_settings", |w| {
                if let Some(archive) = settings.archive {
                    w.text_element("archive", if archive { "1" } else { "0" });
                }
            });
        });
    }

    fn read_response(reply: &Reply<'_>) -> Result<Settings, DecodeError> {
        let archive = reply
            .payload
            .and_then(|payload| payload.itself_or_child("user_settings"))
            .and_then(|settings| settings.child_named("archive"));
        Ok(Settings { archive: archive.map(|archive| flag(&archive.text()) == Some(true)) })
    }
}

impl IqRequest for UpdateSettings {
    iq_request!(Set "query" in ns::USER_ACTIVITIES, status "user_settings");
    empty_result!();

    fn write(&self, writer: &mut Writer<'_>) {
        writer.element(Self::NAME, |w| {
            w.attr("archive", if self.archive { "1" } else { "0" });
            w.attr("status", "user_settings");
            w.attr("xmlns", Self::NAMESPACE);
        });
    }

    fn read(_: &Iq<'_>, payload: Element<'_>) -> Result<Self, DecodeError> {
        check::<Self>(payload)?;
        Ok(Self { archive: read_archive(payload, "query")? })
    }
}

impl Settings {
    /// Reads the push, a message's `<user_settings archive="…"/>`.
    ///
    /// # Errors
    /// When the attribute is missing or neither 0 nor 1.
    pub fn read_push(element: Element<'_>) -> Result<Self, DecodeError> {
        Ok(Self { archive: Some(read_archive(element, "user_settings")?) })
    }

    /// Writes the push, a message's `<user_settings archive="…"/>`.
    pub fn write_push(&self, writer: &mut Writer<'_>) {
        writer.element("user_settings", |w| {
            w.attr("archive", if self.archive == Some(true) { "1" } else { "0" });
        });
    }
}

fn read_archive(element: Element<'_>, name: &'static str) -> Result<bool, DecodeError> {
    flag(&require(element, name, "archive")?)
        .ok_or(DecodeError::InvalidValue { element: name, field: "archive" })
}
