//! The contact list of any XMPP server (RFC 6121 §2). The platform's own form of it is in
//! `friends`.
//!
//! ```xml
//! <iq id type="get" xmlns="jabber:client"><query xmlns="jabber:iq:roster" ver="ver7"/></iq>
//! <iq type="result" id><query xmlns="jabber:iq:roster" ver="ver8"><item jid="u2@host" name="Bobby" subscription="both" approved="true" ask="subscribe"><group>Friends</group></item></query></iq>
//! <iq id type="set" xmlns="jabber:client"><query xmlns="jabber:iq:roster"><item jid="u2@host" name="Bobby"><group>Friends</group></item></query></iq>
//! <iq id type="set" xmlns="jabber:client"><query xmlns="jabber:iq:roster"><item jid="u2@host" subscription="remove"/></query></iq>
//! ```
//! A result without `query` says that the version asked for is the latest. Pushes are `iq` sets
//! with one item each; only those from the own account count, which the session checks.
//!
//! Source: RFC 6121 §2.1 to §2.6. Fixtures: `roster/*`.

use crate::decode::DecodeError;
use crate::jid::Jid;
use crate::lenient::flag;
use crate::listed::Listed;
use crate::ns;
use crate::stanza::{Iq, IqKind, IqRequest, Reply};
use crate::xml::{Element, Writer};
use std::borrow::Cow;

/// Asks for the contact list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GetRoster {
    /// The version that is known already, only for servers that offer versions; empty when none is
    /// known yet.
    pub version: Option<String>,
}

/// The contact list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roster {
    /// Its version, if the server keeps one.
    pub version: Option<String>,
    /// The contacts, in the server's order.
    pub items: Listed<RosterItem>,
}

/// One contact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RosterItem {
    /// Who: most often an account, but servers also list domains (gateways) and single sessions.
    pub jid: Jid,
    /// The name that the own user gave them.
    pub name: Option<String>,
    /// Who sees whose presence.
    pub subscription: Subscription,
    /// The own request to see the contact's presence is not answered yet.
    pub is_asking: bool,
    /// The contact may see the own presence as soon as they ask.
    pub is_approved: bool,
    /// Groups that the contact is in.
    pub groups: Vec<String>,
}

/// Who sees whose presence (RFC 6121 §2.1.2.5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Subscription {
    /// Nobody; also when the server does not say, or something that is not defined (RFC 6121
    /// §2.1.2.5: it is ignored).
    #[default]
    None,
    /// The own user sees the contact's.
    To,
    /// The contact sees the own user's.
    From,
    /// Each sees the other's.
    Both,
    /// The contact is to be taken off the list, or has been.
    Remove,
}

impl Subscription {
    /// The attribute's value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::To => "to",
            Self::From => "from",
            Self::Both => "both",
            Self::Remove => "remove",
        }
    }

    fn read(value: Option<&str>) -> Self {
        match value.map(str::trim) {
            Some("to") => Self::To,
            Some("from") => Self::From,
            Some("both") => Self::Both,
            Some("remove") => Self::Remove,
            _ => Self::None,
        }
    }
}

impl RosterItem {
    /// A contact without anything but an address.
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
        let jid = super::require(element, "item", "jid")?;
        let is_true = |value: Cow<'_, str>| flag(&value) == Some(true);
        let group = |child: &Element<'_>| child.is(ns::ROSTER, "group");
        Ok(Self {
            jid: Jid::new(jid.trim())
                .map_err(|_| DecodeError::InvalidValue { element: "item", field: "jid" })?,
            name: element.attr("name").filter(|name| !name.is_empty()).map(Cow::into_owned),
            subscription: Subscription::read(element.attr("subscription").as_deref()),
            is_asking: element.attr("ask").as_deref() == Some("subscribe"),
            is_approved: element.attr("approved").is_some_and(is_true),
            groups: element
                .children()
                .filter(group)
                .map(|group| group.text().into_owned())
                .collect(),
        })
    }

    /// Writes the item; servers say `none` where clients say nothing (RFC 6121 §2.1.2.5).
    fn write(&self, says_none: bool, writer: &mut Writer<'_>) {
        writer.element("item", |w| {
            w.attr("jid", self.jid.as_str());
            w.attr_opt("name", self.name.as_deref());
            if self.subscription != Subscription::None || says_none {
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
        super::expect(query, ns::ROSTER, "query")?;
        let items = Listed::read(items(query), |element| {
            let mut item = RosterItem::read(element)?;
            // Only a push takes a contact off the list (RFC 6121 §2.1.2.5).
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
    says_none: bool,
    writer: &mut Writer<'_>,
) {
    writer.element("query", |w| {
        w.attr("xmlns", ns::ROSTER);
        w.attr_opt("ver", version);
        for item in items {
            item.write(says_none, w);
        }
    });
}

impl IqRequest for GetRoster {
    const KIND: IqKind = IqKind::Get;
    const NAMESPACE: &'static str = ns::ROSTER;
    const NAME: &'static str = "query";
    /// None when the version asked for is the latest: what changed since comes in pushes.
    type Response = Option<Roster>;

    fn write(&self, writer: &mut Writer<'_>) {
        write_query(self.version.as_deref(), &[], false, writer);
    }

    fn read(_: &Iq<'_>, payload: Element<'_>) -> Result<Self, DecodeError> {
        super::expect(payload, Self::NAMESPACE, Self::NAME)?;
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

/// Adds a contact, changes one, or takes one off the list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetRosterItem {
    /// The contact: name and groups as they should be. Of the rest, servers heed only
    /// [`Subscription::Remove`].
    pub item: RosterItem,
}

impl SetRosterItem {
    /// Takes a contact off the list; subscriptions end in both directions.
    #[must_use]
    pub fn remove(jid: impl Into<Jid>) -> Self {
        let mut item = RosterItem::new(jid);
        item.subscription = Subscription::Remove;
        Self { item }
    }
}

impl IqRequest for SetRosterItem {
    const KIND: IqKind = IqKind::Set;
    const NAMESPACE: &'static str = ns::ROSTER;
    const NAME: &'static str = "query";
    type Response = ();

    fn write(&self, writer: &mut Writer<'_>) {
        write_query(None, std::slice::from_ref(&self.item), false, writer);
    }

    fn read(_: &Iq<'_>, payload: Element<'_>) -> Result<Self, DecodeError> {
        super::expect(payload, Self::NAMESPACE, Self::NAME)?;
        let items = Listed::read_all(items(payload), RosterItem::read)?;
        let item = only_item(items)?;
        Ok(Self { item })
    }

    fn write_response((): &(), _: &mut Writer<'_>) {}

    fn read_response(_: &Reply<'_>) -> Result<(), DecodeError> {
        Ok(())
    }
}

/// A contact changed: the `iq` set must be answered with an empty result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RosterPush {
    /// The list's version with this change, if the server keeps one.
    pub version: Option<String>,
    /// The contact as it is now.
    pub item: RosterItem,
}

impl RosterPush {
    /// Reads the payload of an `iq` set; `Ok(None)` when it is something else.
    ///
    /// # Errors
    /// When it has not exactly one item that can be read.
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

/// Sets and pushes have one item, no more and no fewer (RFC 6121 §2.1.5).
fn only_item(items: Vec<RosterItem>) -> Result<RosterItem, DecodeError> {
    let mut items = items.into_iter();
    match (items.next(), items.next()) {
        (Some(item), None) => Ok(item),
        (None, _) => Err(DecodeError::MissingChild { element: "query", child: "item" }),
        (Some(_), Some(_)) => Err(DecodeError::InvalidValue { element: "query", field: "item" }),
    }
}
