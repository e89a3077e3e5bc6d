//! The contact list of any XMPP server (RFC 6121 §2). The platform's form is in
//! [`crate::payload::friends`].
//!
//! ```xml
//! <iq id type="get" xmlns="jabber:client"><query xmlns="jabber:iq:roster" ver="ver7"/></iq>
//! <iq type="result" id><query xmlns="jabber:iq:roster" ver="ver8"><item jid="u2@host" name="Bobby" subscription="both" approved="true" ask="subscribe"><group>Friends</group></item></query></iq>
//! <iq id type="set" xmlns="jabber:client"><query xmlns="jabber:iq:roster"><item jid="u2@host" name="Bobby"><group>Friends</group></item></query></iq>
//! <iq id type="set" xmlns="jabber:client"><query xmlns="jabber:iq:roster"><item jid="u2@host" subscription="remove"/></query></iq>
//! ```
//! A result without `query` means that the requested version is the latest. Pushes are `iq` sets
//! with one item each; the session accepts them only from the own account.
//!
//! Source: RFC 6121 §2.1 to §2.6. Fixtures: `standard/roster/*`.

use crate::decode::{DecodeError, expect, require};
use crate::jid::Jid;
use crate::lenient::flag;
use crate::listed::Listed;
use crate::ns;
use crate::stanza::iq::check;
use crate::stanza::{Iq, IqRequest, Reply};
use crate::xml::{Element, Writer};
use std::borrow::Cow;

/// Asks for the contact list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GetRoster {
    /// The version that is already known, empty when none is; only for servers that offer versions.
    pub version: Option<String>,
}

/// The contact list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roster {
    /// The list's version, if the server keeps one.
    pub version: Option<String>,
    /// The contacts, in the server's order.
    pub items: Listed<RosterItem>,
}

/// A contact of the contact list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RosterItem {
    /// The address: usually an account, but servers also list domains (gateways) and resources.
    pub jid: Jid,
    /// The name that the own user gave the contact.
    pub name: Option<String>,
    /// The direction in which presence is visible.
    pub subscription: Subscription,
    /// The own request to see the contact's presence is still pending.
    pub is_asking: bool,
    /// A request of the contact to see the own presence is approved in advance.
    pub is_approved: bool,
    /// Groups that the contact is in.
    pub groups: Vec<String>,
}

named! {
    /// The direction in which presence is visible (RFC 6121 §2.1.2.5).
    #[derive(Default)]
    pub enum Subscription {
        /// Neither side sees the other's presence. Also stands for a missing or undefined value,
        /// which RFC 6121 §2.1.2.5 says to ignore.
        #[default]
        None = "none",
        /// The own user sees the contact's presence.
        To = "to",
        /// The contact sees the own user's presence.
        From = "from",
        /// Each side sees the other's presence.
        Both = "both",
        /// The contact is to be removed from the list, or has been removed.
        Remove = "remove",
    }
}

impl RosterItem {
    /// A contact with an address only.
    #[must_use]
    pub fn new(jid: impl Into<Jid>) -> Self {
        Self {
            jid: jid.into(),
            name: None,
            subscription: Subscription::None,
            is_asking: false,
            is_approved: false,
            groups: Vec::new(),
        }
    }

    fn read(element: Element<'_>) -> Result<Self, DecodeError> {
        let jid = require(element, "item", "jid")?;
        let is_true = |value: Cow<'_, str>| flag(&value) == Some(true);
        let group = |child: &Element<'_>| child.is(ns::ROSTER, "group");
        Ok(Self {
            jid: Jid::new(jid.trim())
                .map_err(|_| DecodeError::InvalidValue { element: "item", field: "jid" })?,
            name: element.attr("name").filter(|name| !name.is_empty()).map(Cow::into_owned),
            subscription: element
                .attr("subscription")
                .and_then(|value| Subscription::from_name(value.trim()))
                .unwrap_or_default(),
            is_asking: element.attr("ask").as_deref() == Some("subscribe"),
            is_approved: element.attr("approved").is_some_and(is_true),
            groups: element
                .children()
                .filter(group)
                .map(|group| group.text().into_owned())
                .collect(),
        })
    }

    /// Writes the item. Servers write the subscription `none`, clients leave it out (RFC 6121
    /// §2.1.2.5).
    fn write(&self, writes_none: bool, writer: &mut Writer<'_>) {
        writer.element("item", |w| {
            w.attr("jid", self.jid.as_str());
            w.attr_opt("name", self.name.as_deref());
            if self.subscription != Subscription::None || writes_none {
                w.attr("subscription", self.subscription.as_str());
            }
            if self.is_asking {
                w.attr("ask", "subscribe");
            }
            if self.is_approved {
                w.attr("approved", "true");
            }
            for group in &self.groups {
                w.text_element("group", group);
            }
        });
    }
}

impl Roster {
    fn read(query: Element<'_>) -> Result<Self, DecodeError> {
        expect(query, ns::ROSTER, "query")?;
        let items = Listed::read(items(query), |element| {
            let mut item = RosterItem::read(element)?;
            // Only a push removes a contact (RFC 6121 §2.1.2.5).
            if item.subscription == Subscription::Remove {
                item.subscription = Subscription::None;
            }
            Ok(item)
        });
        Ok(Self { version: query.attr("ver").map(Cow::into_owned), items })
    }

    fn write(&self, writer: &mut Writer<'_>) {
        write_query(self.version.as_deref(), &self.items, true, writer);
    }
}

fn items(query: Element<'_>) -> impl Iterator<Item = Element<'_>> + Clone {
    query.children().filter(|item| item.is(ns::ROSTER, "item"))
}

fn write_query(
    version: Option<&str>,
    items: &[RosterItem],
    writes_none: bool,
    writer: &mut Writer<'_>,
) {
    writer.element("query", |w| {
        w.attr("xmlns", ns::ROSTER);
        w.attr_opt("ver", version);
        for item in items {
            item.write(writes_none, w);
        }
    });
}

impl IqRequest for GetRoster {
    iq_request!(Get "query" in ns::ROSTER);
    /// `None` when the requested version is the latest: later changes arrive as pushes.
    type Response = Option<Roster>;

    fn write(&self, writer: &mut Writer<'_>) {
        write_query(self.version.as_deref(), &[], false, writer);
    }

    fn read(_: &Iq<'_>, payload: Element<'_>) -> Result<Self, DecodeError> {
        check::<Self>(payload)?;
        Ok(Self { version: payload.attr("ver").map(Cow::into_owned) })
    }

    fn write_response(roster: &Option<Roster>, writer: &mut Writer<'_>) {
        if let Some(roster) = roster {
            roster.write(writer);
        }
    }

    fn read_response(reply: &Reply<'_>) -> Result<Option<Roster>, DecodeError> {
        reply.payload.map(Roster::read).transpose()
    }
}

/// Adds, changes or removes a contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetRosterItem {
    /// The contact with its new name and groups. Of the other fields, servers use only
    /// [`Subscription::Remove`].
    pub item: RosterItem,
}

impl SetRosterItem {
    /// Removes a contact; subscriptions end in both directions.
    #[must_use]
    pub fn remove(jid: impl Into<Jid>) -> Self {
        let mut item = RosterItem::new(jid);
        item.subscription = Subscription::Remove;
        Self { item }
    }
}

impl IqRequest for SetRosterItem {
    iq_request!(Set "query" in ns::ROSTER);
    empty_result!();

    fn write(&self, writer: &mut Writer<'_>) {
        write_query(None, std::slice::from_ref(&self.item), false, writer);
    }

    fn read(_: &Iq<'_>, payload: Element<'_>) -> Result<Self, DecodeError> {
        check::<Self>(payload)?;
        let items = Listed::read_all(items(payload), RosterItem::read)?;
        let item = only_item(items)?;
        Ok(Self { item })
    }
}

/// Push: a contact changed. The `iq` set must be answered with an empty result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RosterPush {
    /// The list's version with this change, if the server keeps one.
    pub version: Option<String>,
    /// The contact with its new values.
    pub item: RosterItem,
}

impl RosterPush {
    /// Reads the payload of an `iq` set; `Ok(None)` for any other payload.
    ///
    /// # Errors
    /// When it does not have exactly one readable item.
    pub fn read(payload: Element<'_>) -> Result<Option<Self>, DecodeError> {
        if !payload.is(ns::ROSTER, "query") {
            return Ok(None);
        }
        let listed = Listed::read(items(payload), RosterItem::read);
        if listed.is_empty() && !listed.was_empty() {
            return Err(DecodeError::InvalidValue { element: "item", field: "jid" });
        }
        Ok(Some(Self {
            version: payload.attr("ver").map(Cow::into_owned),
            item: only_item(listed.into_entries())?,
        }))
    }

    /// Writes the payload of the push.
    pub fn write(&self, writer: &mut Writer<'_>) {
        write_query(self.version.as_deref(), std::slice::from_ref(&self.item), true, writer);
    }
}

/// The item of a set or push, which must have exactly one (RFC 6121 §2.1.5).
fn only_item(items: Vec<RosterItem>) -> Result<RosterItem, DecodeError> {
    let mut items = items.into_iter();
    match (items.next(), items.next()) {
        (Some(item), None) => Ok(item),
        (None, _) => Err(DecodeError::MissingChild { element: "query", child: "item" }),
        (Some(_), Some(_)) => Err(DecodeError::InvalidValue { element: "query", field: "item" }),
    }
}
